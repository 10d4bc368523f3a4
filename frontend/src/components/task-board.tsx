"use client";

import { useEffect, useRef, useState } from "react";
import { passes, type Filter } from "@/client/filter";
import { FilterBar } from "./filter-bar";
import { Messages } from "./messages";
import { NewTask } from "./new-task";
import { TaskList } from "./task-list";
import { useTasks } from "./tasks-provider";

export function TaskBoard({ initialFilter }: { initialFilter: Filter }) {
  const [store, { phase, items, message, trouble, struggling }] = useTasks();
  const [filter, setFilter] = useState(initialFilter);
  const [announced, announce] = useState("");
  const title = useRef<HTMLInputElement>(null);
  const active = items.filter((item) => !item.completed).length;
  const counts = { all: items.length, active, completed: items.length - active };
  const known = phase === "ready" || items.length > 0;

  function choose(next: Filter) {
    setFilter(next);
    history.replaceState(null, "", next === "all" ? "/tasks" : `/tasks?status=${next}`);
  }

  useEffect(() => {
    const undo = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof HTMLElement && event.target.matches("input:not([type=checkbox]), textarea");
      if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !typing) store?.undo();
    };
    addEventListener("keydown", undo);
    return () => removeEventListener("keydown", undo);
  }, [store]);

  return (
    <main id="main" className="page">
      <div className="page-head">
        <h1>Tasks</h1>
        <FilterBar filter={filter} counts={known ? counts : null} onChoose={choose} />
      </div>
      <NewTask
        ref={title}
        onCreate={(text, description) => {
          store?.create(text, description);
          if (filter === "completed") choose("all");
          announce(`Added ${text}`);
        }}
        ready={store !== null}
      />
      <TaskList
        phase={phase}
        trouble={trouble}
        filter={filter}
        items={items.filter((item) => passes(filter, item))}
        total={items.length}
        store={store}
        focusNewTask={() => title.current?.focus()}
      />
      <p className="hidden" aria-live="polite">
        {announced}
      </p>
      <Messages store={store} message={message} struggling={struggling} />
    </main>
  );
}
