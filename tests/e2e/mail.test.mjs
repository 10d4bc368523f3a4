import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { newAddress, request } from "./harness/account.mjs";
import { inspect } from "./harness/inspect.mjs";
import { linkIn, Mailbox } from "./harness/mailbox.mjs";
import { freePort, start, stop } from "./harness/start.mjs";
import { visit } from "./harness/visitor.mjs";

const password = "correct horse battery";
const fresh = "correct horse battery staple";
const newEmail = () => `${randomUUID()}@example.com`;
const status = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();

let stack;
let mailbox;

async function fill(page, fields) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
}

async function signUp(page, email, name = "Ada Lovelace") {
  await page.goto("/sign-up");
  await fill(page, { Name: name, Email: email, Password: password });
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
}

async function signIn(page, email, secret) {
  await page.goto("/sign-in");
  await fill(page, { Email: email, Password: secret });
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function confirm(page, subject, email) {
  await page.goto(linkIn(await mailbox.message(email, subject)));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL("**/account");
}

/** A person whose email is confirmed, on their account page. */
async function join(page, name) {
  const email = newEmail();
  await signUp(page, email, name);
  await confirm(page, /Confirm your email/, email);
  return email;
}

/** No log has a secret of any link that was sent. */
function assertNotLogged() {
  const folder = `${stack.state}/log`;
  const logs = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, "utf8")).join("\n");
  for (const message of mailbox.all()) {
    const secret = new URL(/^https:\S+$/m.exec(message.text)[0]).hash.slice(1);
    assert.ok(secret === "" || !logs.includes(secret), message.subject);
  }
}

