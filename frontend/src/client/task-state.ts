// The task list as a pure function: what the API has confirmed, and what the user has done since. What is shown is the
// first with the second applied, so a change that fails is undone by forgetting it.
import type { components } from "@/api/schema";

export type Task = components["schemas"]["Task"];

/** A task on the page. `key` stays the same from before the API has given an id until after. */
export interface Item {
  key: string;
  id: number | null;
  title: string;
  description: string | null;
  completed: boolean;
  createdAt: string;
}

interface Change {
  /** Unique for what the user did once: the Idempotency-Key of all its attempts. */
  intent: string;
  /** The item it is about. */
  key: string;
}

export type Intent =
  | (Change & { kind: "create"; title: string; description: string | null; at: string })
  | (Change & { kind: "edit"; title: string; description: string | null })
  | (Change & { kind: "complete"; completed: boolean })
  /** `sentAt`: when an earlier page of this tab, on being left, sent it without hearing of the outcome. */
  | (Change & { kind: "delete"; sentAt?: number });

export interface State {
  phase: "loading" | "ready" | "failed";
  confirmed: Item[];
  /** Oldest first. */
  intents: Intent[];
}

export const empty: State = { phase: "loading", confirmed: [], intents: [] };

export type Event =
  | { type: "loading" }
  | { type: "loaded"; tasks: Task[] }
  | { type: "load failed" }
  | { type: "intended"; intent: Intent }
  | { type: "confirmed"; intent: Intent; task: Task | null }
  | { type: "failed"; intent: Intent }
  | { type: "gone"; key: string };

function item(task: Task, key: string): Item {
  const { id, title, description, completed, created_at: createdAt } = task;
  return { key, id, title, description, completed, createdAt };
}

function apply(items: Item[], intent: Intent): Item[] {
  switch (intent.kind) {
    case "create": {
      const { key, title, description, at } = intent;
      return [{ key, id: null, title, description, completed: false, createdAt: at }, ...items];
    }
    case "edit": {
      const { title, description } = intent;
      return items.map((each) => (each.key === intent.key ? { ...each, title, description } : each));
    }
    case "complete":
      return items.map((each) => (each.key === intent.key ? { ...each, completed: intent.completed } : each));
    case "delete":
      return items.filter((each) => each.key !== intent.key);
  }
}

/** What the page shows. */
export function visible(state: State): Item[] {
  return state.intents.reduce(apply, state.confirmed);
}

/** The confirmed items once the API has carried out an intent and answered with `task`. */
function carriedOut(confirmed: Item[], intent: Intent, task: Task | null): Item[] {
  if (intent.kind === "delete") return confirmed.filter((each) => each.key !== intent.key);
  if (!task) return confirmed;
  const made = item(task, intent.key);
  const same = (each: Item) => each.key === made.key || each.id === made.id;
  const place = confirmed.findIndex(same);
  if (place < 0) return [made, ...confirmed];
  return confirmed.flatMap((each, index) => (index === place ? [made] : same(each) ? [] : [each]));
}

export function reduce(state: State, event: Event): State {
  const without = (intent: Intent) => state.intents.filter((each) => each.intent !== intent.intent);
  switch (event.type) {
    case "loading":
      return { ...state, phase: "loading" };
    case "loaded": {
      const keys = new Map(state.confirmed.map((each) => [each.id, each.key]));
      const confirmed = event.tasks.map((task) => item(task, keys.get(task.id) ?? String(task.id)));
      return { ...state, phase: "ready", confirmed };
    }
    case "load failed":
      return { ...state, phase: "failed" };
    case "intended":
      return { ...state, intents: [...state.intents, event.intent] };
    case "confirmed": {
      const confirmed = carriedOut(state.confirmed, event.intent, event.task);
      return { ...state, confirmed, intents: without(event.intent) };
    }
    case "failed":
      // A task that could not be made takes along what was done to it meanwhile.
      if (event.intent.kind !== "create") return { ...state, intents: without(event.intent) };
      return { ...state, intents: state.intents.filter((each) => each.key !== event.intent.key) };
    case "gone": {
      const other = (each: { key: string }) => each.key !== event.key;
      return { ...state, confirmed: state.confirmed.filter(other), intents: state.intents.filter(other) };
    }
  }
}
