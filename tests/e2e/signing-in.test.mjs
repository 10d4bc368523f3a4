import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";
import { newAddress, request } from "./harness/account.mjs";
import { visit } from "./harness/visitor.mjs";

const password = "correct horse battery";
const triesMax = 20; // in a minute, from one address
const newEmail = () => `${randomUUID()}@example.com`;

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

async function signIn(page, { email, password: secret = password }) {
  await fill(page, { Email: email, Password: secret });
  await page.getByRole("button", { name: "Sign in" }).click();
}

describe("Signing in", { concurrency: 3 }, () => {
  it(
    "goes from sign-up to tasks, out, and in again",
    visit({ account: null }, async ({ page, tasks, context }) => {
      const email = newEmail();
      await page.goto("/");
      await page.waitForURL("**/sign-in?next=%2Ftasks");
      await page.getByRole("link", { name: "Sign up" }).click();
      await fill(page, { Name: "Grace Hopper", Email: email, Password: password });
      await page.getByRole("button", { name: "Sign up" }).click();
      await page.waitForURL("**/tasks");
      await tasks.ready();
      await page.getByRole("heading", { name: "Nothing to do yet" }).waitFor();
      await tasks.add("Write a compiler");
      await tasks.row("Write a compiler").waitFor();

      await page.getByRole("link", { name: "Account" }).click();
      await page.getByText(email).waitFor();
      await page.getByText("Grace Hopper").waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.waitForURL("**/sign-in");
      assert.deepEqual((await context.cookies()).filter((each) => /session/.test(each.name)), []);
      await page.goto("/tasks");
      await page.waitForURL("**/sign-in?next=%2Ftasks");

      await signIn(page, { email });
      await tasks.row("Write a compiler").waitFor();
    }),
  );

  it(
    "keeps the session from the page's scripts and from plain connections",
    visit({}, async ({ page, tasks, context }) => {
      await tasks.open();
      const cookies = await context.cookies();
      assert.ok(cookies.length > 0);
      assert.deepEqual(cookies.filter((each) => !each.httpOnly || !each.secure || each.sameSite !== "Lax"), []);
      const stored = await page.evaluate(() => [document.cookie, { ...localStorage }, { ...sessionStorage }]);
      assert.doesNotMatch(JSON.stringify(stored), /eyJ|session/, "no token is where a script or another tab finds it");
    }),
  );

  it(
    "does not say which of e-mail and password was wrong",
    visit({ account: null }, async ({ page, tasks, allow, another }) => {
      const { account } = await another();
      allow(/status of 401/);
      await page.goto("/sign-in");
      for (const [email, secret] of [[account.email, "not the password"], [newEmail(), password]]) {
        await signIn(page, { email, password: secret });
        await tasks.alert.waitFor();
        assert.equal(await tasks.alert.textContent(), "Email or password is not right.");
        assert.equal(new URL(page.url()).pathname, "/sign-in");
        assert.equal(await page.getByLabel("Email").inputValue(), email, "what was typed is kept");
        await page.reload();
      }
    }),
  );

  it(
    "refuses an e-mail that is in use, and a short password",
    visit({ account: null }, async ({ page, tasks, allow, another }) => {
      const { account } = await another();
      allow(/status of 422/);
      await page.goto("/sign-up");
      await fill(page, { Name: "Someone", Email: account.email, Password: "short" });
      await page.getByRole("button", { name: "Sign up" }).click();
      const missed = await page.getByLabel("Password", { exact: true }).evaluate((field) => field.validity.tooShort);
      assert.equal(missed, true, "the browser itself tells of a short password");
      await fill(page, { Password: password });
      await page.getByRole("button", { name: "Sign up" }).click();
      await tasks.alert.waitFor();
      assert.match(await tasks.alert.textContent(), /account with this email already/);
    }),
  );

  it(
    "comes back to the page that was asked for",
    visit({}, async ({ account, another }) => {
      const { page, tasks } = await another({ account: null });
      await page.goto("/tasks?status=completed");
      await page.waitForURL((url) => url.searchParams.get("next") === "/tasks?status=completed");
      await signIn(page, account);
      await page.waitForURL("**/tasks?status=completed");
      await tasks.ready();
      assert.equal(await tasks.filter("Completed").getAttribute("aria-pressed"), "true");
    }),
  );

  it(
    "never leads to another site, whatever is asked for",
    visit({ account: null }, async ({ page, tasks, stack, another }) => {
      const { account } = await another();
      const door = (next) => page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
      await door("https://evil.example");
      await signIn(page, account);
      await page.waitForURL(`${stack.url}/tasks`);
      // From here on the server sends on whoever is signed in.
      for (const evil of ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:0"]) {
        await door(evil);
        assert.equal(page.url(), `${stack.url}/tasks`, evil);
      }
      await tasks.ready();
    }),
  );

  it(
    "sends someone who is signed in on to their tasks",
    visit({}, async ({ page }) => {
      for (const path of ["/", "/sign-in", "/sign-up"]) {
        await page.goto(path);
        assert.equal(new URL(page.url()).pathname, "/tasks", path);
      }
    }),
  );

  it(
    "counts tries at a password by address, and believes nothing that a client says of its own",
    visit({}, async ({ account, stack }) => {
      const localAddress = newAddress();
      const statuses = [];
      for (let attempt = 0; attempt <= triesMax; attempt++) {
        const body = { email: account.email, password: `guess number ${attempt}` };
        const headers = { Origin: stack.url, "X-Forwarded-For": `203.0.113.${attempt}` };
        const how = { body, headers, localAddress };
        statuses.push((await request(stack, "POST", "/api/auth/sign-in/email", how)).status);
      }
      assert.deepEqual(statuses, [...Array(triesMax).fill(401), 429]);
    }),
  );
});
