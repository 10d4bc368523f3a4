// The task list of one user in one page: what the user does shows at once, goes to the API in order, and is undone with
// a message when it fails. A store as React's useSyncExternalStore wants it.
import { Api, type Failure, type Result } from "./api";
import { failureText, loadFailureText, quoted, severalText, type Message } from "./messages";
import { drop, keep, take } from "./unsent";
import {
  empty,
  reduce,
  visible,
  type Event,
  type Intent,
  type Item,
  type State,
  type Task,
} from "./task-state";

export interface Snapshot {
  phase: State["phase"];
  items: Item[];
  message: Message | null;
  /** Why the list could not be loaded; null when it could. */
  trouble: string | null;
  /** Something has been tried again for a while. */
  struggling: boolean;
}

const undoMs = 8_000;
const strugglingAfterMs = 3_000;
const refreshAfterMs = 30_000;

export class TaskStore {
  private state = empty;
  private snapshot: Snapshot = {
    phase: "loading",
    items: [],
    message: null,
    trouble: null,
    struggling: false,
  };
  private readonly listeners = new Set<() => void>();
  private readonly api: Api;
  /** The last thing under way for each item: what follows waits for it. */
  private readonly lanes = new Map<string, Promise<void>>();
  /** The last creation under way: they go out one by one, since the API orders tasks by when they were made. */
  private creations: Promise<void> = Promise.resolve();
  private loaded: Promise<void> = Promise.resolve();
  private loadedAt = 0;
  private underway = 0;
  private waitingSince: number | null = null;
  /** A deletion that can still be taken back. */
  private held: { intent: Intent; timer: ReturnType<typeof setTimeout> } | null = null;

  /** The deletions that have been sent, by their intents. */
  private readonly deleting = new Set<string>();
  private left = false;
  /** What failed and can be tried again, as long as the message about it is shown. */
  private lost: Intent[] = [];

  /** `onLeave` is told when this page cannot go on: its session has ended, or it is another account's now. */
  constructor(
    apiOrigin: string,
    private readonly user: string,
    firstToken: string | null,
    private readonly onLeave: (failure: Failure) => void,
  ) {
    this.api = new Api(apiOrigin, user, firstToken, () => this.waited());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): Snapshot => this.snapshot;

  /** Whether leaving the page now would lose something. */
  get unsaved(): boolean {
    return this.underway > 0 && !this.left;
  }

  readonly load = (): void => {
    this.dispatch({ type: "loading" });
    this.loaded = this.fetchList(true);
  };

  /** Goes on with what an earlier page of this tab could not send. */
  resume(): void {
    for (const intent of take(sessionStorage, this.user)) this.intend(intent);
  }

  /** Looks for what other devices have changed, quietly, unless it was looked at just now or something is under way. */
  readonly refresh = (): void => {
    const due = Date.now() - this.loadedAt > refreshAfterMs;
    if (due && this.state.phase === "ready" && this.state.intents.length === 0) void this.fetchList(false);
  };

  create(title: string, description: string | null): void {
    const intent = crypto.randomUUID();
    this.intend({ kind: "create", intent, key: intent, title, description, at: new Date().toISOString() });
  }

  edit(key: string, title: string, description: string | null): void {
    this.intend({ kind: "edit", intent: crypto.randomUUID(), key, title, description });
  }

  complete(key: string, completed: boolean): void {
    this.intend({ kind: "complete", intent: crypto.randomUUID(), key, completed });
  }

  /** Takes the item off the list; the API hears of it once there is no way back. */
  remove(item: Item): void {
    this.settleHeld();
    const intent: Intent = { kind: "delete", intent: crypto.randomUUID(), key: item.key };
    this.dispatch({ type: "intended", intent });
    this.held = { intent, timer: setTimeout(() => this.settleHeld(), undoMs) };
    const action = { label: "Undo", run: this.undo, keys: "Control+Z" };
    this.say({ text: `Deleted ${quoted(item.title)}`, tone: "calm", action });
  }

  readonly undo = (): void => {
    if (!this.held) return;
    clearTimeout(this.held.timer);
    this.dispatch({ type: "failed", intent: this.held.intent });
    this.held = null;
    this.say(null);
  };

  /** While someone's pointer or focus is on the message, there is time to take a deletion back. */
  readonly holdUndo = (hold: boolean): void => {
    if (!this.held) return;
    clearTimeout(this.held.timer);
    if (!hold) this.held.timer = setTimeout(() => this.settleHeld(), undoMs);
  };

  readonly dismiss = (): void => {
    this.settleHeld();
    this.say(null);
  };

  /**
   * The page is being left: a deletion that waits for an undo is sent now, and what is under way is kept. The next
   * page must not send a deletion again while the first is on its way: it would be told that there is no such task.
   */
  readonly leaving = (): void => {
    if (this.left) return;
    this.left = true;
    if (this.held) {
      const { intent, timer } = this.held;
      clearTimeout(timer); // it would fire in a page that the browser keeps and brings back
      const id = this.idOf(intent.key);
      if (id !== null && this.api.removeOnLeaving(id)) this.deleting.add(intent.intent);
    }
    const sentAt = Date.now();
    const intents = this.state.intents.map((each) =>
      each.kind === "delete" && this.deleting.has(each.intent) ? { ...each, sentAt } : each,
    );
    keep(sessionStorage, this.user, intents, (key) => this.idOf(key));
  };

  /** The account is gone: nothing of it is sent any more, nor kept in this tab. */
  forget(): void {
    this.left = true;
    if (this.held) clearTimeout(this.held.timer);
    drop(sessionStorage);
  }

