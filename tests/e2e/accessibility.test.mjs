import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { inspect } from "./harness/inspect.mjs";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

describe("Accessibility", { concurrency: 3 }, () => {
  it(
    "of the pages for signing in, and of their mistakes",
    visit({ account: null }, async ({ page, tasks, allow }) => {
      allow(/status of 40\d/);
      await page.goto("/sign-up");
      await page.getByRole("button", { name: "Sign up" }).waitFor();
      await inspect(page, "sign-up");
      await page.goto("/sign-in");
      await inspect(page, "sign-in");
      await page.getByLabel("Email").fill("nobody@example.com");
      await page.getByLabel("Password", { exact: true }).fill("not a password");
      await page.getByRole("button", { name: "Sign in" }).click();
      await tasks.alert.waitFor();
      await inspect(page, "sign-in refused");
      await page.goto("/no-such-page");
      await inspect(page, "not found");
    }),
  );

  it(
    "of the task page: empty, with tasks, with a message, and while editing",
    visit({}, async ({ page, tasks, account }) => {
      await tasks.open();
      await inspect(page, "empty");
      await account.add("Done already");
      await account.call("PATCH", `/api/tasks/${(await account.tasks())[0].id}/complete`, { completed: true });
      await account.add("With a description", { description: "Some more words\non two lines" });
      await account.add(`${"Donaudampfschifffahrt".repeat(9)}`);
      await tasks.open();
      await tasks.box("Done already").waitFor();
      await inspect(page, "with tasks");
      await tasks.newTask.fill("x".repeat(201));
      await tasks.newTask.press("Enter");
      await tasks.alert.waitFor();
      await tasks.press("Delete", "Done already");
      await tasks.undo.focus(); // a message that has the focus stays
      await inspect(page, "with a mistake and a message");
      await tasks.press("Edit", "With a description");
      await tasks.editor("With a description").getByLabel("Title").fill("");
      await tasks.editor("With a description").getByRole("button", { name: "Save" }).click();
      await inspect(page, "editing, with a mistake");
    }),
  );

  it(
    "of the account page, and of a list that cannot be loaded",
    visit({}, async ({ page, tasks, allow }) => {
      allow(/status of 500/);
      await page.goto("/account");
      await page.getByRole("heading", { name: "Account" }).waitFor();
      await inspect(page, "account");
      await page.route("**/api/tasks", (route) => route.fulfill({ status: 500, json: {} }));
      await page.goto("/tasks");
      await tasks.alert.waitFor();
      await inspect(page, "load failed");
    }),
  );

  it(
    "needs no mouse, and always shows where the focus is",
    visit({ account: null, viewport: { width: 1000, height: 700 } }, async ({ page, tasks }) => {
      const keys = page.keyboard;
      await page.goto("/sign-up");
      await page.locator("button:has-text('Sign up'):enabled").waitFor();
      const email = `${randomUUID()}@example.com`;
      for (const [label, text] of [["Name", "Keys Only"], ["Email", email], ["Password", "correct horse battery"]]) {
        await tabTo(page, page.getByLabel(label, { exact: true }));
        await keys.type(text);
      }
      await keys.press("Enter");
      await page.waitForURL("**/tasks");
      await tasks.ready();

      await tabTo(page, page.getByRole("link", { name: "Skip to content" }));
      await keys.press("Enter");
      await tabTo(page, tasks.newTask);
      await keys.type("By hand");
      await keys.press("Enter");
      await tasks.row("By hand").waitFor();
      await keys.type("And another");
      await tabTo(page, page.getByRole("button", { name: "Add a description" }));
      await keys.press("Space");
      await keys.type("with words");
      await tabTo(page, tasks.addButton, "Shift+Tab");
      await keys.press("Enter");
      await tasks.row("And another").getByText("with words").waitFor();

      await tabTo(page, tasks.box("By hand"));
      await keys.press("Space");
      assert.equal(await tasks.box("By hand").isChecked(), true);
      await tabTo(page, tasks.button("Edit", "By hand"));
      await keys.press("Enter");
      await keys.press("End");
      await keys.type(", all of it");
      await keys.press("Enter");
      await tasks.row("By hand, all of it").waitFor();
      await focused(page, tasks.button("Edit", "By hand, all of it"), "after an edit the focus is where it was");

      await tabTo(page, tasks.button("Delete", "By hand, all of it"));
      await keys.press("Enter");
      await tasks.box("By hand, all of it").waitFor({ state: "detached" });
      await tabTo(page, tasks.undo);
      await keys.press("Enter");
      await tasks.row("By hand, all of it").waitFor();
      await tabTo(page, tasks.filter("Completed"), "Shift+Tab");
      await keys.press("Space");
      assert.deepEqual(await tasks.titles(), ["By hand, all of it"]);

      await tabTo(page, page.getByRole("link", { name: "Account" }), "Shift+Tab");
      await keys.press("Enter");
      await page.waitForURL("**/account");
      await tabTo(page, page.getByRole("button", { name: "Sign out" }));
      await keys.press("Enter");
      await page.waitForURL("**/sign-in");
    }),
  );

  it(
    "tells a screen reader what happened",
    visit({}, async ({ page, tasks }) => {
      await tasks.open();
      await tasks.add("Hear me");
      await page.locator("[aria-live=polite]", { hasText: "Added Hear me" }).waitFor({ state: "attached" });
      await tasks.press("Delete", "Hear me");
      await page.getByRole("status").filter({ hasText: "Deleted “Hear me”" }).waitFor();
      const headings = await page.getByRole("heading", { level: 1 }).allTextContents();
      assert.deepEqual(headings, ["Tasks"]);
      await until("the pages' language", () => page.evaluate(() => document.documentElement.lang === "en"));
    }),
  );
});

const isFocused = (locator) => locator.evaluateAll((all) => all.some((each) => each === document.activeElement));

async function focused(page, locator, what) {
  await until(what, () => isFocused(locator));
}

/** Presses Tab until `locator` has the focus. At every stop the focus must be in sight. */
async function tabTo(page, locator, key = "Tab") {
  for (let stops = 0; stops < 40; stops++) {
    if (await isFocused(locator)) return assertFocusShows(page);
    await page.keyboard.press(key);
  }
  throw new Error(`${key} does not lead to ${locator}`);
}

/** The picture of the focused control and its surroundings changes when the focus is taken away. */
async function assertFocusShows(page) {
  const active = await page.evaluateHandle(() => document.activeElement);
  const name = await active.evaluate((each) => each.outerHTML.slice(0, 100));
  const { width, height } = page.viewportSize();
  const box = await until(`${name} to be in sight`, async () => {
    const { x, y, ...size } = (await active.boundingBox()) ?? { x: -1, y: -1, width: 0, height: 0 };
    return x + size.width > 0 && x < width && y + size.height > 0 && y < height && { x, y, ...size };
  });
  const [x, y] = [Math.max(0, box.x - 24), Math.max(0, box.y - 24)];
  const clip = { x, y, width: Math.min(width - x, box.width + 48), height: Math.min(height - y, box.height + 48) };
  const look = () => page.screenshot({ clip, caret: "hide", animations: "disabled" });
  const on = await look();
  await active.evaluate((each) => each.blur());
  const off = await look();
  await active.evaluate((each) => each.focus());
  assert.notDeepEqual(on, off, `${name}: the focus does not show`);
}
