import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { parse } from "../src/server/config";
import { signWithSecret } from "../src/server/hs256";

const good = {
  DATABASE_URL: "postgresql://u:p@/tasks?host=/run/postgresql",
  BETTER_AUTH_SECRET: "0123456789abcdef0123456789abcdef",
  BETTER_AUTH_URL: "https://app.example.com",
};
const mistakes = (more: Record<string, string>) => parse({ ...good, ...more }).mistakes.join("\n");

test("a good configuration has no mistakes, and its defaults", () => {
  const { config, mistakes: none } = parse({ ...good, TASKLANE_API_URL: "https://api.example.com/" });
  assert.deepEqual(none, []);
  assert.deepEqual([config.apiOrigin, config.tokens], ["https://api.example.com", "jwks"]);
  assert.equal(parse({ ...good, TASKLANE_API_URL: good.BETTER_AUTH_URL }).config.apiOrigin, "");
});

test("every mistake is told at once, by name", () => {
  const told = parse({ TASKLANE_TOKENS: "both", TASKLANE_API_URL: "api" }).mistakes.join("\n");
  for (const name of [
    "DATABASE_URL",
    "BETTER_AUTH_SECRET",
    "BETTER_AUTH_URL",
    "TASKLANE_TOKENS",
    "TASKLANE_API_URL",
  ]) {
    assert.match(told, new RegExp(name));
  }
});

test("what cannot work is refused", () => {
  assert.match(mistakes({ BETTER_AUTH_SECRET: "short" }), /^BETTER_AUTH_SECRET has 5 bytes; at least 32 are needed/);
  assert.match(mistakes({ BETTER_AUTH_URL: "https://app.example.com/app" }), /without a path/);
  assert.match(mistakes({ TASKLANE_API_URL: "http://api.example.com" }), /refuse to mix/);
  assert.match(mistakes({ DATABASE_URL: "mysql://x" }), /postgresql:/);
});

