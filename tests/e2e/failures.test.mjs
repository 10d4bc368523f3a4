import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const problem = (status, error_type, detail) => ({
  status,
  headers: { "Retry-After": "0" },
  json: { detail, message: detail, status_code: status, error_type, request_id: "0" },
});
const unknown = problem(503, "outcome_unknown", "It may have been carried out");

/** Answers requests of a method for tasks with `answer(request, nth)`, or lets them pass when that gives nothing. */
async function intercept(page, method, answer) {
  const seen = [];
  await page.route(
    (url) => url.pathname.startsWith("/api/tasks"),
    async (route) => {
      if (route.request().method() !== method) return route.fallback();
      seen.push(route.request());
      const given = await answer(route, seen.length);
      if (given === "done") return undefined;
      return given ? route.fulfill(given) : route.fallback();
    },
  );
  return seen;
}

describe("When something fails", { concurrency: 3 }, () => {
  it(
    "what was shown too early is taken back, with the API's own words",
    visit({}, async ({ page, tasks, account, allow }) => {
      allow(/status of (400|500)/);
      await account.add("As it was");
      await tasks.open();
      let release;
      const held = new Promise((resolve) => (release = resolve));
      const refuse = async () => (await held, problem(400, "validation_error", "Titles rhyme on Saturdays"));
      await intercept(page, "POST", refuse);
      await tasks.add("Not wanted");
      await tasks.row("Not wanted").waitFor(); // before there was an answer
      assert.deepEqual(await tasks.counts(), [2, 2, 0]);
      release();
      await tasks.message.filter({ hasText: "“Not wanted” was not added. Titles rhyme on Saturdays" }).waitFor();
      assert.deepEqual(await tasks.titles(), ["As it was"]);
      assert.deepEqual(await tasks.counts(), [1, 1, 0]);

      const broken = problem(500, "internal_server_error", "Something went wrong");
      const tries = await Promise.all(["PUT", "PATCH", "DELETE"].map((each) => intercept(page, each, () => broken)));
      await tasks.edit("As it was", { title: "Otherwise" });
      await tasks.message.filter({ hasText: "was not saved" }).waitFor();
      await tasks.row("As it was").waitFor();
      await tasks.box("As it was").click();
      await tasks.message.filter({ hasText: "was not changed" }).waitFor();
      assert.equal(await tasks.box("As it was").isChecked(), false);
      await tasks.press("Delete", "As it was");
      await page.getByRole("button", { name: "Dismiss" }).click(); // no way back: now it is sent
      await tasks.message.filter({ hasText: "was not deleted" }).waitFor();
      assert.deepEqual(await tasks.titles(), ["As it was"]);
      assert.deepEqual(tries.map((each) => each.length), [1, 1, 1], "an error that stays is not tried again");
    }),
  );

  it(
    "a task whose creation may or may not have happened is sent again with the same key, and made once",
    visit({}, async ({ page, tasks, account, allow }) => {
      allow(/status of 503|ERR_FAILED|ERR_CONNECTION/);
      await tasks.open();
      const sent = await intercept(page, "POST", async (route, nth) => {
        if (nth > 2) return null;
        await route.fetch(); // it does happen, but the page hears something else
        return nth === 1 ? unknown : (await route.abort("connectionreset"), "done");
      });
      await tasks.add("Only once");
      await until("a third try", () => sent.length === 3);
      await until("the answer", async () => (await sent[2].response())?.status() === 201);
      const keys = sent.map((each) => each.headers()["idempotency-key"]);
      assert.match(keys[0], /^[\x21-\x7e]{8,}$/);
      assert.deepEqual(keys, [keys[0], keys[0], keys[0]]);
      assert.deepEqual(await account.titles(), ["Only once"]);
      assert.deepEqual(await tasks.titles(), ["Only once"]);

      await tasks.add("Only once");
      await until("another with that title", async () => (await account.tasks()).length === 2);
      assert.notEqual(sent.at(-1).headers()["idempotency-key"], keys[0], "a new wish has a new key");
    }),
  );

  it(
    "a completion that may have happened is set, not toggled, by the second try",
    visit({}, async ({ page, tasks, account, allow }) => {
      allow(/status of 503/);
      await account.add("Done it");
      await tasks.open();
      const sent = await intercept(page, "PATCH", async (route, nth) => nth === 1 && (await route.fetch(), unknown));
      await tasks.box("Done it").click();
      await until("the second try", async () => sent.length === 2 && (await sent[1].response())?.ok());
      assert.equal((await account.tasks())[0].completed, true);
      assert.equal(await tasks.box("Done it").isChecked(), true);
    }),
  );

  it(
    "a list that cannot be loaded says so, and can be tried again",
    visit({}, async ({ page, tasks, account, allow }) => {
      allow(/status of 500/);
      await account.add("Still there");
      let broken = true;
      await intercept(page, "GET", () => broken && problem(500, "internal_server_error", "Something went wrong"));
      await page.goto("/tasks");
      await tasks.alert.filter({ hasText: "Your tasks could not be loaded" }).waitFor();
      broken = false;
      await page.getByRole("button", { name: "Try again" }).click();
      await tasks.row("Still there").waitFor();
      assert.equal(await tasks.alert.count(), 0);
    }),
  );

  it(
    "without a network the page goes on, and sends what was done once it is back",
    visit({}, async ({ page, tasks, account, context, allow }) => {
      allow(/ERR_INTERNET_DISCONNECTED/);
      await account.add("From before");
      await tasks.open();
      await context.setOffline(true);
      await tasks.message.filter({ hasText: "You are offline" }).waitFor();
      await tasks.add("In a tunnel", "without a network");
      await tasks.box("From before").click();
      await tasks.edit("From before", { title: "From the tunnel" });
      await tasks.row("In a tunnel").waitFor();
      assert.deepEqual(await account.titles(), ["From before"]);
      await context.setOffline(false);
      await until("all three in the API", async () => {
        const all = (await account.tasks()).map((each) => [each.title, each.completed]);
        return JSON.stringify(all) === JSON.stringify([["In a tunnel", false], ["From the tunnel", true]]);
      });
      await tasks.message.waitFor({ state: "detached" });
      await page.reload();
      await tasks.row("In a tunnel").getByText("without a network").waitFor();
    }),
  );
});
