import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const undoPassedMs = 20_000; // longer than a deletion waits for an undo

describe("Tasks", { concurrency: 3 }, () => {
  it(
    "are created, edited in place, completed, filtered and counted, and the API has what the page shows",
    visit({}, async ({ page, tasks, account }) => {
      await tasks.open();
      await tasks.add("Water the plants", "All of them");
      await tasks.add("Call the bank");
      await tasks.row("Call the bank").waitFor();
      assert.deepEqual(await tasks.titles(), ["Call the bank", "Water the plants"], "the newest first");
      assert.deepEqual(await tasks.counts(), [2, 2, 0]);

      await tasks.edit("Call the bank", { title: "Write to the bank", description: "About the card" });
      await tasks.row("Write to the bank").getByText("About the card").waitFor();
      await tasks.box("Water the plants").check();
      assert.deepEqual(await tasks.counts(), [2, 1, 1]);

      await tasks.filter("Completed").click();
      assert.deepEqual(await tasks.titles(), ["Water the plants"]);
      await tasks.filter("Active").click();
      assert.deepEqual(await tasks.titles(), ["Write to the bank"]);
      assert.equal(new URL(page.url()).search, "?status=active", "a filter has an address");

      await until("the API to have it", async () => {
        const all = (await account.tasks()).map((each) => [each.title, each.description, each.completed]);
        const wanted = [
          ["Write to the bank", "About the card", false],
          ["Water the plants", "All of them", true],
        ];
        return JSON.stringify(all) === JSON.stringify(wanted);
      });
      await page.reload();
      await tasks.ready();
      assert.deepEqual(await tasks.titles(), ["Write to the bank"]);
      assert.deepEqual(await tasks.counts(), [2, 1, 1]);
    }),
  );

  it(
    "lose their description when it is emptied",
    visit({}, async ({ tasks, account }) => {
      await account.add("With words", { description: "Some" });
      await tasks.open();
      await tasks.edit("With words", { description: "" });
      await until("the description to be gone", async () => (await account.tasks())[0].description === null);
      await tasks.row("With words").getByText("Some").waitFor({ state: "detached" });
    }),
  );

  it(
    "stay as they were when an edit is given up",
    visit({}, async ({ page, tasks, account, count }) => {
      const { id } = await account.add("Leave me");
      await tasks.open();
      await tasks.press("Edit", "Leave me");
      await tasks.editor("Leave me").getByLabel("Title").fill("Changed");
      await page.keyboard.press("Escape");
      await tasks.row("Leave me").waitFor();
      await tasks.add("Afterwards");
      await until("what came later to be in the API", async () => (await account.titles()).includes("Afterwards"));
      assert.deepEqual(await account.titles(), ["Afterwards", "Leave me"]);
      assert.equal(count("PUT", `/api/tasks/${id}`), 0);
    }),
  );

  it(
    "that were deleted come back with undo, and stay",
    visit({}, async ({ page, tasks, account }) => {
      await account.add("Keep me");
      await page.clock.install();
      await tasks.open();
      await tasks.press("Delete", "Keep me");
      await tasks.box("Keep me").waitFor({ state: "detached" });
      assert.deepEqual(await account.titles(), ["Keep me"], "the API hears of it once there is no way back");
      await tasks.undo.click();
      await tasks.row("Keep me").waitFor();
      await page.clock.fastForward(undoPassedMs);
      await page.reload();
      await tasks.row("Keep me").waitFor();
      assert.deepEqual(await account.titles(), ["Keep me"]);
    }),
  );

  it(
    "that were deleted are gone without undo: by time, by the next deletion, by leaving the page",
    visit({}, async ({ page, tasks, account }) => {
      for (const title of ["Third", "Second", "First"]) await account.add(title);
      await page.clock.install();
      await tasks.open();
      await tasks.press("Delete", "First");
      await tasks.undo.waitFor();
      await page.clock.fastForward(undoPassedMs);
      await until("the first to be gone", async () => !(await account.titles()).includes("First"));
      await tasks.undo.waitFor({ state: "detached" });

      await tasks.press("Delete", "Second");
      await tasks.press("Delete", "Third");
      await until("the second to be gone", async () => !(await account.titles()).includes("Second"));
      assert.deepEqual(await account.titles(), ["Third"]);
      await page.goto("/account");
      await until("the third to be gone", async () => (await account.titles()).length === 0);
    }),
  );

  it(
    "whose deletion is still on its way when the page is left are not deleted by the next page as well",
    visit({}, async ({ page, tasks, account, stack, count }) => {
      const { id } = await account.add("Once");
      const path = `/api/tasks/${id}`;
      await tasks.open();
      await tasks.press("Delete", "Once");
      await tasks.undo.waitFor();
      await stack.holding(`SELECT FROM tasks WHERE id = ${id} FOR UPDATE`, async () => {
        await page.goto("/account");
        await until("the next page to have acted on its list", () => count("GET", "/api/tasks") > 2 || count("DELETE", path) > 1);
      });
      await until("the task to be gone", async () => (await account.titles()).length === 0);
      const answers = () => stack.requests.filter((each) => each.method === "DELETE" && each.uri === path);
      await until("every deletion to be answered", () => answers().length >= Math.max(1, count("DELETE", path)));
      const statuses = answers().map((each) => each.status);
      assert.ok(!statuses.includes("404"), `the deletions were answered ${statuses}`);
    }),
  );

  it(
    "have titles of 200 code points, whatever they are made of, and no more",
    visit({}, async ({ page, tasks, account }) => {
      const longest = `${"👩‍🔬𝒳e\u0301".repeat(33)}ab`; // each time 6 code points, 9 UTF-16 units, 3 characters to see
      assert.equal([...longest].length, 200);
      await tasks.open();
      await tasks.add(longest);
      await tasks.row(longest).waitFor();
      await until("the API to have it", async () => (await account.titles())[0] === longest);
      await tasks.add(`${longest}c`);
      await page.getByText("A title has at most 200 characters; this one has 201.").waitFor();
      assert.equal(await tasks.newTask.inputValue(), `${longest}c`, "what was typed is kept");
      await tasks.newTask.fill("   ");
      await tasks.newTask.press("Enter");
      await page.getByText("A task needs a title.").waitFor();
      assert.deepEqual(await account.titles(), [longest]);
    }),
  );

  it(
    "show HTML, right-to-left text and line ends as the text they are",
    visit({}, async ({ page, tasks, account }) => {
      const html = "<img src=x onerror=\"document.title='broken'\"><b>bold</b> &amp; </script>";
      const description = "first line\nsecond line\n<script>document.title='broken'</script>";
      await tasks.open();
      await tasks.add(html, description);
      await tasks.add("שלום עולם");
      await tasks.add("a".repeat(200));
      await tasks.row(html).getByText("<script>").waitFor();
      await until("all three", async () => (await account.tasks()).length === 3);
      await page.reload();
      await tasks.row(html).waitFor();
      assert.equal((await account.tasks())[2].description, description);
      assert.equal(await page.title(), "Tasks · Tasklane");
      assert.equal(await tasks.list.locator("img, b, script").count(), 0);
      const lines = await tasks.row(html).getByText("first line").evaluate((each) => each.innerText.split("\n"));
      assert.deepEqual(lines.slice(0, 2), ["first line", "second line"]);
      const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(tooWide, false, "200 letters without a blank are broken into lines");
    }),
  );

  it(
    "appear from another device once the page is looked at again",
    visit({}, async ({ page, tasks, account }) => {
      await page.clock.install();
      await tasks.open();
      await account.add("From the phone");
      await page.clock.fastForward(60_000);
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await tasks.row("From the phone").waitFor();
    }),
  );

  it(
    "that another device has deleted are told of, and go",
    visit({}, async ({ tasks, account, allow }) => {
      allow(/status of 404/);
      const { id } = await account.add("Gone already");
      await tasks.open();
      assert.equal((await account.call("DELETE", `/api/tasks/${id}`)).status, 204);
      await tasks.box("Gone already").click();
      await tasks.message.filter({ hasText: "no longer exists" }).waitFor();
      await tasks.box("Gone already").waitFor({ state: "detached" });
    }),
  );
});
