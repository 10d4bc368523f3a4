"use client";

import { filters, type Filter } from "@/client/filter";

const names: Record<Filter, string> = { all: "All", active: "Active", completed: "Completed" };

interface Props {
  filter: Filter;
  counts: Record<Filter, number> | null;
  onChoose: (filter: Filter) => void;
}

export function FilterBar({ filter, counts, onChoose }: Props) {
  return (
    <div className="filters" role="group" aria-label="Show">
      {filters.map((each) => (
        <button key={each} type="button" aria-pressed={each === filter} onClick={() => onChoose(each)}>
          {names[each]} <span className="count">{counts?.[each]}</span>
        </button>
      ))}
    </div>
  );
}
