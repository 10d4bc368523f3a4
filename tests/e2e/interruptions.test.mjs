// What operators do in mid-session. These come last and one by one: everyone on the shared stack would notice.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const tasksMin = 6;
const tasksMax = 60;

/** From now on, window.said holds every text that the page shows as a message. */
async function listen(page) {
  await page.evaluate(() => {
    window.said = [];
    const look = () => {
      for (const each of document.querySelectorAll("[role=status], [role=alert]")) {
        const text = each.textContent.trim();
        if (text && !each.closest("[hidden]") && !window.said.includes(text)) window.said.push(text);
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}

/** Someone goes on adding and completing tasks until `event` is over; then everything must be there, once. What was said. */
async function workThrough({ page, tasks, account }, event) {
  await tasks.open();
  await account.tasks(); // with a token that it keeps
  await listen(page);
  let over = false;
  const happening = event().finally(() => (over = true));
  happening.catch(() => {}); // told of below
  const made = [];
  while ((!over || made.length < tasksMin) && made.length < tasksMax) {
    const title = `Task ${made.length}`;
    await tasks.add(title);
    made.unshift(title);
    if (made.length % 3 === 0) await tasks.box(title).click();
  }
  await happening;
  const wanted = made.map((title) => `${title} ${(Number(title.slice(5)) + 1) % 3 === 0}`).sort();
  let found = [];
  await until("every task, as it was left", async () => {
    const { status, json } = await account.call("GET", "/api/tasks");
    if (status === 200) found = json.map((each) => `${each.title} ${each.completed}`).sort();
    return JSON.stringify(found) === JSON.stringify(wanted);
  }).catch(() => assert.deepEqual(found, wanted));
  const said = await page.evaluate(() => window.said);
  await page.reload();
  await tasks.ready();
  assert.deepEqual((await tasks.titles()).sort(), made.sort());
  return said;
}

describe("In mid-session", () => {
  it(
    "a reload of the workers is not noticed at all",
    visit({}, async (visitor) => {
      assert.deepEqual(await workThrough(visitor, () => visitor.stack.tasklane("reload", "--wait")), []);
      assert.deepEqual(visitor.requests.filter((each) => each.failure()), []);
    }),
  );

  it(
    "a restart of Postgres loses nothing, and is told of once at most",
    visit({}, async (visitor) => {
      visitor.allow(/status of 503/);
      const said = await workThrough(visitor, () => visitor.stack.restartPostgres());
      assert.ok(said.length <= 1, said.join("\n"));
      for (const text of said) assert.match(text, /Still trying/);
      const { page, account } = visitor;
      await page.goto("/account"); // the web app has found its way back to the database, too
      await page.getByText(account.email).waitFor();
    }),
  );
});
