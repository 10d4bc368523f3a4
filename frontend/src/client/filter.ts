// Which tasks are shown; also the query of the page's address.
export const filters = ["all", "active", "completed"] as const;

export type Filter = (typeof filters)[number];

export function asFilter(value: string | string[] | undefined): Filter {
  return filters.find((each) => each === value) ?? "all";
}

export function passes(filter: Filter, item: { completed: boolean }): boolean {
  return filter === "all" || item.completed === (filter === "completed");
}
