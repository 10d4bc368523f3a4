// When a request is repeated, and how long to wait before. Everything this app sends can be repeated: reads, DELETE
// and PUT by their nature, POST and PATCH by their Idempotency-Key.

export const attemptsMax = 8;
export const waitingMaxMs = 30_000;
const firstWaitMs = 250;
const waitMaxMs = 5_000;
const retryAfterMaxMs = 15_000;

/** Answers that another attempt may mend: too many requests, a restart behind the server, an unknown outcome. */
export function isPassing(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/** The milliseconds that a Retry-After header asks for: seconds, or a date. Null when it says nothing usable. */
export function retryAfterMs(header: string | null, now: number): number | null {
  if (!header) return null;
  if (/^\d+$/.test(header)) return Math.min(Number(header) * 1_000, retryAfterMaxMs);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.min(Math.max(at - now, 0), retryAfterMaxMs);
}

/** What to wait after `attempt` (1, 2, …): doubled each time, and spread so that clients do not meet. */
export function waitMs(attempt: number, asked: number | null, random: number): number {
  const backoff = Math.min(firstWaitMs * 2 ** (attempt - 1), waitMaxMs);
  return Math.max(asked ?? 0, backoff) + backoff * 0.25 * random;
}

export interface Clock {
  now(): number;
  random(): number;
  sleep(ms: number): Promise<void>;
}

/** One attempt's end: a value to keep, or a reason to try again. */
export type Attempt<T> = { done: T } | { again: T; retryAfter: string | null };

/** Tries until an attempt is done or the bounds are reached; then the last one's value. `onWait` hears of each wait. */
export async function retrying<T>(
  attempt: () => Promise<Attempt<T>>,
  clock: Clock,
  onWait: () => void,
): Promise<T> {
  const begun = clock.now();
  for (let number = 1; ; number++) {
    const outcome = await attempt();
    if ("done" in outcome) return outcome.done;
    const wait = waitMs(number, retryAfterMs(outcome.retryAfter, clock.now()), clock.random());
    if (number === attemptsMax || clock.now() + wait - begun > waitingMaxMs) return outcome.again;
    onWait();
    await clock.sleep(wait);
  }
}
