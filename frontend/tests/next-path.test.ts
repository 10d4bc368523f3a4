import assert from "node:assert/strict";
import test from "node:test";
import { safeNext } from "../src/client/next-path";

test("a path of this origin is kept, with its query", () => {
  assert.equal(safeNext("/tasks?status=active"), "/tasks?status=active");
  assert.equal(safeNext("/account"), "/account");
});

test("whatever leads to another origin becomes the task page", () => {
  const elsewhere = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "javascript:alert(1)",
    "evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "",
    null,
    undefined,
  ];
  for (const wanted of elsewhere) assert.equal(safeNext(wanted), "/tasks", String(wanted));
});

test("no one is sent from signing in to signing in, nor to the API", () => {
  for (const wanted of [
    "/",
    "/sign-in",
    "/sign-in?next=/tasks",
    "/sign-up",
    "/api/auth/sign-out",
    "/x/../sign-in",
  ]) {
    assert.equal(safeNext(wanted), "/tasks", wanted);
  }
});
