import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it } from "node:test";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const tokenPath = "/api/auth/token";
const minuteMs = 60_000;
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token that was good until a minute ago, signed with the secret that the API shares. */
function expired(stack, account) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: account.id, iat: now - 960, exp: now - 60, iss: stack.url, aud: stack.url };
  const signed = `${base64url({ alg: "HS256" })}.${base64url(claims)}`;
  return `${signed}.${createHmac("sha256", stack.settings.BETTER_AUTH_SECRET).update(signed).digest("base64url")}`;
}

async function signInAgain(page, { email, password }) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

describe("Tokens and sessions", { concurrency: 3 }, () => {
  it(
    "one token serves for its life and is renewed before it ends",
    visit({}, async ({ page, tasks, count, account }) => {
      await page.clock.install();
      await tasks.open();
      for (const title of ["one", "two", "three"]) await tasks.add(title);
      await until("three tasks", async () => (await account.tasks()).length === 3);
      assert.equal(count("GET", tokenPath), 0, "the first token comes along with the page");
      await page.clock.fastForward(14.5 * minuteMs);
      await tasks.add("four");
      await tasks.add("five");
      await until("five tasks", async () => (await account.tasks()).length === 5);
      assert.equal(count("GET", tokenPath), 1, "calls that come together wait for one token");
    }),
  );

  it(
    "a token that the API refuses as expired is renewed once, unseen",
    visit({}, async ({ page, tasks, account, stack, count, sent, allow }) => {
      allow(/status of 401/);
      const old = expired(stack, account);
      await page.route("**/tasks", async (route) => {
        const answer = await route.fetch();
        const body = (await answer.text()).replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, old);
        return route.fulfill({ response: answer, body });
      });
      await tasks.open();
      const [first, second, ...more] = sent("GET", "/api/tasks");
      assert.equal((await first.allHeaders()).authorization, `Bearer ${old}`, "the page was given the old token");
      assert.equal((await first.response()).status(), 401);
      assert.match((await first.response()).headers()["www-authenticate"], /invalid_token/);
      assert.equal((await second.response()).status(), 200);
      assert.deepEqual(more, []);
      assert.equal(count("GET", tokenPath), 1);
      assert.equal(await tasks.message.count(), 0);
    }),
  );

  it(
    "an API that refuses every token is asked twice, then the page says so and stays",
    visit({}, async ({ page, tasks, count, allow }) => {
      allow(/status of 401/);
      await page.clock.install();
      const detail = "The token's signature does not verify";
      await page.route("**/api/tasks", (route) => route.fulfill({ status: 401, json: { detail, status_code: 401 } }));
      await page.goto("/tasks");
      await tasks.alert.filter({ hasText: "could not be loaded" }).waitFor();
      await page.clock.runFor(2 * minuteMs);
      assert.equal(count("GET", "/api/tasks"), 2);
      assert.equal(count("GET", tokenPath), 1);
      assert.equal(new URL(page.url()).pathname, "/tasks");
    }),
  );

  it(
    "a session that has ended leads to the sign-in page and back, and what was under way is not lost",
    visit({}, async (visitor) => {
      const { page, tasks, account, stack, allow } = visitor;
      allow(/status of 401/);
      await account.add("Before");
      await account.add("Besides");
      await visitor.sessionSeemsAlive();
      await page.clock.install();
      await tasks.open("/tasks?status=active");
      await stack.sql(`DELETE FROM session WHERE "userId" = '${account.id}'`);
      await page.clock.fastForward(16 * minuteMs);
      await tasks.box("Before").click();
      await page.waitForURL((url) => url.searchParams.get("next") === "/tasks?status=active");
      await signInAgain(page, account);
      await page.waitForURL("**/tasks?status=active");
      await tasks.row("Besides").waitFor();
      await until("the completion", async () => (await account.tasks()).find(({ title }) => title === "Before").completed);
      await tasks.box("Before").waitFor({ state: "detached" });
    }),
  );

  it(
    "a page that is opened after the session has ended is the sign-in page, and then that page",
    visit({}, async ({ page, account, stack }) => {
      await page.goto("/account");
      await stack.sql(`DELETE FROM session WHERE "userId" = '${account.id}'`);
      await page.reload();
      await page.waitForURL("**/sign-in?next=%2Faccount");
      await signInAgain(page, account);
      await page.waitForURL("**/account");
      await page.getByText(account.email).waitFor();
    }),
  );

  it(
    "tokens come from Better Auth's keys, for this page and the API that has its origin",
    visit({}, async ({ account, stack }) => {
      const [header, claims] = (await account.token()).split(".").map((part) => Buffer.from(part, "base64url"));
      const { alg, kid } = JSON.parse(header);
      assert.equal(alg, "EdDSA");
      const known = await stack.sql(`SELECT count(*) FROM jwks WHERE id = '${kid}'`);
      assert.deepEqual(known, ["1"]);
      const { sub, iss, aud, iat, exp } = JSON.parse(claims);
      assert.deepEqual([sub, iss, aud, exp - iat], [account.id, stack.url, stack.url, 900]);
      assert.equal(stack.settings.AUTH_ISSUER, stack.url);
      assert.equal(stack.settings.AUTH_AUDIENCE, stack.url);
    }),
  );
});
