import assert from "node:assert/strict";
import test from "node:test";
import { attemptsMax, retryAfterMs, retrying, waitMs, waitingMaxMs, type Attempt } from "../src/client/retry";

/** A clock that a sleep moves on. */
function virtual() {
  const waits: number[] = [];
  let time = 0;
  const sleep = async (ms: number) => void (waits.push(ms), (time += ms));
  return { waits, clock: { now: () => time, random: () => 0, sleep } };
}

const fails = async (): Promise<Attempt<string>> => ({ again: "failed", retryAfter: null });

test("waits double, and no wait is shorter than Retry-After asks", () => {
  assert.deepEqual(
    [1, 2, 3].map((attempt) => waitMs(attempt, null, 0)),
    [250, 500, 1000],
  );
  assert.equal(waitMs(1, 2_000, 0), 2_000);
  assert.equal(waitMs(20, null, 0), 5_000);
});

test("Retry-After is seconds or a date, and bounded", () => {
  assert.equal(retryAfterMs("3", 0), 3_000);
  assert.equal(retryAfterMs("99999", 0), 15_000);
  assert.equal(retryAfterMs("Thu, 01 Jan 1970 00:00:05 GMT", 2_000), 3_000);
  assert.equal(retryAfterMs("soon", 0), null);
  assert.equal(retryAfterMs(null, 0), null);
});

test("attempts end with the first that is done", async () => {
  const { clock, waits } = virtual();
  let calls = 0;
  const attempt = async () => (++calls < 3 ? await fails() : { done: "fine" });
  assert.equal(await retrying(attempt, clock, () => {}), "fine");
  assert.equal(calls, 3);
  assert.deepEqual(waits, [250, 500]);
});

test("attempts are bounded in number and in time", async () => {
  let calls = 0;
  const { clock } = virtual();
  assert.equal(
    await retrying(
      () => (calls++, fails()),
      clock,
      () => {},
    ),
    "failed",
  );
  assert.equal(calls, attemptsMax);

  const slow = virtual();
  calls = 0;
  const asking = async (): Promise<Attempt<string>> => (calls++, { again: "failed", retryAfter: "12" });
  await retrying(asking, slow.clock, () => {});
  assert.equal(calls, 3);
  assert.ok(slow.clock.now() <= waitingMaxMs);
});