test("secrets can come from files", () => {
  const folder = mkdtempSync(join(tmpdir(), "tasklane-web-"));
  try {
    const path = join(folder, "secret");
    writeFileSync(path, `${good.BETTER_AUTH_SECRET}\n`, { mode: 0o600 });
    const { BETTER_AUTH_SECRET: secret, ...rest } = good;
    assert.equal(parse({ ...rest, BETTER_AUTH_SECRET_FILE: path }).config.secret, secret);
    const beside = parse({ ...good, BETTER_AUTH_SECRET_FILE: path }).mistakes.join();
    assert.match(beside, /is set beside BETTER_AUTH_SECRET/);
    const absent = parse({ ...rest, BETTER_AUTH_SECRET_FILE: `${path}x` }).mistakes.join();
    assert.match(absent, /secretx: No such file or directory/);
    assert.match(parse({ ...rest, BETTER_AUTH_SECRET_FILE: "secret" }).mistakes.join(), /absolute path/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("versions of the secret can come from a file, too, and the first of them is the current one", () => {
  const folder = mkdtempSync(join(tmpdir(), "tasklane-web-"));
  const path = join(folder, "secrets");
  const { BETTER_AUTH_SECRET: old, ...rest } = good;
  const [newer, newest] = ["n".repeat(32), "m".repeat(32)];
  const used = (env: Record<string, string>) => {
    const { config, mistakes: told } = parse({ ...rest, ...env });
    return [config.secret, config.olderSecrets, config.firstSecret, told];
  };
  try {
    writeFileSync(path, `3:${newest}, 2:${newer}\r\n`, { mode: 0o600 });
    assert.deepEqual(used({ BETTER_AUTH_SECRETS_FILE: path }), [newest, [newer], newer, []]);
    const both = { BETTER_AUTH_SECRETS: `2:${newer}`, BETTER_AUTH_SECRET: old };
    assert.deepEqual(used(both), [newer, [old], old, []]);
    assert.deepEqual(used({ BETTER_AUTH_SECRET: old }), [old, [], old, []]);
    assert.deepEqual(parse({ ...rest, BETTER_AUTH_SECRET: old }).config.versions, []);
    assert.match(mistakes({ BETTER_AUTH_SECRETS: "2:short" }), /^BETTER_AUTH_SECRETS version 2 has 5 bytes; /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// tests/unit/base_secret_test.cpp has the same for the API.
test("a secret's file is read as the API reads it, or refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "tasklane-web-"));
  const { BETTER_AUTH_SECRET: secret, ...rest } = good;
  const read = (bytes: string | Uint8Array) => {
    const path = join(folder, "secret");
    writeFileSync(path, bytes, { mode: 0o600 });
    return parse({ ...rest, BETTER_AUTH_SECRET_FILE: path });
  };
  try {
    for (const around of ["", "\n", "\r\n", " \t\r\n\r\n"]) {
      assert.equal(read(`\ufeff${secret}${around}`).config.secret, secret);
      assert.equal(read(`${around}${secret}${around}`).config.secret, secret);
    }
    const wrong: [string | Uint8Array, RegExp][] = [
      [`${secret}\n${secret}\n`, /secret: has more than one line/],
      [Buffer.from(`${secret}\xff`, "latin1"), /secret: is not UTF-8/],
      [Buffer.from(`\ufeff${secret}`, "utf16le"), /secret: is UTF-16; save it as UTF-8/],
      [`${secret}\x1b`, /secret: holds a control character/],
      ["\ufeff \r\n", /secret: is empty/],
    ];
    for (const [bytes, said] of wrong) assert.match(read(bytes).mistakes.join("\n"), said);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a secret that others know is refused, without a word of it", () => {
  for (const known of [
    "better-auth-secret-12345678901234567890",
    "the-same-32-bytes-or-more-as-in-the-front-end",
    "please-CHANGE-me-before-production-0123",
    "your_secret_of_at_least_32_characters",
  ]) {
    assert.match(mistakes({ BETTER_AUTH_SECRET: known }), /^BETTER_AUTH_SECRET (is|looks like) .*openssl rand/);
    assert.ok(!mistakes({ BETTER_AUTH_SECRET: known }).includes(known));
  }
});

test("the origin is what a token says, however it is written", () => {
  for (const written of ["HTTPS://App.Example.com", "https://app.example.com:443/", "https://APP.example.com/"]) {
    assert.equal(parse({ ...good, BETTER_AUTH_URL: written }).config.origin, good.BETTER_AUTH_URL);
  }
});

test("HS256 is as RFC 7519 has it", () => {
  const [header, payload, signature] = signWithSecret({ sub: "ada" }, "secret").split(".");
  assert.equal(Buffer.from(header ?? "", "base64url").toString(), '{"alg":"HS256","typ":"JWT"}');
  assert.equal(Buffer.from(payload ?? "", "base64url").toString(), '{"sub":"ada"}');
  assert.match(signature ?? "", /^[\w-]{43}$/);
});

test("who may sign up, and mail, are optional and checked", () => {
  const { config } = parse(good);
  assert.deepEqual([config.signUp, config.mail], ["open", null]);
  const mail = { SMTP_URL: "smtps://u:p@mail.example.com", MAIL_FROM: "Tasklane <tasks@example.com>" };
  const { config: more, mistakes: none } = parse({ ...good, SIGN_UP: "invite", ...mail });
  assert.deepEqual(none, []);
  assert.deepEqual([more.signUp, more.mail], ["invite", { url: mail.SMTP_URL, from: mail.MAIL_FROM }]);
  assert.match(mistakes({ SIGN_UP: "maybe" }), /^SIGN_UP must be open, closed or invite$/);
  assert.match(mistakes({ SMTP_URL: mail.SMTP_URL }), /^MAIL_FROM is not set/);
  assert.match(mistakes({ MAIL_FROM: mail.MAIL_FROM }), /^SMTP_URL is not set/);
  assert.match(mistakes({ ...mail, SMTP_URL: "https://mail.example.com" }), /^SMTP_URL must be smtp:/);
  assert.match(mistakes({ ...mail, MAIL_FROM: "nobody" }), /^MAIL_FROM must be an address/);
});
