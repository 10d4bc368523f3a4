import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { TaskStore } from "../src/client/task-store";

const user = "ada";
const undoPassedMs = 20_000;
const claims = { sub: user, iat: 1_000_000, exp: 1_000_900 };
const token = `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
const milk = { id: 7, user_id: user, title: "Milk", description: null, completed: false };
const times = { created_at: "2026-01-01T00:00:00Z", updated_at: "2026-01-01T00:00:00Z" };

/** A tab: what its pages keep, what they send, and an API that holds deletions up until it is told to go on. */
function tab(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000_000 });
  const kept = new Map<string, string>();
  const state = { deletions: 0, waiting: [] as (() => void)[], there: true, statuses: [] as number[] };
  const fetched = (request: Request): Promise<Response> => {
    if (request.method === "GET") return Promise.resolve(Response.json(state.there ? [{ ...milk, ...times }] : []));
    state.deletions++;
    return new Promise((resolve) =>
      state.waiting.push(() => {
        const status = state.there ? 204 : 404;
        state.there = false;
        state.statuses.push(status);
        resolve(new Response(status === 204 ? null : "{}", { status }));
      }),
    );
  };
  const storage = {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => void kept.set(name, value),
    removeItem: (name: string) => void kept.delete(name),
  };
  const globals = { fetch: fetched, sessionStorage: storage, location: { origin: "https://page.invalid" } };
  for (const [name, value] of Object.entries({ ...globals, navigator: { onLine: true } }))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  const settled = async () => {
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    state,
    settled,
    async later(ms: number) {
      for (let past = 0; past < ms; past += 100) {
        t.mock.timers.tick(100);
        await settled();
      }
    },
    async open() {
      const store = new TaskStore("", user, token, () => {});
      store.load();
      store.resume();
      await settled();
      return store;
    },
  };
}

const titles = (store: TaskStore) => store.current().items.map((each) => each.title);

test("a deletion that is on its way when the page is left is not sent by the next page as well", async (t) => {
  const { state, settled, open, later } = tab(t);
  const page = await open();
  page.remove(page.current().items[0]!);
  page.leaving();
  const next = await open();
  await later(1_000);
  assert.equal(state.deletions, 1);
  assert.deepEqual(titles(next), [], "what was deleted does not come back meanwhile");
  state.waiting.forEach((go) => go());
  await settled();
  await later(30_000);
  assert.deepEqual(state.statuses, [204]);
  assert.deepEqual(titles(next), []);
  assert.equal(next.unsaved, false);
});

test("a deletion that was under way when the page is left is not sent by the next page as well", async (t) => {
  const { state, settled, open, later } = tab(t);
  const page = await open();
  page.remove(page.current().items[0]!);
  page.dismiss();
  await settled();
  assert.equal(state.deletions, 1);
  page.leaving();
  await open();
  await later(1_000);
  assert.equal(state.deletions, 1);
});

test("a page that was left and kept by the browser sends its deletion no second time", async (t) => {
  const { state, open, later } = tab(t);
  const page = await open();
  page.remove(page.current().items[0]!);
  page.leaving();
  await later(undoPassedMs);
  assert.equal(state.deletions, 1);
});

test("a deletion that was lost on the way is sent by the next page, once it can meet the first no more", async (t) => {
  const { state, settled, open, later } = tab(t);
  const page = await open();
  page.remove(page.current().items[0]!);
  page.leaving();
  state.waiting.length = 0; // lost
  const next = await open();
  await later(30_000);
  assert.equal(state.deletions, 2);
  state.waiting.forEach((go) => go());
  await settled();
  assert.deepEqual(state.statuses, [204]);
  assert.deepEqual(titles(next), []);
});
