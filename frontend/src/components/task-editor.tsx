"use client";

import { useId, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { descriptionMistake, titleMistake } from "@/client/rules";
import type { Item } from "@/client/task-state";

interface Props {
  item: Item;
  /** Without a change when there is none, or it was given up. */
  onClose: (change?: { title: string; description: string | null }) => void;
}

export function TaskEditor({ item, onClose }: Props) {
  const [title, setTitle] = useState(item.title);
  const [description, setDescription] = useState(item.description ?? "");
  const [mistake, setMistake] = useState<string | null>(null);
  const mistakeId = useId();
  const field = useRef<HTMLInputElement>(null);

  function submit(event?: FormEvent) {
    event?.preventDefault();
    const wrong = titleMistake(title) ?? descriptionMistake(description);
    setMistake(wrong);
    if (wrong) return field.current?.focus();
    const change = { title: title.trim(), description: description || null };
    const same = change.title === item.title && (change.description ?? "") === (item.description ?? "");
    onClose(same ? undefined : change);
  }

  function keys(event: KeyboardEvent) {
    if (event.key === "Escape") onClose();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
  }

  return (
    <form className="task-editor" aria-label={`Edit ${item.title}`} onSubmit={submit} onKeyDown={keys}>
      <label>
        Title
        <input
          ref={field}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          autoFocus
          autoComplete="off"
          aria-invalid={mistake !== null}
          aria-describedby={mistakeId}
        />
      </label>
      <label>
        Description
        <textarea rows={3} value={description} onChange={(event) => setDescription(event.target.value)} />
      </label>
      <p className="form-error" id={mistakeId} role="alert">
        {mistake}
      </p>
      <div className="row">
        <button className="button" type="submit">
          Save
        </button>
        <button className="button quiet" type="button" onClick={() => onClose()}>
          Cancel
        </button>
      </div>
    </form>
  );
}
