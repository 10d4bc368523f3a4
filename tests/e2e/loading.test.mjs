import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { request } from "./harness/account.mjs";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const scriptBytesMax = 150_000;
const shiftMax = 0.05; // Lighthouse calls up to 0.1 good
const pages = ["/sign-in", "/sign-up", "/tasks", "/account"];

/** What was asked for with a type of resource: path, headers of the answer, and bytes of its body as they came. */
async function transferred(requests, type) {
  const all = requests.filter((each) => each.resourceType() === type);
  return Promise.all(
    all.map(async (each) => {
      const answer = await each.response();
      const headers = await answer.allHeaders();
      // Chromium's own count has a part of the headers in it; a streamed page has nothing else.
      const bytes = Number(headers["content-length"] ?? (await each.sizes()).responseBodySize);
      return { path: new URL(each.url()).pathname, status: answer.status(), headers, bytes };
    }),
  );
}

describe("Loading", { concurrency: 3 }, () => {
  it(
    "the task page takes less than 150 kB of compressed JavaScript, cached for ever",
    visit({}, async ({ page, tasks, account, requests }) => {
      for (let each = 0; each < 5; each++) await account.add(`Task ${each}`);
      await tasks.open();
      await page.waitForLoadState("networkidle");
      const scripts = await transferred(requests, "script");
      const total = scripts.reduce((sum, each) => sum + each.bytes, 0);
      console.log(`# first load of /tasks: ${total} bytes of JavaScript in ${scripts.length} files`);
      assert.ok(scripts.length > 0 && total > 10_000, "the scripts were found");
      assert.ok(total < scriptBytesMax, `${total} bytes`);
      const styles = await transferred(requests, "stylesheet");
      for (const { path, status, headers, bytes } of [...scripts, ...styles]) {
        assert.equal(status, 200, path);
        assert.match(path, /^\/_next\/static\//);
        assert.equal(headers["cache-control"], "public, max-age=31536000, immutable", path);
        if (bytes > 1_500) assert.match(headers["content-encoding"], /gzip|br|zstd/, path);
        assert.match(headers["content-type"], /^(text|application)\/(javascript|css)/, path);
      }
      const [document] = await transferred(requests, "document");
      assert.match(document.headers["content-encoding"], /gzip|br|zstd/);
      assert.match(document.headers["cache-control"], /no-store/);

      const before = requests.length;
      await page.goto("/account");
      await page.goto("/tasks");
      await tasks.ready();
      const again = await transferred(requests.slice(before), "script");
      const fetched = again.filter((each) => !scripts.some(({ path }) => path === each.path));
      assert.ok(fetched.every((each) => /^\/_next\/static\//.test(each.path)));
      const cached = await page.evaluate(() =>
        performance.getEntriesByType("resource").filter((each) => each.initiatorType === "script").map((each) => each.transferSize),
      );
      assert.ok(cached.length > 0, "the scripts were found");
      assert.deepEqual(cached.filter((size) => size > 0), [], "scripts come from the browser's cache the second time");
    }),
  );

  it(
    "a static file that there is not is no page, and is not kept",
    visit({ account: null }, async ({ stack }) => {
      const answer = await request(stack, "GET", "/_next/static/chunks/no-such-file.js");
      assert.equal(answer.status, 404);
      assert.doesNotMatch(answer.headers["cache-control"] ?? "", /immutable/);
    }),
  );

  it(
    "every page says what it is, and nothing moves while it loads",
    visit({}, async ({ page, account, another }) => {
      for (let each = 0; each < 20; each++) await account.add(`Task ${each}`);
      const { page: outside } = await another({ account: null });
      for (const each of [page, outside]) {
        await each.addInitScript(() => {
          window.shift = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
          }).observe({ type: "layout-shift", buffered: true });
        });
      }
      const titles = new Set();
      for (const path of pages) {
        const shown = path.startsWith("/sign") ? outside : page;
        await shown.goto(path);
        await shown.waitForLoadState("networkidle");
        const told = await shown.evaluate(() => ({
          title: document.title,
          lang: document.documentElement.lang,
          description: document.querySelector("meta[name=description]")?.content ?? "",
          viewport: document.querySelector("meta[name=viewport]")?.content ?? "",
          icon: document.querySelector("link[rel=icon]")?.href ?? "",
          mode: document.compatMode,
          shift: window.shift,
        }));
        titles.add(told.title);
        assert.ok(told.title.includes("Tasklane"), path);
        assert.equal(told.lang, "en");
        assert.ok(told.description.length > 20, path);
        assert.match(told.viewport, /width=device-width/);
        assert.doesNotMatch(told.viewport, /user-scalable=no|maximum-scale/, "zooming stays possible");
        assert.ok(told.icon.startsWith(new URL(shown.url()).origin));
        assert.equal(told.mode, "CSS1Compat");
        assert.ok(told.shift <= shiftMax, `${path}: layout shift ${told.shift}`);
      }
      assert.equal(titles.size, pages.length, "titles tell pages apart");
    }),
  );

  it(
    "pages carry the security headers, and their scripts a nonce that is new each time",
    visit({}, async ({ page }) => {
      const nonces = new Set();
      for (const path of ["/tasks", "/tasks", "/account"]) {
        const headers = await (await page.goto(path)).allHeaders();
        const policy = headers["content-security-policy"];
        assert.doesNotMatch(policy, /unsafe|\*|,/, "one policy");
        assert.match(policy, /frame-ancestors 'none'/);
        nonces.add(/'nonce-([^']+)'/.exec(policy)[1]);
        assert.equal(headers["x-content-type-options"], "nosniff");
        assert.equal(headers["x-frame-options"], "DENY");
        assert.match(headers["strict-transport-security"], /max-age=\d{7,}/);
        assert.equal(headers["x-powered-by"], undefined);
      }
      assert.equal(nonces.size, 3);
    }),
  );

  it(
    "what slips into a page does not run, and this very watch notices",
    visit({}, async ({ page, tasks, offences, allow }) => {
      const policy = [/inline event handler violates .*Content Security Policy/, /image .*violates .*Content Security Policy/];
      const expected = [...policy, /^another host: https:\/\/evil.example\//];
      allow(...expected);
      await tasks.open();
      await page.evaluate(() => {
        const markup = '<img src="data:," onerror="window.broken = true"><img src="https://evil.example/stolen">';
        document.body.insertAdjacentHTML("beforeend", markup);
      });
      await until("all three", () => expected.every((pattern) => offences.some((each) => pattern.test(each))));
      assert.equal(await page.evaluate(() => window.broken), undefined);
    }),
  );

  for (const timezoneId of ["Pacific/Kiritimati", "America/St_Johns"]) {
    it(
      `times are those of the browser in ${timezoneId}`,
      visit({ timezoneId, locale: "en-GB" }, async ({ page, tasks, account, stack }) => {
        const { id } = await account.add("Long ago");
        await stack.sql(`UPDATE tasks SET created_at = '2025-12-31 23:30:00+00' WHERE id = ${id}`);
        await tasks.open();
        const time = tasks.row("Long ago").locator("time");
        const expected = timezoneId.startsWith("Pacific") ? /\b1 Jan\b.*13:30/ : /\b31 Dec\b.*20:00/;
        await until("the local time", async () => expected.test(await time.textContent()));
        assert.match(await time.getAttribute("datetime"), /^2025-12-31T23:30:00/);
        await page.goto("/account"); // an error on the console, such as of hydration, fails the test
        const times = page.locator("time", { hasText: /\d/ }); // since when there is the account, and this session
        await until("the account's times", async () => (await times.count()) === 2);
      }),
    );
  }

  it(
    "two hundred tasks scroll smoothly",
    visit({}, async ({ page, tasks, account, stack }) => {
      await stack.sql(`INSERT INTO tasks (user_id, title, description, completed)
        SELECT '${account.id}', 'Task ' || n, repeat('words ', n % 40), n % 3 = 0 FROM generate_series(1, 200) AS n`);
      await tasks.open();
      assert.deepEqual((await tasks.counts())[0], 200);
      const size = await page.evaluate(() => document.querySelectorAll("*").length);
      assert.ok(size < 6_000, `${size} elements`);
      const session = await page.context().newCDPSession(page);
      await session.send("Performance.enable", { timeDomain: "threadTicks" }); // CPU time: not that of busy neighbours
      const spentMs = async () => {
        const { metrics } = await session.send("Performance.getMetrics");
        return metrics.find(({ name }) => name === "TaskDuration").value * 1_000;
      };
      const cost = async (act) => {
        const before = await spentMs();
        await act();
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        return (await spentMs()) - before;
      };
      const mean = (costs) => costs.reduce((sum, each) => sum + each, 0) / costs.length;
      // What this machine takes to lay out and paint all of it anew: scrolling has to be far from that.
      const anew = [];
      for (const pixels of [15, 16, 15, 16, 15, 16])
        anew.push(await cost(() => page.evaluate((px) => (document.documentElement.style.fontSize = `${px}px`), pixels)));
      await page.mouse.move(400, 500);
      const turns = [];
      for (let at = -1; ; ) {
        const now = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done(scrollY))));
        if (now === at) break;
        at = now;
        turns.push(await cost(() => page.mouse.wheel(0, 600)));
      }
      const worst = Math.max(...turns);
      const told =
        `${mean(turns).toFixed(1)} ms of CPU for each of ${turns.length} turns of the wheel, ${worst.toFixed(1)} at most, ` +
        `${mean(anew).toFixed(1)} for the page anew`;
      console.log(`# 200 tasks: ${size} elements, ${told}`);
      assert.ok(turns.length > 10 && mean(turns) < mean(anew) / 4 && worst < mean(anew), told);
      await tasks.box("Task 1").waitFor();
      await tasks.box("Task 1").click();
      await until("the tick", () => tasks.box("Task 1").isChecked());
    }),
  );
});
