// What the page says when something happened that its look alone does not tell.
import type { Failure } from "./api";
import type { Intent } from "./task-state";

export interface Message {
  text: string;
  tone: "calm" | "alarm";
  action?: { label: string; run: () => void; keys?: string };
}

const titleShownMax = 60;

export function quoted(title: string): string {
  const points = [...title];
  return `“${points.length > titleShownMax ? `${points.slice(0, titleShownMax - 1).join("")}…` : title}”`;
}

const verbs: Record<Intent["kind"], string> = {
  create: "added",
  edit: "saved",
  complete: "changed",
  delete: "deleted",
};

export function failureText(intent: Intent, title: string, failure: Failure): string {
  const what = `${quoted(title)} was not ${verbs[intent.kind]}`;
  switch (failure.kind) {
    case "gone":
      return `${quoted(title)} no longer exists. It was deleted elsewhere.`;
    case "uncertain":
      return `${quoted(title)} may not have been ${verbs[intent.kind]}. The server did not answer.`;
    case "refused":
      return `${what}. ${failure.detail}`;
    default:
      return `${what}. The server cannot be reached.`;
  }
}

export const severalText = (count: number) =>
  `${count} changes were not saved. The server cannot be reached.`;

/** Why the list could not be loaded, and what that means. */
export function loadFailureText(failure: Failure): string {
  if (failure.kind === "refused") return failure.detail;
  return "The server cannot be reached right now. Nothing is lost.";
}
