"use client";

import { useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import { useHydrated } from "./hydrated";

interface Props {
  label: string;
  action: string;
  tone?: "alarm";
  children: ReactNode;
  /** Null when it worked, otherwise what to tell. */
  onSubmit: (fields: Record<string, string>) => Promise<string | null>;
  onCancel?: () => void;
}

/** A form that is sent by the page's code, tells what is wrong, and keeps what was typed until it worked. */
export function FieldsForm({ label, action, tone, children, onSubmit, onCancel }: Props) {
  const hydrated = useHydrated();
  const [busy, setBusy] = useState(false);
  const [mistake, setMistake] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const id = useId();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    setMistake(null);
    const wrong = await onSubmit(
      Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>,
    );
    setBusy(false);
    setMistake(wrong);
    if (wrong) form.current?.querySelector("input")?.focus();
  }

  return (
    <form
      ref={form}
      className="fields"
      method="post"
      aria-label={label}
      aria-describedby={id}
      onSubmit={submit}
    >
      {children}
      <p className="form-error" id={id} role="alert">
        {mistake}
      </p>
      <div className="row">
        <button
          className={tone === "alarm" ? "button alarm" : "button"}
          type="submit"
          disabled={!hydrated || busy}
        >
          {action}
        </button>
        {onCancel && (
          <button className="button quiet" type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}
