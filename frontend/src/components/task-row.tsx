"use client";

import { memo, useRef, useState } from "react";
import type { Item } from "@/client/task-state";
import type { TaskStore } from "@/client/task-store";
import { Bin, Pencil } from "./icons";
import { LocalTime } from "./local-time";
import { TaskEditor } from "./task-editor";

interface Props {
  item: Item;
  store: TaskStore | null;
  onRemove: (item: Item, row: Element | null) => void;
}

function Row({ item, store, onRemove }: Props) {
  const [editing, setEditing] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);

  function close(change?: { title: string; description: string | null }) {
    setEditing(false);
    if (change) store?.edit(item.key, change.title, change.description);
    requestAnimationFrame(() => edit.current?.focus());
  }

  if (editing) {
    return (
      <li className="task editing">
        <TaskEditor item={item} onClose={close} />
      </li>
    );
  }
  return (
    <li className="task" data-completed={item.completed || undefined}>
      <input
        type="checkbox"
        aria-label={item.title}
        checked={item.completed}
        onChange={(event) => store?.complete(item.key, event.target.checked)}
      />
      {/* A click on the text is a short cut for the Edit button, which is there for everyone else. */}
      <div className="task-text" onClick={() => getSelection()?.isCollapsed !== false && setEditing(true)}>
        <p className="task-title">{item.title}</p>
        {item.description && <p className="task-description">{item.description}</p>}
      </div>
      <p className="task-time">
        <LocalTime at={item.createdAt} form="moment" />
      </p>
      <div className="task-actions">
        <button
          ref={edit}
          type="button"
          aria-label={`Edit ${item.title}`}
          title="Edit"
          onClick={() => setEditing(true)}
        >
          <Pencil />
        </button>
        <button
          type="button"
          aria-label={`Delete ${item.title}`}
          title="Delete"
          onClick={(event) => onRemove(item, event.currentTarget.closest("li"))}
        >
          <Bin />
        </button>
      </div>
    </li>
  );
}

const shown = (item: Item) =>
  [item.key, item.title, item.description, item.completed, item.createdAt].join("\0");

/** A row is made again only when something of its task has changed. */
export const TaskRow = memo(Row, (before, after) => {
  return before.store === after.store && shown(before.item) === shown(after.item);
});
