// Waiting for a condition, never for a time.
import { setTimeout as pause } from "node:timers/promises";

const deadlineMs = 20_000;
const everyMs = 50;

/** The first true value of `condition`; rejects with `what` when none has come by the deadline. */
export async function until(what, condition) {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs / 1000} s in vain: ${what}`);
    await pause(everyMs);
  }
}
