// Accounts and calls of the API without a browser: to prepare what a test is about, and to see what really happened.
import { randomInt, randomUUID } from "node:crypto";
import https from "node:https";

/** Sign-ups and sign-ins are limited by address: one of 127.0.0.0/8 that hardly anyone has used yet. */
export function newAddress() {
  return `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** {status, headers, text, json} of a request; bodies are sent as JSON. */
export function request(stack, method, path, { body, headers = {}, localAddress, url = stack.url } = {}) {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const type = payload === undefined ? {} : { "Content-Type": "application/json" };
  return new Promise((resolve, reject) => {
    const options = { method, localAddress, headers: { ...type, ...headers }, timeout: 20_000 };
    const sent = https.request(new URL(path, url), options, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        const json = /json/.test(answer.headers["content-type"] ?? "") && text ? JSON.parse(text) : undefined;
        resolve({ status: answer.statusCode, headers: answer.headers, text, json });
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer`)));
    sent.on("error", reject);
    sent.end(payload);
  });
}

/** The cookies that an answer sets, as Playwright takes them. */
function cookiesOf(stack, answer) {
  return answer.headers["set-cookie"].map((each) => {
    const [, key, value] = /^([^=]+)=([^;]*)/.exec(each);
    return { name: key, value, url: stack.url, secure: true, httpOnly: true, sameSite: "Lax" };
  });
}

export class Account {
  constructor(stack, fields) {
    Object.assign(this, { stack, apiUrl: stack.url, ...fields });
  }

  /** A new account, signed in. */
  static async create(stack, name = "Ada Lovelace") {
    const email = `${randomUUID()}@example.com`;
    const password = "correct horse battery";
    const localAddress = newAddress();
    const headers = { Origin: stack.url };
    const body = { name, email, password };
    const answer = await request(stack, "POST", "/api/auth/sign-up/email", { body, headers, localAddress });
    if (answer.status !== 200) throw new Error(`sign-up: ${answer.status} ${answer.text}`);
    const cookies = cookiesOf(stack, answer);
    return new Account(stack, { email, password, name, localAddress, cookies, id: answer.json.user.id });
  }

  /** The cookies of one more session. */
  async signInAgain(headers = {}) {
    const { stack, email, password, localAddress } = this;
    const how = { body: { email, password }, headers: { Origin: stack.url, ...headers }, localAddress };
    return cookiesOf(stack, await request(stack, "POST", "/api/auth/sign-in/email", how));
  }

  withCookies(cookies, path) {
    const headers = { Cookie: cookies.map((each) => `${each.name}=${each.value}`).join("; ") };
    return request(this.stack, "GET", path, { headers, localAddress: this.localAddress });
  }

  async token() {
    const answer = await this.withCookies(this.cookies, "/api/auth/token");
    if (answer.status !== 200) throw new Error(`token: ${answer.status} ${answer.text}`);
    return answer.json.token;
  }

  /** A call of the API with this account's token. */
  async call(method, path, body) {
    this.kept ??= await this.token();
    const headers = { Authorization: `Bearer ${this.kept}` };
    return request(this.stack, method, path, { body, headers, url: this.apiUrl });
  }

  async tasks() {
    const answer = await this.call("GET", "/api/tasks");
    if (answer.status !== 200) throw new Error(`list: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  async titles() {
    return (await this.tasks()).map((each) => each.title);
  }

  async add(title, more = {}) {
    const answer = await this.call("POST", "/api/tasks", { title, ...more });
    if (answer.status !== 201) throw new Error(`create: ${answer.status} ${answer.text}`);
    return answer.json;
  }
}
