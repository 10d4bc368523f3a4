// The README's pictures, of a running Tasklane with its web app: node scripts/take-screenshots.mjs [URL]
// Default: https://localhost:8443, as scripts/up has it. Uses the playwright-core of tests/e2e (npm ci there first) and
// Debian's Chromium; CHROMIUM names another. Signs up a user of its own, and writes docs/images/.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const { chromium } = createRequire(new URL("../../tests/e2e/package.json", import.meta.url))(
  "playwright-core",
);
const url = process.argv[2] ?? "https://localhost:8443";
const folder = fileURLToPath(new URL("../../docs/images/", import.meta.url));

const hour = 3_600_000;
// Newest first: title, description, completed, how long ago.
const tasks = [
  ["Answer Grace's letter about the loom", null, false, hour / 4],
  ["Book the train to Ghent", "The one before nine. Two seats by the window.", false, 2 * hour],
  ["Water the plants", null, true, 5 * hour],
  ["Read the chapter about pipelines", null, false, 26 * hour],
  ["Return the library books", null, true, 30 * hour],
  ["Plan the autumn garden", "Tulips along the wall, garlic behind them.", false, 72 * hour],
];

/** The list as it would be had the tasks been made over several days. */
async function dated(route) {
  if (route.request().method() !== "GET") return route.continue();
  const response = await route.fetch();
  const list = await response.json();
  list.forEach((task, index) => (task.created_at = new Date(Date.now() - tasks[index][3]).toISOString()));
  await route.fulfill({ response, json: list });
}

async function fill(page) {
  await page.goto(`${url}/sign-up`);
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email").fill(`ada-${Date.now()}@example.com`);
  await page.getByLabel("Password", { exact: true }).fill("a long enough password");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("heading", { name: "Nothing to do yet" }).waitFor();
  for (const [title, description, completed] of [...tasks].reverse()) {
    await page.getByRole("textbox", { name: "New task" }).fill(title);
    if (description) {
      await page.getByRole("button", { name: "Add a description" }).click();
      await page.getByRole("textbox", { name: "Description" }).fill(description);
    }
    const made = page.waitForResponse((response) => response.status() === 201);
    await page.getByRole("button", { name: "Add task" }).click();
    await made;
    if (!completed) continue;
    const changed = page.waitForResponse((response) => response.request().method() === "PATCH");
    await page.getByRole("checkbox", { name: title }).click();
    await changed;
  }
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid() === 0 ? ["--no-sandbox", "--hide-scrollbars"] : ["--hide-scrollbars"],
});
const first = await browser.newContext({ ignoreHTTPSErrors: true });
await fill(await first.newPage());
const storageState = await first.storageState();
const pictures = [
  ["light", "light", { width: 920, height: 600 }],
  ["dark", "dark", { width: 920, height: 600 }],
  ["phone", "light", { width: 360, height: 600 }],
];
for (const [name, colorScheme, viewport] of pictures) {
  const phone = name === "phone" ? { hasTouch: true, isMobile: true } : {};
  const look = { colorScheme, viewport, deviceScaleFactor: 1.5, locale: "en-GB", ...phone };
  const context = await browser.newContext({ ignoreHTTPSErrors: true, storageState, ...look });
  const page = await context.newPage();
  await page.route("**/api/tasks", dated);
  await page.goto(`${url}/tasks`);
  await page.getByRole("checkbox", { name: tasks[0][0] }).waitFor();
  await page.screenshot({ path: `${folder}${name}.png`, animations: "disabled" });
  await context.close();
}
await browser.close();
