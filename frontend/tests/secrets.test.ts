import assert from "node:assert/strict";
import test from "node:test";
import { readVersions, signCookie, signedValue } from "../src/server/secrets";

const newer = "n".repeat(32);
const old = "o".repeat(40);

test("versions are read in their order without blanks around them", () => {
  const both = [
    { version: 2, value: newer },
    { version: 1, value: old },
  ];
  const forms = [`2:${newer},1:${old}`, ` 2:${newer} , 1:${old}\t`, `2 : ${newer},\t1: ${old}`, `02:${newer},1:${old}`];
  for (const text of forms) assert.deepEqual(readVersions(text), { versions: both, mistakes: [] });
  assert.deepEqual(readVersions(`0:${newer}==:${old}`).versions, [{ version: 0, value: `${newer}==:${old}` }]);
});

// tests/unit/base_secret_versions_test.cpp has the same for the API.
test("versions are judged one by one", () => {
  const form = " must be VERSION:SECRET with a whole number as version; a secret in it has no comma";
  const few = " bytes; at least 32 are needed (openssl rand -base64 32 makes one)";
  const cases: [string, string][] = [
    [newer, `entry 1${form}`],
    [`2:${newer},`, `entry 2${form}`],
    [`2:${newer},,1:${old}`, `entry 2${form}`],
    [`-1:${newer}`, `entry 1${form}`],
    [`2x:${newer}`, `entry 1${form}`],
    [`:${newer}`, `entry 1${form}`],
    [`1234567890:${newer}`, `entry 1${form}`],
    [`2:${newer},1:${newer},${newer}`, `entry 3${form}`],
    [`2:${newer},1:short`, `version 1 has 5${few}`],
    [`2:,1:${old}`, `version 2 has 0${few}`],
    [`2:${newer},02:${old}`, "has version 2 twice"],
    [
      `2:better-auth-secret-12345678901234567890,1:${old}`,
      "version 2 is Better Auth's own published default; make another one: openssl rand -base64 32",
    ],
    [`1:short,1:${old},x`, `version 1 has 5${few}; has version 1 twice; entry 3${form}`],
  ];
  for (const [text, said] of cases) assert.equal(readVersions(text).mistakes.join("; "), said);
  const many = Array.from({ length: 8 }, (_, number) => `${number}:${newer}`).join(",");
  assert.deepEqual(readVersions(many).mistakes, []);
  assert.deepEqual(readVersions(`${many},99:${newer}`).mistakes, ["has more than 8 versions"]);
});

test("a cookie says something only if one of the secrets has signed it", () => {
  const cookie = signCookie("token", old);
  assert.match(cookie, /^token\.[\w+/]{43}=$/);
  assert.equal(signedValue(cookie, [newer, old]), "token");
  for (const [wrong, secrets] of [
    [cookie, []],
    [cookie, [newer]],
    [cookie.replace("token", "other"), [old]],
    [`${cookie}=`, [old]],
    [signCookie("", old), [old]],
    ["token", [old]],
    ["", [old]],
  ] as [string, string[]][]) {
    assert.equal(signedValue(wrong, secrets), null);
  }
});
