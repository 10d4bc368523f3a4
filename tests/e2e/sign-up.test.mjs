import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { newAddress, request } from "./harness/account.mjs";
import { inspect } from "./harness/inspect.mjs";
import { freePort, start, stop } from "./harness/start.mjs";
import { until } from "./harness/until.mjs";
import { visit } from "./harness/visitor.mjs";

const password = "correct horse battery";
const fresh = "correct horse battery staple";
const newEmail = () => `${randomUUID()}@example.com`;

let invited;
let closed;

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

/** What users.mjs answers: {answer} or {sentence}. */
function users(stack, verb, asked) {
  const words = [`--env-file=${stack.state}/frontend.env`, "users.mjs", verb];
  return new Promise((resolve) => {
    const how = { cwd: `${stack.state}/frontend/app`, env: { PATH: process.env.PATH } };
    const child = execFile(process.execPath, words, how, (error, stdout, stderr) =>
      resolve(error ? { status: error.code, sentence: stderr.trim() } : { answer: JSON.parse(stdout) }),
    );
    child.stdin.end(JSON.stringify(asked));
  });
}

function signUp(stack, body) {
  const how = { body: { name: "Ada", password, ...body }, headers: { Origin: stack.url }, localAddress: newAddress() };
  return request(stack, "POST", "/api/auth/sign-up/email", how);
}

/** What the web app has told of an account. */
function audited(stack, id) {
  const lines = readFileSync(`${stack.state}/log/frontend.log`, "utf8").split("\n").filter((line) => line.includes('"audit"'));
  return lines.map((line) => JSON.parse(line)).filter((line) => line.user === id);
}

