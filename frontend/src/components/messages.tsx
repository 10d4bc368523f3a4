"use client";

import { useSyncExternalStore } from "react";
import type { Message } from "@/client/messages";
import type { TaskStore } from "@/client/task-store";
import { Cross } from "./icons";

interface Props {
  store: TaskStore | null;
  message: Message | null;
  struggling: boolean;
}

function watchNetwork(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

/** One message at a time, and never in the way: offline, trouble with the server, or what became of something done. */
export function Messages({ store, message, struggling }: Props) {
  const online = useSyncExternalStore(
    watchNetwork,
    () => navigator.onLine,
    () => true,
  );
  const state = !online
    ? "You are offline. What you change is sent when you are back."
    : struggling
      ? "The server is slow to answer. Still trying…"
      : null;
  const text = message?.text ?? state;
  return (
    <div className="toast" data-tone={message?.tone ?? "calm"} data-empty={text === null || undefined}>
      <p role="status">{text}</p>
      {message && (
        <div
          className="row"
          onPointerEnter={() => store?.holdUndo(true)}
          onPointerLeave={() => store?.holdUndo(false)}
          onFocus={() => store?.holdUndo(true)}
          onBlur={() => store?.holdUndo(false)}
        >
          {message.action && (
            <button type="button" onClick={message.action.run} aria-keyshortcuts={message.action.keys}>
              {message.action.label}
            </button>
          )}
          <button type="button" aria-label="Dismiss" onClick={() => store?.dismiss()}>
            <Cross />
          </button>
        </div>
      )}
    </div>
  );
}
