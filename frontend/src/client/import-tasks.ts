// Making the tasks of a file, one after the other, so that they keep their order.
import type { Api, Failure } from "./api";
import type { Incoming, Refusal } from "./exchange";
import { descriptionMistake, titleMistake } from "./rules";

export interface Progress {
  made: number;
  refused: Refusal[];
  /** Why it ended before all were sent; null: it did not. */
  stopped: string | null;
}

const passing: Record<Exclude<Failure["kind"], "refused" | "gone">, string> = {
  ended: "You have been signed out.",
  changed: "Another account has signed in with this browser.",
  unreachable: "The server cannot be reached.",
  uncertain: "The server did not answer, so the last task may have been added.",
};

/** Creates what can be created, and tells after each how far it is. `signal` stops it between two tasks. */
export async function importTasks(
  api: Api,
  tasks: Incoming[],
  refusedBefore: Refusal[],
  signal: AbortSignal,
  tell: (progress: Progress) => void,
): Promise<Progress> {
  const progress: Progress = { made: 0, refused: [...refusedBefore], stopped: null };
  for (const task of tasks) {
    if (signal.aborted) progress.stopped = "You stopped it.";
    else await importOne(api, task, progress);
    tell({ ...progress });
    if (progress.stopped !== null) break;
  }
  progress.refused.sort((one, other) => one.number - other.number);
  return progress;
}

async function importOne(api: Api, task: Incoming, progress: Progress): Promise<void> {
  const refuse = (why: string) => void progress.refused.push({ number: task.number, title: task.title, why });
  const wrong = titleMistake(task.title) ?? descriptionMistake(task.description ?? "");
  if (wrong) return refuse(wrong);
  const created = await api.create(crypto.randomUUID(), task.title.trim(), task.description);
  if (!created.ok) {
    const { failure } = created;
    if (failure.kind === "refused") return refuse(failure.detail);
    if (failure.kind !== "gone") progress.stopped = passing[failure.kind];
    return;
  }
  progress.made++;
  if (!task.completed) return;
  const done = await api.complete(crypto.randomUUID(), created.data.id, true);
  if (!done.ok) refuse("It was added, but could not be marked as completed.");
}
