import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "./harness/inspect.mjs";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const minimum = 24; // CSS pixels, WCAG 2.2 criterion 2.5.8: a text with many links

/** An operation's part of the page: its form opened, filled in, sent. */
class Operation {
  constructor(page, id) {
    this.part = page.locator(`article#${id}`);
  }

  async open() {
    await this.part.getByText("Try it", { exact: true }).click();
    return this;
  }

  field = (name) => this.part.locator("form").getByLabel(name, { exact: true });

  curl = () => this.part.locator("figure").first().locator("pre").textContent();

  async send() {
    await this.part.getByRole("button", { name: "Send" }).click();
    const told = this.part.locator(".trial [role=status]");
    await told.filter({ hasText: /Status|No answer|missing/ }).waitFor();
    return told.textContent();
  }

  answer = () => this.part.locator(".trial figure").first().locator("pre").textContent();
}

describe("API reference", { concurrency: 3 }, () => {
  it(
    "runs operations with the session's token and shows their curl lines",
    visit({}, async ({ page, account }) => {
      await page.goto("/docs/");
      await page.getByRole("button", { name: "Use my session in the web app" }).click();
      await page.getByText(`The token of ${account.id}, valid until`).waitFor();

      const create = await new Operation(page, "createTask").open();
      await create.field("Body").fill('{"title": "It\'s from the reference"}');
      await create.field("Idempotency-Key").fill("one");
      assert.match(await create.send(), /^Status 201 after \d+ ms\.$/);
      const task = JSON.parse(await create.answer());
      assert.deepEqual(await account.titles(), ["It's from the reference"]);
      const line = await create.curl();
      assert.ok(line.startsWith('curl -X POST "$URL/api/tasks" \\\n  -H "Authorization: Bearer $TOKEN"'), line);
      assert.ok(line.includes("-H 'Idempotency-Key: one'"), line);
      assert.ok(line.endsWith(`--data-raw '{"title":"It'\\''s from the reference"}'`), line);

      const get = await new Operation(page, "getUserTask").open();
      assert.equal(await get.field("id").inputValue(), String(task.id), "the task's id is filled in");
      assert.equal(await get.field("user_id").inputValue(), account.id);
      assert.match(await get.send(), /^Status 200 /);
      assert.deepEqual(JSON.parse(await get.answer()), task);

      const list = await new Operation(page, "listTasks").open();
      await list.field("status").selectOption("completed");
      assert.ok((await list.curl()).includes('"$URL/api/tasks?status=completed"'));
      assert.match(await list.send(), /^Status 200 /);
      assert.equal(await list.answer(), "[]");
    }),
  );

  it(
    "says what is missing, and sends what the server will refuse",
    visit({ account: null }, async ({ page, allow }) => {
      allow(/status of 40[01]/);
      await page.goto("/docs/");
      await page.getByRole("button", { name: "Use my session in the web app" }).click();
      await page.getByText("You are not signed in to the web app.").waitFor();
      const get = await new Operation(page, "getTask").open();
      assert.equal(await get.send(), "id is missing.");
      await get.field("id").fill("../../etc");
      assert.ok((await get.curl()).includes("/api/tasks/..%2F..%2Fetc"), await get.curl());
      await get.field("id").fill("1");
      assert.match(await get.send(), /^Status 401 /);
      await get.part.getByText("No token was sent").waitFor();
      await page.getByLabel("Token", { exact: true }).fill("no token");
      await page.getByText("This is no JSON Web Token.").waitFor();
      await until("the operators' endpoints are not offered", async () =>
        (await page.locator("article#getMetrics .trial").count()) === 0);
    }),
  );

  it(
    "is accessible, also with a form and an answer open",
    visit({}, async ({ page }) => {
      await page.goto("/docs/");
      await page.getByRole("button", { name: "Use my session in the web app" }).click();
      const list = await new Operation(page, "listTasks").open();
      await list.send();
      await (await new Operation(page, "updateTask").open()).field("Body").waitFor();
      await inspect(page, "reference", minimum);
    }),
  );
});