describe("With mail", { concurrency: 3 }, () => {
  before(async () => {
    mailbox = await Mailbox.open();
    stack = await start("mail", { port: await freePort(), environment: mailbox.environment });
  });
  after(async () => {
    assertNotLogged();
    await stop(stack);
    mailbox.close();
  });
  const visitMail = (steps) => (t) => visit({ stack, account: null }, steps)(t);

  it(
    "a new account begins with the link in a mail, as text and HTML, which works once",
    visitMail(async ({ page, tasks, allow, another }) => {
      allow(/status of 40[03]/);
      const email = newEmail();
      await signUp(page, email, "Ada <b>Lovelace</b>");
      await inspect(page, "after signing up");
      await signIn(page, email, password);
      await tasks.alert.filter({ hasText: "Confirm your email first" }).waitFor();
      const message = await mailbox.message(email, /Confirm your email/);
      assert.equal(message.from, "Tasklane <tasks@example.com>");
      assert.match(message.text, /^Hello Ada <b>Lovelace<\/b>,/);
      assert.match(message.html, /Hello Ada &lt;b&gt;Lovelace&lt;\/b&gt;,/);
      const link = linkIn(message);
      await page.goto(link);
      await inspect(page, "confirming an email");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.waitForURL("**/account");
      await page.getByText(email).waitFor();
      const { page: other, tasks: otherTasks, allow: otherAllow } = await another({ stack, account: null });
      otherAllow(/status of 400/);
      await other.goto(link);
      await other.getByRole("button", { name: "Confirm" }).click();
      await otherTasks.alert.filter({ hasText: "This link has been used or has expired." }).waitFor();
    }),
  );

  it(
    "signing up with an email in use says the same, and its owner is told",
    visitMail(async ({ page, another }) => {
      const email = await join(page);
      const { page: other } = await another({ stack, account: null });
      await signUp(other, email.toUpperCase());
      const { text } = await mailbox.message(email, /have a Tasklane account already/);
      assert.ok(text.includes(`${stack.url}/sign-in`));
    }),
  );

  it(
    "a forgotten password is replaced by a link that works once, and ends every session",
    visitMail(async ({ page, tasks, another, allow }) => {
      const email = await join(page);
      const visitor = await another({ stack, account: null });
      visitor.allow(/status of 40[01]/);
      allow(/status of 401/);
      const other = visitor.page;
      await other.goto("/sign-in");
      await other.getByRole("link", { name: "Forgot your password?" }).click();
      await other.getByRole("button", { name: "Send a link" }).waitFor();
      await other.waitForFunction(() => document.title.startsWith("Forgot")); // it comes on its own
      await inspect(other, "forgotten password");
      const unknown = newEmail();
      const texts = [];
      for (const each of [unknown, email]) {
        await other.goto("/forgot-password");
        await fill(other, { Email: each });
        await other.getByRole("button", { name: "Send a link" }).click();
        await status(other, each);
        texts.push((await other.getByRole("status").textContent()).replace(each, ""));
      }
      assert.equal(texts[0], texts[1], "it does not say whether there is such an account");
      const link = linkIn(await mailbox.message(email, /new password/));
      await other.goto(link);
      await fill(other, { "New password": "1234567890" });
      await other.getByRole("button", { name: "Save password" }).click();
      await visitor.tasks.alert.filter({ hasText: "Too many people have this password." }).waitFor();
      await inspect(other, "choosing a new password");
      await fill(other, { "New password": fresh });
      await other.getByRole("button", { name: "Save password" }).click();
      await status(other, "Your password is changed");
      assert.equal(new URL(other.url()).hash, "");
      await page.goto("/account");
      await page.waitForURL("**/sign-in?next=%2Faccount");
      await signIn(page, email, password);
      await tasks.alert.filter({ hasText: "Email or password is not right." }).waitFor();
      await signIn(page, email, fresh);
      await page.waitForURL("**/tasks");
      await other.goto("about:blank"); // or a new # would not load the page anew
      await other.goto(link);
      await fill(other, { "New password": `${fresh}!` });
      await other.getByRole("button", { name: "Save password" }).click();
      await visitor.tasks.alert.filter({ hasText: "This link has been used or has expired." }).waitFor();
      assert.deepEqual(mailbox.all().filter((each) => each.to === unknown), []);
    }),
  );

  it(
    "a link is good for an hour",
    visitMail(async ({ page, tasks, allow }) => {
      allow(/status of 400/);
      const email = await join(page);
      await page.goto("/forgot-password");
      await fill(page, { Email: email });
      await page.getByRole("button", { name: "Send a link" }).click();
      const link = linkIn(await mailbox.message(email, /new password/));
      const [left] = await stack.sql(`SELECT extract(epoch FROM "expiresAt" - now())::int FROM verification
        WHERE identifier = 'reset-password:${new URL(link).hash.slice(1)}'`);
      assert.ok(Number(left) > 3_500 && Number(left) <= 3_600, left);
      await stack.sql(`UPDATE verification SET "expiresAt" = now() - interval '1 second'
        WHERE identifier = 'reset-password:${new URL(link).hash.slice(1)}'`);
      await page.goto(link);
      await fill(page, { "New password": fresh });
      await page.getByRole("button", { name: "Save password" }).click();
      await tasks.alert.filter({ hasText: "This link has been used or has expired." }).waitFor();
    }),
  );

  it(
    "the email changes once both addresses have agreed",
    visitMail(async ({ page }) => {
      const email = await join(page);
      const next = newEmail();
      await page.goto("/account");
      await page.getByRole("button", { name: "Change email" }).click();
      await fill(page, { "New email": next });
      await page.getByRole("button", { name: "Send a link" }).click();
      await status(page, `A mail to ${email} asks whether this is you.`);
      await confirm(page, /Change the email/, email);
      await page.getByText(email).waitFor();
      await confirm(page, /Confirm your email/, next);
      await page.getByText(next).waitFor();
      assert.deepEqual(await stack.sql(`SELECT email, "emailVerified" FROM "user" WHERE email IN ('${email}', '${next}')`), [`${next}|t`]);
    }),
  );

  it("no address takes the secret of a link", async () => {
    for (const path of ["/api/auth/verify-email?token=x", "/api/auth/reset-password/x?callbackURL=%2F"])
      assert.equal((await request(stack, "GET", path, { localAddress: newAddress() })).status, 404, path);
  });

  it(
    "a mail server that is away keeps nobody waiting, and the log says so without the link",
    visitMail(async ({ page }) => {
      const email = newEmail();
      const { server } = mailbox;
      server.kill("SIGSTOP");
      try {
        await signUp(page, email);
      } finally {
        server.kill("SIGCONT");
      }
      await confirm(page, /Confirm your email/, email);
    }),
  );
});
