import assert from "node:assert/strict";
import test from "node:test";
import { empty, reduce, visible, type Event, type Intent, type Task } from "../src/client/task-state";

function task(id: number, title: string, completed = false): Task {
  const at = "2026-11-21T10:00:00.000000Z";
  return { id, user_id: "ada", title, description: null, completed, created_at: at, updated_at: at };
}

const play = (...events: Event[]) => events.reduce(reduce, empty);
const titles = (state: ReturnType<typeof play>) => visible(state).map((each) => each.title);
const loaded: Event = { type: "loaded", tasks: [task(2, "two"), task(1, "one")] };
const made: Intent = { kind: "create", intent: "i", key: "i", title: "three", description: null, at: "" };
const edit: Intent = { kind: "edit", intent: "e", key: "1", title: "uno", description: null };
const remove: Intent = { kind: "delete", intent: "d", key: "2" };

test("what the user does shows at once", () => {
  const complete: Intent = { kind: "complete", intent: "c", key: "2", completed: true };
  const state = play(
    loaded,
    ...[made, edit, complete].map((intent): Event => ({ type: "intended", intent })),
  );
  assert.deepEqual(titles(state), ["three", "two", "uno"]);
  assert.equal(visible(state)[1]?.completed, true);
});

test("what fails is as if it had not been done, and the rest stays", () => {
  const state = play(loaded, { type: "intended", intent: edit }, { type: "intended", intent: remove });
  assert.deepEqual(titles(state), ["uno"]);
  assert.deepEqual(titles(reduce(state, { type: "failed", intent: remove })), ["two", "uno"]);
  assert.deepEqual(titles(reduce(state, { type: "failed", intent: edit })), ["one"]);
});

test("a new task keeps its key when it gets its id, and through the next load", () => {
  let state = play(
    loaded,
    { type: "intended", intent: made },
    { type: "confirmed", intent: made, task: task(3, "three") },
  );
  state = reduce(state, { type: "loaded", tasks: [task(3, "three"), task(2, "two"), task(1, "one")] });
  assert.deepEqual(
    visible(state).map((each) => each.key),
    ["i", "2", "1"],
  );
  assert.equal(visible(state)[0]?.id, 3);
});

test("a task that could not be made takes along what was done to it", () => {
  const complete: Intent = { kind: "complete", intent: "c", key: "i", completed: true };
  const state = play(loaded, { type: "intended", intent: made }, { type: "intended", intent: complete });
  assert.deepEqual(reduce(state, { type: "failed", intent: made }).intents, []);
});

test("a task that was loaded before its creation was confirmed is there once", () => {
  const state = play(
    { type: "intended", intent: made },
    { type: "loaded", tasks: [task(3, "three")] },
    { type: "confirmed", intent: made, task: task(3, "three") },
  );
  assert.deepEqual(titles(state), ["three"]);
});

test("a confirmed deletion stays, and a task that is gone takes along all that was to be done with it", () => {
  const state = play(
    loaded,
    { type: "intended", intent: remove },
    { type: "confirmed", intent: remove, task: null },
  );
  assert.deepEqual(titles(state), ["one"]);
  const gone = reduce(reduce(state, { type: "intended", intent: edit }), { type: "gone", key: "1" });
  assert.deepEqual(gone.intents, []);
  assert.deepEqual(titles(gone), []);
});
