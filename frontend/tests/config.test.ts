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
  assert.match(mistakes({ BETTER_AUTH_SECRET: "short" }), /shorter than 32 bytes/);
  assert.match(mistakes({ BETTER_AUTH_URL: "https://app.example.com/app" }), /without a path/);
  assert.match(mistakes({ TASKLANE_API_URL: "http://api.example.com" }), /refuse to mix/);
  assert.match(mistakes({ DATABASE_URL: "mysql://x" }), /postgresql:/);
});

test("secrets can come from files", () => {
  const folder = mkdtempSync(join(tmpdir(), "tasklane-web-"));
  try {
    const path = join(folder, "secret");
    writeFileSync(path, `${good.BETTER_AUTH_SECRET}\n`);
    const { BETTER_AUTH_SECRET: secret, ...rest } = good;
    assert.equal(parse({ ...rest, BETTER_AUTH_SECRET_FILE: path }).config.secret, secret);
    assert.match(parse({ ...good, BETTER_AUTH_SECRET_FILE: path }).mistakes.join(), /both set/);
    assert.match(parse({ ...rest, BETTER_AUTH_SECRET_FILE: `${path}x` }).mistakes.join(), /ENOENT/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("HS256 is as RFC 7519 has it", () => {
  const [header, payload, signature] = signWithSecret({ sub: "ada" }, "secret").split(".");
  assert.equal(Buffer.from(header ?? "", "base64url").toString(), '{"alg":"HS256","typ":"JWT"}');
  assert.equal(Buffer.from(payload ?? "", "base64url").toString(), '{"sub":"ada"}');
  assert.match(signature ?? "", /^[\w-]{43}$/);
});