describe("Signing up", { concurrency: 3 }, () => {
  before(async () => {
    const make = async (way) => start(way, { port: await freePort(), environment: { SIGN_UP: way } });
    invited = await make("invite");
    closed = await make("closed");
  });
  after(async () => {
    await stop(invited);
    await stop(closed);
  });

  it("where it is closed, neither page nor server takes anybody, and no invitation is made", async (t) => {
    await visit({ stack: closed, account: null }, async ({ page }) => {
      await page.goto("/sign-in");
      await page.getByRole("button", { name: "Sign in" }).waitFor();
      assert.equal(await page.getByRole("link", { name: "Sign up" }).count(), 0);
      await page.goto("/sign-up");
      await page.getByRole("heading", { name: "No new accounts" }).waitFor();
      await inspect(page, "closed");
    })(t);
    const answer = await signUp(closed, { email: newEmail() });
    assert.deepEqual([answer.status, answer.json.code], [400, "SIGN_UP_CLOSED"]);
    assert.match((await users(closed, "invite", { email: newEmail() })).sentence, /^SIGN_UP is closed/);
  });

  it("with invitations, each is for one email and works once", async (t) => {
    const email = newEmail();
    const { answer } = await users(invited, "invite", { email: email.toUpperCase() });
    const { invitation } = Object.fromEntries(new URLSearchParams(new URL(answer.url).hash.slice(1)));
    const refused = [
      [{ email }, "INVITATION_NEEDED"],
      [{ email, invitation: "guessed" }, "INVITATION_INVALID"],
      [{ email: newEmail(), invitation }, "INVITATION_OF_ANOTHER"],
      [{ email, invitation, name: " " }, "NAME_IS_BLANK"],
      [{ email, invitation, password: "short" }, "PASSWORD_TOO_SHORT"],
    ];
    for (const [body, code] of refused) assert.equal((await signUp(invited, body)).json.code, code);
    await visit({ stack: invited, account: null }, async ({ page, tasks, allow }) => {
      allow(/status of 400/);
      await page.goto("/sign-up");
      await fill(page, { Name: "Ada", Email: email, Password: password });
      await page.getByRole("button", { name: "Sign up" }).click();
      await tasks.alert.filter({ hasText: "Signing up here needs an invitation." }).waitFor();
      await page.goto("about:blank");
      await page.goto(answer.url);
      await until("the email of the invitation", async () => (await page.getByLabel("Email").inputValue()) === email.toUpperCase());
      await fill(page, { Name: "Ada", Password: password });
      await page.getByRole("button", { name: "Sign up" }).click();
      await page.waitForURL("**/tasks");
      await tasks.ready();
    })(t);
    assert.equal((await signUp(invited, { email, invitation })).json.code, "INVITATION_INVALID");
    assert.match((await users(invited, "invite", { email })).sentence, /^there is a user with this email already$/);
  });

  it("an operator finds, lists, signs out and deletes users, and makes a link for a new password", async (t) => {
    await visit({}, async ({ page, tasks, account, stack, another, allow }) => {
      allow(/status of 400/);
      const { id, email } = account;
      const found = (await users(stack, "find", { email: email.toUpperCase() })).answer.user;
      assert.deepEqual([found.id, found.email, found.name, found.emailVerified], [id, email, account.name, false]);
      assert.deepEqual((await users(stack, "find", { id })).answer.user, found);
      const first = (await users(stack, "list", { limit: 1 })).answer.users;
      const next = (await users(stack, "list", { limit: 1, after: first[0].id })).answer.users;
      assert.ok(first.length === 1 && next.length === 1 && next[0].id > first[0].id);
      const { answer } = await users(stack, "reset-link", { email });
      const visitor = await another({ account: null });
      await visitor.page.goto(answer.url);
      await fill(visitor.page, { "New password": fresh });
      await visitor.page.getByRole("button", { name: "Save password" }).click();
      await visitor.page.getByRole("status").filter({ hasText: "Your password is changed" }).waitFor();
      await page.goto("/account");
      await page.waitForURL("**/sign-in?next=%2Faccount");
      await fill(page, { Email: email, Password: fresh });
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL("**/account");
      assert.equal((await users(stack, "sign-out", { id })).answer.ended, 1);
      await page.reload();
      await page.waitForURL("**/sign-in?next=%2Faccount");
      assert.deepEqual((await users(stack, "delete", { id })).answer, { deleted: true });
      assert.deepEqual((await users(stack, "find", { id })).answer, { user: null });
      assert.deepEqual(await users(stack, "delete", { id }), { status: 1, sentence: "there is no such user" });
      assert.equal(await tasks.alert.count(), 0);
    })(t);
  });

  it("without mail the page says whom to ask", async (t) => {
    await visit({ account: null }, async ({ page }) => {
      await page.goto("/sign-in");
      await page.getByRole("link", { name: "Forgot your password?" }).click();
      await page.getByText("Ask the people who run it").waitFor();
      await page.waitForFunction(() => document.title.startsWith("Forgot")); // it comes on its own
      await inspect(page, "forgotten password, without mail");
    })(t);
  });

  it("an email is one, however it is written, and a common password or a blank name none", async (t) => {
    await visit({}, async ({ account, stack }) => {
      const twice = await signUp(stack, { email: account.email.toUpperCase() });
      assert.deepEqual([twice.status, twice.json.code], [422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"]);
      const refused = [
        [{ name: " \u200b\u3000" }, "NAME_IS_BLANK"],
        [{ name: "x".repeat(101) }, "NAME_TOO_LONG"],
        [{ password: "PASSWORD123" }, "PASSWORD_TOO_COMMON"],
        [{ password: "ninechars" }, "PASSWORD_TOO_SHORT"],
      ];
      for (const [body, code] of refused) assert.equal((await signUp(stack, { email: newEmail(), ...body })).json.code, code);
    })(t);
  });

  it("a password manager is led to the form, and comes back to it from the sign-in page", async (t) => {
    await visit({}, async ({ page, account, another }) => {
      const path = "/.well-known/change-password";
      await page.goto(path);
      await page.getByRole("form", { name: "Change your password" }).waitFor();
      const visitor = await another({ account: null });
      await visitor.page.goto(path);
      await fill(visitor.page, { Email: account.email, Password: password });
      await visitor.page.getByRole("button", { name: "Sign in" }).click();
      await visitor.page.getByRole("form", { name: "Change your password" }).waitFor();
    })(t);
  });

  it("what happens to an account is told in lines without a secret", async (t) => {
    await visit({}, async ({ page, account, stack, allow }) => {
      allow(/status of 40[01]/);
      const how = { body: { email: account.email, password: "a guess of mine" }, headers: { Origin: stack.url } };
      await request(stack, "POST", "/api/auth/sign-in/email", { ...how, localAddress: account.localAddress });
      await account.signInAgain();
      await page.goto("/account?change=password");
      await fill(page, { "Current password": password, "New password": fresh });
      await page.getByRole("button", { name: "Change password" }).last().click();
      await page.getByRole("status").filter({ hasText: "Your password is changed." }).waitFor();
      await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export as JSON" }).click()]);
      await page.getByRole("button", { name: "Delete account…" }).click();
      await page.getByLabel("Password", { exact: true }).fill(fresh);
      await page.getByRole("button", { name: "Delete account and tasks" }).click();
      await page.waitForURL("**/sign-up");
      const lines = await until("the trail's end", () => {
        const told = audited(stack, account.id);
        return told.at(-1)?.audit === "user_deleted" && told;
      });
      const events = ["user_signed_up", "sign_in_failed", "user_signed_in", "password_changed", "user_exported", "user_deleted"];
      assert.deepEqual(lines.map((line) => line.audit), events);
      for (const line of lines) {
        assert.deepEqual(Object.keys(line), ["time", "audit", "user", "by", "from"]);
        assert.match(line.from, /^127\./);
      }
      assert.ok(lines.slice(0, 3).every((line) => line.from === account.localAddress));
    })(t);
  });
});
