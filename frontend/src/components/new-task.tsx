"use client";

import { useState, type KeyboardEvent, type Ref, type SyntheticEvent } from "react";
import { descriptionMistake, titleMistake } from "@/client/rules";
import { Plus } from "./icons";

interface Props {
  ref: Ref<HTMLInputElement>;
  ready: boolean;
  onCreate: (title: string, description: string | null) => void;
}

export function NewTask({ ref, ready, onCreate }: Props) {
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [detailed, setDetailed] = useState(false);
  const [mistake, setMistake] = useState<string | null>(null);

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    const wrong = titleMistake(title) ?? descriptionMistake(description);
    setMistake(wrong);
    if (wrong || !ready) return;
    onCreate(title.trim(), description || null);
    setTitle("");
    setDescription("");
    setDetailed(false);
  }

  /** Enter makes a new line in the description; with Control or Command it adds the task from there, too. */
  function keys(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  }

  return (
    <form className="card new-task" aria-label="New task" onSubmit={submit} onKeyDown={keys}>
      <div className="new-task-line">
        <Plus />
        <input
          ref={ref}
          aria-label="New task"
          placeholder="What needs doing?"
          value={title}
          onChange={(event) => {
            setTitle(event.target.value);
            setMistake(null);
          }}
          aria-invalid={mistake !== null}
          aria-describedby={mistake ? "new-task-mistake" : undefined}
          enterKeyHint="done"
          autoComplete="off"
        />
        <button className="button" type="submit" disabled={!ready}>
          Add<span className="hidden"> task</span>
        </button>
      </div>
      {detailed && (
        <textarea
          aria-label="Description"
          placeholder="Description"
          rows={3}
          autoFocus
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
      )}
      {!detailed && title !== "" && (
        <button className="link" type="button" onClick={() => setDetailed(true)}>
          Add a description
        </button>
      )}
      <p className="form-error" id="new-task-mistake" role="alert">
        {mistake}
      </p>
    </form>
  );
}
