// Calls of Tasklane's API, by its contract: with a token, repeated while what is wrong may pass, and with each end of a
// call as a value. Never sends credentials of the page: the API knows bearer tokens alone.
import createClient from "openapi-fetch";
import type { components, paths } from "@/api/schema";
import { isPassing, retrying, waitMs, type Attempt, type Clock } from "./retry";
import { AccountChanged, SessionEnded, TokenSource } from "./token";

type Task = components["schemas"]["Task"];
type Problem = components["schemas"]["Problem"];

/** Why a call came to nothing, as far as the page acts on it. */
export type Failure =
  | { kind: "ended" } // the session
  | { kind: "changed" } // the account
  | { kind: "gone" } // the task
  | { kind: "unreachable" } // nothing was changed, as far as is known
  | { kind: "uncertain" } // it may have been carried out
  | { kind: "refused"; detail: string; requestId: string | null };

export type Result<T> = { ok: true; data: T } | { ok: false; failure: Failure };

interface Answer<T> {
  data?: T;
  error?: Problem;
  response: Response;
}

const requestTimeoutMs = 15_000; // nginx gives up after 10 s

const clock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** The token endpoint did not answer as it should; another attempt may help. */
class NoToken extends Error {
  constructor(readonly retryAfter: string | null) {
    super();
  }
}

async function askForToken(): Promise<string> {
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const response = await fetch("/api/auth/token", { cache: "no-store", signal });
  if (response.status === 401) throw new SessionEnded();
  if (!response.ok)
    throw new NoToken(response.headers.get("Retry-After") ?? response.headers.get("X-Retry-After"));
  return ((await response.json()) as { token: string }).token;
}

/** Resolves at once while there is a network, otherwise when it is back. */
function online(): Promise<void> {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve) => addEventListener("online", () => resolve(), { once: true }));
}

function failure(response: Response, problem: Problem | undefined): Failure {
  if (response.status === 404) return { kind: "gone" };
  if (isPassing(response.status)) {
    return { kind: problem?.error_type === "outcome_unknown" ? "uncertain" : "unreachable" };
  }
  const detail = problem?.detail ?? `The server answered with status ${response.status}.`;
  return { kind: "refused", detail, requestId: response.headers.get("X-Request-Id") };
}

export class Api {
  private readonly tokens: TokenSource;
  private readonly client;

  /** `onWait` hears of every wait for another attempt. */
  constructor(
    apiOrigin: string,
    subject: string,
    firstToken: string | null,
    private readonly onWait: () => void,
  ) {
    this.tokens = new TokenSource(askForToken, subject, clock.now, firstToken);
    // Answers say themselves that they must not be stored. Asked for here, it would turn off the cache of preflights.
    this.client = createClient<paths>({ baseUrl: apiOrigin || location.origin, credentials: "omit" });
  }

  list(): Promise<Result<Task[]>> {
    return this.call((more) => this.client.GET("/api/tasks", more));
  }

  create(intent: string, title: string, description: string | null): Promise<Result<Task>> {
    return this.call(
      (more) => this.client.POST("/api/tasks", { body: { title, description }, ...more }),
      intent,
    );
  }

  edit(id: number, title: string, description: string | null): Promise<Result<Task>> {
    const params = { path: { id } };
    return this.call((more) =>
      this.client.PUT("/api/tasks/{id}", { params, body: { title, description }, ...more }),
    );
  }

  complete(intent: string, id: number, completed: boolean): Promise<Result<Task>> {
    const params = { path: { id } };
    const body = { completed }; // set, not toggled: an attempt more changes nothing
    return this.call(
      (more) => this.client.PATCH("/api/tasks/{id}/complete", { params, body, ...more }),
      intent,
    );
  }

  remove(id: number): Promise<Result<undefined>> {
    return this.call<undefined>((more) =>
      this.client.DELETE("/api/tasks/{id}", { params: { path: { id } }, ...more }),
    );
  }

  /** Every task: what a step leaves over, the next attempt deletes. */
  removeAll(): Promise<Result<unknown>> {
    const params = { query: { status: "all" as const } };
    return this.call((more) => this.client.DELETE("/api/tasks", { params, ...more }));
  }

  /** Deletes while the page is being left, with no one to hear of the outcome. False: it could not be sent. */
  removeOnLeaving(id: number): boolean {
    const token = this.tokens.current();
    if (!token) return false;
    const headers = { Authorization: `Bearer ${token}` };
    void this.client
      .DELETE("/api/tasks/{id}", { params: { path: { id } }, headers, keepalive: true })
      .catch(() => {});
    return true;
  }

  /**
   * Waits for a deletion that was sent at `sentAt` and whose answer nobody hears: whether the task is gone. Past
   * requestTimeoutMs that request has come to its end, and sending another cannot meet it.
   */
  async isGone(id: number, sentAt: number): Promise<boolean> {
    const until = sentAt + requestTimeoutMs;
    for (let attempt = 1; clock.now() < until; attempt++) {
      await clock.sleep(Math.min(waitMs(attempt, null, 0), until - clock.now()));
      const list = await this.list();
      if (list.ok && list.data.every((each) => each.id !== id)) return true;
    }
    return false;
  }

  private async call<T>(send: (more: Sent) => Promise<Answer<T>>, intent?: string): Promise<Result<T>> {
    const renewed = { yet: false };
    return retrying(() => this.attempt(send, intent, renewed), clock, this.onWait);
  }

  private async attempt<T>(
    send: (more: Sent) => Promise<Answer<T>>,
    intent: string | undefined,
    renewed: { yet: boolean },
  ): Promise<Attempt<Result<T>>> {
    await online();
    let sent = false;
    try {
      const token = await this.tokens.get();
      const headers: Record<string, string> = { Authorization: `Bearer ${token}` };
      if (intent) headers["Idempotency-Key"] = intent;
      sent = true;
      const { data, error, response } = await send({
        headers,
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      if (response.ok) return { done: { ok: true, data: data as T } };
      if (response.status === 401 && !renewed.yet) {
        renewed.yet = true;
        this.tokens.refuse(token);
        return await this.attempt(send, intent, renewed);
      }
      const failed: Result<T> = { ok: false, failure: failure(response, error) };
      if (!isPassing(response.status)) return { done: failed };
      return { again: failed, retryAfter: response.headers.get("Retry-After") };
    } catch (error) {
      if (error instanceof SessionEnded) return { done: { ok: false, failure: { kind: "ended" } } };
      if (error instanceof AccountChanged) return { done: { ok: false, failure: { kind: "changed" } } };
      const retryAfter = error instanceof NoToken ? error.retryAfter : null;
      return { again: { ok: false, failure: { kind: sent ? "uncertain" : "unreachable" } }, retryAfter };
    }
  }
}

type Sent = { headers: Record<string, string>; signal: AbortSignal };
