// What the user did and the API has not confirmed, across a reload or a new sign-in in the same tab. Sending it again
// is safe: each intent keeps its Idempotency-Key.
import type { Intent } from "./task-state";

const name = "tasklane.unsent";
const ageMaxMs = 3_600_000; // later it might undo what was done elsewhere

interface Unsent {
  user: string;
  at: number;
  intents: Intent[];
}

/** Keeps the intents; a task that the API knows goes by its id, which is its key on the next page. */
export function keep(
  storage: Storage,
  user: string,
  intents: Intent[],
  idOf: (key: string) => number | null,
): void {
  const lasting = intents.map((each) => ({ ...each, key: String(idOf(each.key) ?? each.key) }));
  const unsent: Unsent = { user, at: Date.now(), intents: lasting };
  if (intents.length > 0) storage.setItem(name, JSON.stringify(unsent));
  else storage.removeItem(name);
}

/** Takes out what was kept, if it is this user's. */
export function take(storage: Storage, user: string): Intent[] {
  const text = storage.getItem(name);
  if (text === null) return [];
  storage.removeItem(name);
  const unsent = JSON.parse(text) as Unsent;
  return unsent.user === user && Date.now() - unsent.at < ageMaxMs ? unsent.intents : [];
}

export function drop(storage: Storage): void {
  storage.removeItem(name);
}
