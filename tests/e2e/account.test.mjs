import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { request } from "./harness/account.mjs";
import { inspect } from "./harness/inspect.mjs";
import { until } from "./harness/until.mjs";
import { visit, Visitor } from "./harness/visitor.mjs";

const password = "correct horse battery";
const fresh = "correct horse battery staple";

/** The account page, with the form of a row open. */
async function change(page, what) {
  await page.goto("/account");
  await page.getByRole("button", { name: `Change ${what}` }).click();
  return page.getByRole("form", { name: `Change your ${what}` });
}

/** What a press of `button` lets the browser save. */
async function saved(button) {
  const page = button.page();
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
}

const importing = (page, name, text) =>
  page.getByLabel("File to import").setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(text) });

async function signInStatus({ stack, email, localAddress }, secret) {
  const how = { body: { email, password: secret }, headers: { Origin: stack.url }, localAddress };
  return (await request(stack, "POST", "/api/auth/sign-in/email", how)).status;
}

describe("Account", { concurrency: 3 }, () => {
  it(
    "changes the name, and takes none that is blank",
    visit({}, async ({ page, tasks, account, stack, allow }) => {
      allow(/status of 400/);
      const form = await change(page, "name");
      await form.getByLabel("New name").fill("  \u200b ");
      await form.getByRole("button", { name: "Save" }).click();
      await tasks.alert.filter({ hasText: "A name is needed." }).waitFor();
      await form.getByLabel("New name").fill("  Countess   of Lovelace ");
      await form.getByRole("button", { name: "Save" }).click();
      await page.getByText("Countess of Lovelace", { exact: true }).waitFor();
      await page.getByRole("status").filter({ hasText: "Your name is changed." }).waitFor();
      assert.deepEqual(await stack.sql(`SELECT name FROM "user" WHERE id = '${account.id}'`), ["Countess of Lovelace"]);
      await inspect(page, "account, name changed");
    }),
  );

  it(
    "changes the password with the old one alone, and ends other sessions on wish",
    visit({}, async ({ page, tasks, account, stack, allow }) => {
      allow(/status of 400/);
      const { cookies } = account;
      await account.signInAgain();
      const form = await change(page, "password");
      const fill = async (old, next) => {
        await form.getByLabel("Current password", { exact: true }).fill(old);
        await form.getByLabel("New password", { exact: true }).fill(next);
        await form.getByRole("button", { name: "Change password" }).click();
      };
      await fill("not the password", fresh);
      await tasks.alert.filter({ hasText: "The password is not right." }).waitFor();
      await fill(password, "1234567890");
      await tasks.alert.filter({ hasText: "Too many people have this password." }).waitFor();
      await inspect(page, "account, changing the password");
      await form.getByLabel("End all other sessions").check();
      await fill(password, fresh);
      await page.getByRole("status").filter({ hasText: "all other sessions have ended" }).waitFor();
      assert.deepEqual(await stack.sql(`SELECT count(*) FROM session WHERE "userId" = '${account.id}'`), ["1"]);
      assert.equal((await account.withCookies(cookies, "/api/auth/get-session")).json, null);
      assert.equal(await signInStatus(account, password), 401);
      assert.equal(await signInStatus(account, fresh), 200);
      await page.reload();
      await page.getByText("This device").waitFor();
    }),
  );

  it(
    "shows where it is signed in, and ends one session or all others",
    visit({}, async ({ page, account }) => {
      for (const agent of ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "curl/8.14"])
        await account.signInAgain({ "User-Agent": agent });
      await page.goto("/account");
      const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
      await page.getByText("Firefox on Linux", { exact: true }).waitFor();
      assert.equal(await sessions.count(), 3);
      await inspect(page, "account, several sessions");
      await page.getByRole("button", { name: "End session on Firefox on Linux" }).click();
      await page.getByText("Firefox on Linux", { exact: true }).waitFor({ state: "detached" });
      assert.equal(await sessions.count(), 2);
      await page.getByRole("button", { name: "End all others" }).click();
      await until("one session", async () => (await sessions.count()) === 1);
      await page.getByText("This device").waitFor();
    }),
  );

  it(
    "exports tasks as JSON and CSV, and takes both back",
    visit({ viewport: { width: 1280, height: 1400 } }, async ({ page, account, another }) => {
      await account.add("First", { description: "with “quotes”, \"more\",\nand lines" });
      const { id } = await account.add("Second, done");
      await account.call("PATCH", `/api/tasks/${id}/complete`, { completed: true });
      await page.goto("/account");
      const json = await saved(page.getByRole("button", { name: "Export as JSON" }));
      const csv = await saved(page.getByRole("button", { name: "Export as CSV" }));
      await page.getByRole("status").filter({ hasText: "2 tasks exported." }).waitFor();
      assert.match(json.name, /^tasks-\d{4}-\d\d-\d\d\.json$/);
      assert.equal(JSON.parse(json.text).tasks.length, 2);
      const other = await another();
      for (const file of [json, csv]) {
        await other.page.goto("/account");
        await other.page.getByRole("button", { name: "Import a file…" }).waitFor();
        await importing(other.page, file.name, file.text);
        await other.page.getByRole("status").filter({ hasText: "2 tasks imported." }).waitFor();
      }
      await other.page.getByRole("link", { name: "Tasks", exact: true }).click();
      await other.tasks.row("First").first().waitFor();
      const facts = ({ title, description, completed }) => ({ title, description, completed });
      const were = (await account.tasks()).map(facts);
      assert.deepEqual((await other.account.tasks()).map(facts), [...were, ...were]);
    }),
  );

  it(
    "tells what it could not import, and imports the rest",
    visit({}, async ({ page, tasks, account, allow }) => {
      allow(/status of 400/);
      const file = [{ title: "Good" }, { title: " " }, { title: "x".repeat(201) }, { title: "\u0000" }, {}, { title: "Good, too" }];
      await page.goto("/account");
      await importing(page, "tasks.json", JSON.stringify(file));
      await page.getByRole("status").filter({ hasText: "2 tasks imported, 4 refused." }).waitFor();
      const refused = page.getByRole("list", { name: "Refused" }).getByRole("listitem");
      assert.match(await refused.nth(1).textContent(), /^3\. x+ A title has at most 200 characters/);
      assert.match(await refused.nth(3).textContent(), /^5\. Without a title It has no title\.$/);
      await inspect(page, "account, some tasks refused");
      assert.deepEqual((await account.titles()).sort(), ["Good", "Good, too"]);
      await importing(page, "notes.txt", "nothing of the kind");
      await tasks.alert.filter({ hasText: "no column “title”" }).waitFor();
    }),
  );

  it(
    "shows how far an import is, and stops on wish",
    visit({}, async ({ page, account }) => {
      await page.goto("/account");
      let release;
      const held = new Promise((resolve) => (release = resolve));
      let sent = 0;
      await page.route("**/api/tasks", async (route) => {
        if (route.request().method() === "POST" && ++sent === 2) await held;
        return route.fallback();
      });
      await importing(page, "tasks.csv", "title\none\ntwo\nthree\n");
      await page.getByRole("progressbar", { name: "Import" }).waitFor();
      await page.getByText("1 of 3").waitFor();
      await inspect(page, "account, importing");
      await page.getByRole("button", { name: "Stop" }).click();
      release();
      await page.getByRole("status").filter({ hasText: "2 tasks imported. The rest was not imported. You stopped it." }).waitFor();
      assert.deepEqual((await account.titles()).sort(), ["one", "two"]);
    }),
  );

  it(
    "is deleted with all tasks, only with the password, and every tab ends at once",
    visit({}, async ({ page, tasks, account, stack, context, allow }) => {
      allow(/status of 40[01]/);
      for (const title of ["One", "Two"]) await account.add(title);
      const tab = await context.newPage();
      await tab.goto("/tasks");
      await tab.getByRole("checkbox", { name: "One" }).waitFor();
      await page.goto("/account");
      await page.getByRole("button", { name: "Delete account…" }).click();
      await page.getByText("Your tasks, all 2 of them").waitFor();
      await inspect(page, "account, about to be deleted");
      const leaving = page.getByRole("region", { name: "Delete account" });
      const form = leaving.getByRole("form", { name: "Delete account" });
      await form.getByLabel("Password", { exact: true }).fill("not the password");
      await form.getByRole("button", { name: "Delete account and tasks" }).click();
      await tasks.alert.filter({ hasText: "The password is not right." }).waitFor();
      assert.equal((await account.tasks()).length, 2, "nothing is gone yet");
      assert.equal(JSON.parse((await saved(leaving.getByRole("button", { name: "Export as JSON" }))).text).tasks.length, 2);
      await form.getByLabel("Password", { exact: true }).fill(password);
      await form.getByRole("button", { name: "Delete account and tasks" }).click();
      await page.waitForURL("**/sign-up");
      await tab.waitForURL("**/sign-in?next=%2Ftasks");
      assert.doesNotMatch(await tab.content(), /One|Two/);
      for (const table of ['"user" WHERE id', 'session WHERE "userId"', 'account WHERE "userId"', "tasks WHERE user_id"])
        assert.deepEqual(await stack.sql(`SELECT count(*) FROM ${table} = '${account.id}'`), ["0"], table);
      assert.equal(await signInStatus(account, password), 401);
    }),
  );

  it(
    "signs out of every tab at once, and shows nothing of it any more",
    visit({}, async ({ page, account, context }) => {
      await account.add("Private");
      const tab = await context.newPage();
      await tab.goto("/tasks");
      await tab.getByRole("checkbox", { name: "Private" }).waitFor();
      await page.goto("/account");
      await page.getByRole("button", { name: "Sign out" }).click();
      await tab.waitForURL("**/sign-in?next=%2Ftasks");
      assert.doesNotMatch(await tab.content(), /Private/);
    }),
  );

  it(
    "ended elsewhere, ends in other browsers within a minute",
    visit({}, async ({ page, account, stack }) => {
      await account.add("Private");
      const cookies = await account.signInAgain();
      const elsewhere = await Visitor.arrive({ stack, account: { ...account, cookies } });
      try {
        await elsewhere.page.clock.install();
        await elsewhere.tasks.open();
        await elsewhere.tasks.row("Private").waitFor();
        await page.goto("/account");
        await page.getByRole("button", { name: "End all others" }).click();
        await page.getByRole("status").filter({ hasText: "All other sessions have ended." }).waitFor();
        await elsewhere.page.clock.runFor(59_000);
        await elsewhere.page.waitForURL("**/sign-in?next=%2Ftasks");
        assert.doesNotMatch(await elsewhere.page.content(), /Private/);
        elsewhere.assertClean();
      } finally {
        await elsewhere.context.close();
      }
    }),
  );
});
