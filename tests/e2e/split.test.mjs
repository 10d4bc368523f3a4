// The other deployment: the page on one origin and the API on another, with tokens signed with the shared secret.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { request } from "./harness/account.mjs";
import { freePort, start, stop } from "./harness/start.mjs";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const minuteMs = 60_000;
let page; // the stack that serves the web app
let api;

/** A visit to the split deployment; `options` as visit() has them. */
const visitSplit = (options, steps) => (t) =>
  visit({ stack: page, origins: [api.url], ...options }, async (visitor) => {
    if (visitor.account) visitor.account.apiUrl = api.url;
    await steps(visitor);
    assert.equal(visitor.requests.filter((each) => each.url().startsWith(`${page.url}/api/tasks`)).length, 0);
  })(t);

/** What the API's nginx has answered until now; its log is written a little later. */
async function answered() {
  const mark = `/${randomUUID()}`; // of a query nothing is logged
  await request(api, "GET", mark);
  await until("the log", () => api.requests.some((each) => each.uri === mark));
  return api.requests;
}

/** The calls of tasks with one of those methods, as "METHOD /path". */
const calls = (requests, ...methods) =>
  requests.filter(({ method }) => methods.includes(method)).map(({ method, uri }) => `${method} ${uri}`);

const asLogged = (each) => ({ method: each.method(), uri: new URL(each.url()).pathname });

/** A reload, after which no worker of before serves any more. */
async function reload() {
  await api.tasklane("reload", "--wait");
  await until("the old workers' end", async () => !/draining/.test(await api.tasklane("pool")));
}