  private leave(failure: Failure): void {
    if (this.left) return;
    keep(sessionStorage, this.user, this.state.intents, (key) => this.idOf(key));
    this.left = true;
    this.onLeave(failure);
  }

  private settleHeld(): void {
    if (!this.held) return;
    const { intent, timer } = this.held;
    clearTimeout(timer);
    this.held = null;
    if (this.snapshot.message?.action?.label === "Undo") this.say(null);
    this.enqueue(intent);
  }

  private intend(intent: Intent): void {
    this.dispatch({ type: "intended", intent });
    this.enqueue(intent);
  }

  private enqueue(intent: Intent): void {
    const own = this.lanes.get(intent.key) ?? this.loaded;
    const before = intent.kind === "create" ? Promise.all([own, this.creations]) : own;
    this.underway++;
    const lane = before
      .then(() => this.carryOut(intent))
      .finally(() => {
        this.underway--;
        if (this.underway === 0) this.calm();
        if (this.lanes.get(intent.key) === lane) this.lanes.delete(intent.key);
      });
    this.lanes.set(intent.key, lane);
    if (intent.kind === "create") this.creations = lane;
  }

  private async carryOut(intent: Intent): Promise<void> {
    if (!this.state.intents.includes(intent)) return; // what it was about is gone
    const overtaken = this.state.intents.some(
      (each) =>
        intent.kind === "complete" && each.kind === "complete" && each.key === intent.key && each !== intent,
    );
    if (overtaken) return this.dispatch({ type: "failed", intent });
    const result = await this.send(intent);
    if (result.ok) return this.dispatch({ type: "confirmed", intent, task: result.data ?? null });
    this.failed(intent, result.failure);
  }

  private async send(intent: Intent): Promise<Result<Task | undefined>> {
    if (intent.kind === "create") return this.api.create(intent.intent, intent.title, intent.description);
    const id = this.idOf(intent.key);
    if (id === null)
      return { ok: false, failure: { kind: this.state.phase === "ready" ? "gone" : "unreachable" } };
    switch (intent.kind) {
      case "edit":
        return this.api.edit(id, intent.title, intent.description);
      case "complete":
        return this.api.complete(intent.intent, id, intent.completed);
      case "delete":
        if (intent.sentAt !== undefined && (await this.api.isGone(id, intent.sentAt)))
          return { ok: true, data: undefined };
        this.deleting.add(intent.intent);
        return this.api.remove(id);
    }
  }

  private failed(intent: Intent, failure: Failure): void {
    if (failure.kind === "gone" && intent.kind === "delete") {
      return this.dispatch({ type: "confirmed", intent, task: null }); // as wished, if by someone else
    }
    if (failure.kind === "ended" || failure.kind === "changed") return this.leave(failure);
    const title = this.titleOf(intent);
    const passing = failure.kind === "unreachable" || failure.kind === "uncertain";
    const doomed = this.doomed(intent, passing);
    if (failure.kind === "gone") this.dispatch({ type: "gone", key: intent.key });
    for (const each of doomed) this.dispatch({ type: "failed", intent: each });
    const text = failureText(intent, title, failure);
    if (!passing) return this.say({ text, tone: "alarm" });
    this.lost.push(...doomed);
    const action = { label: "Try again", run: () => this.again() };
    this.say({ text: this.lost.length === 1 ? text : severalText(this.lost.length), tone: "alarm", action });
  }

  /** What fails along with an intent: what was done to a task that is not made, and creations that wait behind it. */
  private doomed(intent: Intent, passing: boolean): Intent[] {
    if (intent.kind !== "create") return [intent];
    const creations = this.state.intents.filter(
      (each) => each.kind === "create" && (passing || each === intent),
    );
    const keys = new Set(creations.map((each) => each.key));
    return this.state.intents.filter((each) => keys.has(each.key));
  }

  /** Tries once more what could not be sent, in the order it was done. */
  private again(): void {
    const { lost } = this;
    this.say(null);
    for (const intent of lost) this.intend(intent);
  }

  private async fetchList(wanted: boolean): Promise<void> {
    const result = await this.api.list();
    this.calm();
    if (result.ok) {
      if (!wanted && this.state.intents.length > 0) return; // overtaken by what the user does
      this.loadedAt = Date.now();
      this.dispatch({ type: "loaded", tasks: result.data });
    } else if (result.failure.kind === "ended" || result.failure.kind === "changed") {
      this.leave(result.failure);
    } else if (wanted) {
      this.publish({ trouble: loadFailureText(result.failure) });
      this.dispatch({ type: "load failed" });
    }
  }

  private idOf(key: string): number | null {
    return this.state.confirmed.find((each) => each.key === key)?.id ?? null;
  }

  private titleOf(intent: Intent): string {
    if (intent.kind === "create" || intent.kind === "edit") return intent.title;
    return this.state.confirmed.find((each) => each.key === intent.key)?.title ?? "the task";
  }

  private waited(): void {
    this.waitingSince ??= Date.now();
    if (Date.now() - this.waitingSince > strugglingAfterMs && !this.snapshot.struggling)
      this.publish({ struggling: true });
  }

  private calm(): void {
    this.waitingSince = null;
    if (this.snapshot.struggling) this.publish({ struggling: false });
  }

  private say(message: Message | null): void {
    if (!message?.action || message.action.label === "Undo") this.lost = [];
    this.publish({ message });
  }

  private dispatch(event: Event): void {
    this.state = reduce(this.state, event);
    this.publish({ phase: this.state.phase, items: visible(this.state) });
  }

  private publish(change: Partial<Snapshot>): void {
    this.snapshot = { ...this.snapshot, ...change };
    for (const listener of this.listeners) listener();
  }
}
