import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { visit } from "./harness/visitor.mjs";

describe("Two users", { concurrency: 3 }, () => {
  it(
    "never see each other's tasks on their pages, not even one after the other in one browser",
    visit({}, async ({ page, tasks, account, context, another }) => {
      await account.add("Ada's secret");
      const other = await another();
      await other.account.add("Bob's secret");
      await tasks.open();
      await other.tasks.open();
      assert.deepEqual(await tasks.titles(), ["Ada's secret"]);
      assert.deepEqual(await other.tasks.titles(), ["Bob's secret"]);

      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL("**/sign-in");
      await context.addCookies(other.account.cookies);
      await tasks.open();
      assert.deepEqual(await tasks.titles(), ["Bob's secret"]);
      await page.goBack();
      assert.doesNotMatch(await page.content(), /Ada's secret/);
    }),
  );

  it(
    "cannot read, change or delete each other's tasks by id",
    visit({}, async ({ account, another }) => {
      const { id, ...before } = await account.add("Mine", { description: "alone" });
      const { account: other } = await another();
      const missing = await other.call("GET", "/api/tasks/9007199254740991");
      const attempts = [
        ["GET", `/api/tasks/${id}`],
        ["PUT", `/api/tasks/${id}`, { title: "Yours" }],
        ["PATCH", `/api/tasks/${id}/complete`, { completed: true }],
        ["DELETE", `/api/tasks/${id}`],
      ];
      for (const [method, path, body] of attempts) {
        const answer = await other.call(method, path, body);
        assert.equal(answer.status, 404, `${method} ${path}`);
        assert.equal(answer.json.detail, missing.json.detail, "it says the same of a task that there is not");
      }
      assert.equal((await other.call("GET", `/api/${account.id}/tasks`)).status, 403);
      assert.deepEqual(await other.tasks(), []);
      assert.deepEqual(await account.tasks(), [{ id, ...before }]);
    }),
  );

  it(
    "in two tabs of one browser: the tab of the one who left writes nothing into the other's list",
    visit({}, async (visitor) => {
      const { page, tasks, account, context, another } = visitor;
      const { account: other } = await another();
      await visitor.sessionSeemsAlive();
      await page.clock.install();
      await tasks.open();
      await context.clearCookies(); // in another tab, Ada signs out and Bob in
      await context.addCookies(other.cookies);
      await page.clock.fastForward(15 * 60_000); // the token of Ada's page has ended
      const anew = page.waitForEvent("load"); // the page is made anew, for Bob
      await tasks.add("Whose is this?");
      await anew;
      await tasks.ready();
      assert.deepEqual(await tasks.titles(), []);
      assert.deepEqual(await other.tasks(), []);
      assert.deepEqual(await account.tasks(), []);
    }),
  );
});