describe("Page and API apart", () => {
  let tokens;
  before(async () => {
    const [pagePort, apiPort] = [await freePort(), await freePort()];
    const [pageUrl, apiUrl] = [pagePort, apiPort].map((port) => `https://127.0.0.1:${port}`);
    tokens = { TASKLANE_TOKENS: "secret", TASKLANE_API_URL: apiUrl };
    page = await start("page", { port: pagePort, environment: tokens });
    const { DATABASE_URL, DATABASE_URL_DIRECT, BETTER_AUTH_SECRET } = page.settings;
    api = await start("api", {
      port: apiPort,
      words: ["--no-frontend"],
      environment: {
        ...{ DATABASE_URL, DATABASE_URL_DIRECT, BETTER_AUTH_SECRET, AUTH_JWKS: "" },
        ...{ AUTH_ISSUER: pageUrl, AUTH_AUDIENCE: pageUrl, CORS_ORIGINS: pageUrl },
      },
    });
  });
  after(async () => {
    await stop(api);
    await stop(page);
  });

  it(
    "sign-up to list, with tokens signed with the secret",
    visitSplit({ account: null }, async (visitor) => {
      const { page: browser, tasks, sent } = visitor;
      await browser.goto("/sign-up");
      await browser.getByLabel("Name").fill("Grace");
      await browser.getByLabel("Email").fill(`${randomUUID()}@example.com`);
      await browser.getByLabel("Password", { exact: true }).fill("correct horse battery");
      await browser.getByRole("button", { name: "Sign up" }).click();
      await browser.waitForURL("**/tasks");
      await tasks.ready();
      await tasks.add("From afar");
      await until("its creation", async () => (await sent("POST", "/api/tasks")[0]?.response())?.status() === 201);
      const { authorization, cookie } = await sent("POST", "/api/tasks")[0].allHeaders();
      const header = JSON.parse(Buffer.from(authorization.split(" ")[1].split(".")[0], "base64url"));
      assert.equal(header.alg, "HS256");
      assert.equal(cookie, undefined, "the session stays with the page's origin");
      await browser.reload();
      await tasks.row("From afar").waitFor();
    }),
  );

  it(
    "the whole lifecycle asks for leave at most once for each URL and method",
    visitSplit({}, async ({ page: browser, tasks, account, requests }) => {
      const { length: before } = await answered();
      await tasks.open();
      for (const title of ["one", "two", "three"]) await tasks.add(title);
      await until("three tasks", async () => (await account.tasks()).length === 3);
      for (const description of ["more", "and more"]) await tasks.edit("one", { description });
      await tasks.box("one").check();
      await tasks.box("one").uncheck();
      await tasks.press("Delete", "three");
      await browser.getByRole("button", { name: "Dismiss" }).click();
      await until("two tasks", async () => (await account.tasks()).length === 2);
      await tasks.open();
      assert.deepEqual(await tasks.titles(), ["two", "one"]);
      const seen = (await answered()).slice(before);
      const asked = calls(seen, "OPTIONS");
      console.log(`# leave was asked for ${asked.length} times: ${asked.join(", ")}`);
      const made = new Set(calls(requests.map(asLogged), "GET", "POST", "PUT", "PATCH", "DELETE"));
      for (const each of new Set(asked)) {
        const path = each.split(" ")[1];
        const methods = [...made].filter((call) => call.endsWith(` ${path}`)).length;
        assert.ok(asked.filter((other) => other === each).length <= methods, `${each}: ${asked.join(", ")}`);
      }
      assert.ok(asked.length > 0, "the origins differ");
    }),
  );

  it(
    "an API with another secret is told of politely, and not asked for ever",
    visitSplit({}, async ({ page: browser, tasks, account, allow, sent, count }) => {
      allow(/status of 401/);
      await account.add("Still there");
      const file = `${api.state}/tasklane.env`;
      const right = readFileSync(file, "utf8");
      await browser.clock.install();
      try {
        writeFileSync(file, `${right}BETTER_AUTH_SECRET=${"wrong".repeat(8)}\n`);
        await reload();
        await browser.goto("/tasks");
        await tasks.alert.filter({ hasText: "Your tasks could not be loaded" }).waitFor();
        await browser.clock.runFor(2 * minuteMs);
        assert.deepEqual([sent("GET", "/api/tasks").length, count("GET", "/api/auth/token")], [2, 1]);
        assert.equal(new URL(browser.url()).pathname, "/tasks", "signing in again would not help");
      } finally {
        writeFileSync(file, right);
        await reload();
      }
      await browser.getByRole("button", { name: "Try again" }).click();
      await tasks.row("Still there").waitFor();
    }),
  );

  it(
    "the API answers no other page",
    visitSplit({}, async ({ page: browser, account, another }) => {
      const elsewhere = page.url.replace("127.0.0.1", "localhost");
      const visitor = await another({ stack: page, account: null, origins: [api.url, elsewhere] });
      visitor.allow(/CORS policy|ERR_FAILED/);
      await visitor.page.goto(`${elsewhere}/sign-in`);
      const read = ([url, token]) =>
        fetch(url, { headers: { Authorization: `Bearer ${token}` } }).then(
          () => "read",
          () => "refused",
        );
      const given = [`${api.url}/api/tasks`, await account.token()];
      assert.equal(await visitor.page.evaluate(read, given), "refused");
      await browser.goto("/account");
      assert.equal(await browser.evaluate(read, given), "read");
    }),
  );

  it(
    "while the web app is away a page says so, and the API goes on",
    visitSplit({}, async ({ page: browser, tasks, account, allow }) => {
      allow(/status of 503/);
      await tasks.open();
      await account.tasks(); // with a token that it keeps
      process.kill(Number(readFileSync(`${page.state}/run/frontend.pid`, "utf8")), "SIGKILL");
      await until("its end", async () => (await request(page, "GET", "/api/auth/ok")).status >= 500);
      await tasks.add("All the same");
      await until("the task", async () => (await account.titles())[0] === "All the same");
      const answer = await browser.goto("/tasks");
      assert.equal(answer.status(), 503);
      assert.match(await browser.locator("body").innerText(), /Back in a moment/);
      await start("page", { environment: tokens }); // as an operator would: only what is missing is started
      await tasks.row("All the same").waitFor(); // that page looks again by itself
    }),
  );
});
