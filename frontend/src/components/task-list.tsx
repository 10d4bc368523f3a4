"use client";

import type { Filter } from "@/client/filter";
import type { Item, State } from "@/client/task-state";
import type { TaskStore } from "@/client/task-store";
import { TaskRow } from "./task-row";

interface Props {
  phase: State["phase"];
  trouble: string | null;
  filter: Filter;
  items: Item[];
  /** How many there are when nothing is filtered. */
  total: number;
  store: TaskStore | null;
  focusNewTask: () => void;
}

const emptyTexts: Record<Filter, [string, string]> = {
  all: ["Nothing to do yet", "Add your first task above."],
  active: ["All done", "Every task is completed."],
  completed: ["Nothing completed yet", "Tick a task off and it shows up here."],
};

export function TaskList({ phase, trouble, filter, items, total, store, focusNewTask }: Props) {
  if (phase === "failed" && total === 0) {
    return (
      <div className="card blank" role="alert">
        <h2>Your tasks could not be loaded</h2>
        <p>{trouble}</p>
        <button className="button" type="button" onClick={() => store?.load()}>
          Try again
        </button>
      </div>
    );
  }
  if (phase === "loading" && total === 0) return <Loading />;
  if (items.length === 0) {
    const [title, text] = emptyTexts[total === 0 ? "all" : filter];
    return (
      <div className="card blank">
        <h2>{title}</h2>
        <p>{text}</p>
      </div>
    );
  }

  /** Whoever deleted a task by keyboard goes on from the next one. */
  function remove(item: Item, row: Element | null) {
    const next = (row?.nextElementSibling ?? row?.previousElementSibling)?.querySelector("input");
    if (next) next.focus();
    else focusNewTask();
    store?.remove(item);
  }

  return (
    <ul className="card tasks" aria-label="Tasks">
      {items.map((item) => (
        <TaskRow key={item.key} item={item} store={store} onRemove={remove} />
      ))}
    </ul>
  );
}

function Loading() {
  return (
    <div className="card tasks skeleton" role="status">
      <span className="hidden">Loading tasks…</span>
      {[62, 44, 71, 38].map((width) => (
        <div key={width} className="task">
          <i className="dot" />
          <svg className="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={width} height="8" rx="1" />
          </svg>
        </div>
      ))}
    </div>
  );
}
