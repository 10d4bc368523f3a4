// A person with a browser of their own. Whatever no page should ever do fails the test: an error on the console, a
// violation of the Content-Security-Policy, an exception, a request to another host.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { Account } from "./account.mjs";
import { shared } from "./stack.mjs";
import { TaskPage } from "./task-page.mjs";

const actionTimeoutMs = 20_000;
let browser;

// One Chromium for all tests. It trusts the stack's own certificate: with errors merely ignored, it would cache nothing.
function launched() {
  browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [`--ignore-certificate-errors-spki-list=${shared.certificateKey}`, "--disable-dev-shm-usage"],
  });
  return browser;
}
after(async () => (await browser)?.close());

export class Visitor {
  /** `origins`: where the pages may send requests to, besides the stack's own. */
  static async arrive({ stack = shared, account, origins = [], ...options } = {}) {
    const context = await (await launched()).newContext({
      baseURL: stack.url,
      viewport: { width: 1280, height: 800 },
      reducedMotion: "reduce",
      ...options,
    });
    context.setDefaultTimeout(actionTimeoutMs);
    const visitor = new Visitor();
    Object.assign(visitor, { stack, account, context, offences: [], allowed: [], requests: [] });
    visitor.watch([stack.url, ...origins]);
    if (account) await context.addCookies(account.cookies);
    visitor.page = await context.newPage();
    visitor.tasks = new TaskPage(visitor.page);
    return visitor;
  }

  watch(origins) {
    const offend = (what) => this.offences.push(what);
    this.context.on("console", (message) => {
      if (message.type() === "error") offend(`console: ${message.text()} (${message.location().url})`);
    });
    this.context.on("weberror", (error) => offend(`exception: ${error.error().stack ?? error.error()}`));
    this.context.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      this.requests.push(request);
      if (/^(https?|wss?):$/.test(protocol) && !origins.includes(origin)) offend(`another host: ${request.url()}`);
    });
  }

  /** What this test provokes: offences that match are none. */
  allow = (...patterns) => this.allowed.push(...patterns);

  /** How often a method and path was asked for so far. */
  count = (method, path) => this.sent(method, path).length;

  sent = (method, path) =>
    this.requests.filter((each) => each.method() === method && new URL(each.url()).pathname === path);

  /** The page's looks for its session find it alive, as before they are due: what tells of its end is something else. */
  async sessionSeemsAlive() {
    const json = { user: { id: this.account.id } };
    await this.page.route("**/api/auth/get-session?*", (route) => route.fulfill({ json }));
  }

  assertClean() {
    const left = this.offences.filter((each) => !this.allowed.some((pattern) => pattern.test(each)));
    assert.deepEqual(left, []);
  }
}

/**
 * A test's body with a visitor: signed in with a new account, unless `options.account` is null. `another(options)`
 * makes further ones. Of a failed test, TASKLANE_KEEP=1 keeps pictures in the state's folder.
 */
export function visit(options, steps) {
  return async (t) => {
    const visitors = [];
    const another = async (more = {}) => {
      const stack = more.stack ?? shared;
      const account = more.account === undefined ? await Account.create(stack) : more.account;
      visitors.push(await Visitor.arrive({ ...more, stack, account }));
      return visitors.at(-1);
    };
    try {
      const visitor = await another(options);
      await steps(Object.assign(visitor, { another }));
      for (const each of visitors) each.assertClean();
    } catch (error) {
      await picture(visitors, t.name);
      const offences = visitors.flatMap((each) => each.offences);
      if (offences.length > 0 && error.code !== "ERR_ASSERTION") error.message += `\n${offences.join("\n")}`;
      throw error;
    } finally {
      for (const { context } of visitors) await context.close();
    }
  };
}

async function picture(visitors, name) {
  if (process.env.TASKLANE_KEEP !== "1") return;
  const folder = `${shared.state}/pictures`;
  mkdirSync(folder, { recursive: true });
  for (const [index, { page }] of visitors.entries()) {
    const path = `${folder}/${name.replace(/\W+/g, "-")}-${index}.png`;
    await page.screenshot({ path, fullPage: true, timeout: 5_000 }).catch(() => {});
  }
}
