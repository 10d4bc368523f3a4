import assert from "node:assert/strict";
import test from "node:test";
import { hostsOf, mistakeIn, parametersOf } from "../src/server/database-url";

// tests/system/test_database_urls.py tries whole URLs against servers, and every sentence against tasklane check.

const none = { HOME: "/nonexistent" };
const read = (rest: string, env = {}) => parametersOf(`postgresql://${rest}`, { ...none, ...env });
const hosts = (rest: string) =>
  hostsOf(read(rest)).map(({ name, address, port }) => `${name}|${address}|${port}`);

test("each part of a URL is decoded by itself", () => {
  const parameters = read("u%40x:p%2F%3A%40%23%3F%25+%20%C3%A9@h/d%2Fe?application_name=a%26b%3Dc");
  const said = ["user", "password", "dbname", "application_name"].map((name) => parameters.get(name));
  assert.deepEqual(said, ["u@x", "p/:@#?%+ é", "d/e", "a&b=c"]);
});

test("hosts are a list, with a port each or one for all", () => {
  assert.deepEqual(hosts("u@a:1,b,[::1]:3/d"), ["a||1", "b||5432", "::1||3"]);
  assert.deepEqual(hosts("u@a,b/d?port=7"), ["a||7", "b||7"]);
  assert.deepEqual(hosts("u@a,b/d?hostaddr=10.0.0.1,10.0.0.2"), ["a|10.0.0.1|5432", "b|10.0.0.2|5432"]);
  assert.deepEqual(hosts("/d?hostaddr=10.0.0.1"), ["|10.0.0.1|5432"]);
});

test("a unix socket's folder is a host", () => {
  assert.deepEqual(hosts("u@%2Frun%2Fpg:1/d"), ["/run/pg||1"]);
  assert.deepEqual(hosts("/d?host=/run/pg,/run/two"), ["/run/pg||5432", "/run/two||5432"]);
  assert.deepEqual(hosts("/d?user=u"), ["||5432"]);
});

test("what is said last counts, the environment for what is not said, and then libpq's defaults", () => {
  assert.equal(read("u@h/d?dbname=e&dbname=f").get("dbname"), "f");
  assert.equal(read("u@h").get("dbname"), "u");
  assert.equal(read("u@h/d?sslmode=", { PGSSLMODE: "require" }).get("sslmode"), "require");
  assert.equal(read("u@h/d?sslmode=prefer", { PGSSLMODE: "require" }).get("sslmode"), "prefer");
  assert.equal(read("u@h/d?ssl=true").get("sslmode"), "require");
});

test("of several hosts the one that takes writes, unless another is asked for", () => {
  assert.equal(read("u@a,b/d").get("target_session_attrs"), "read-write");
  assert.equal(read("u@a/d").get("target_session_attrs"), "any");
  assert.equal(read("u@a,b/d?target_session_attrs=any").get("target_session_attrs"), "any");
});

test("the system's authorities go with a certificate that is verified", () => {
  assert.equal(mistakeIn("postgresql://u@h/d?sslrootcert=system", none), "");
  assert.equal(mistakeIn("postgresql://u@h/d?sslrootcert=system&sslmode=verify-full", none), "");
  assert.match(
    mistakeIn("postgresql://u@h/d?sslrootcert=system&sslmode=require", none),
    /needs sslmode=verify-full/,
  );
});

test("no sentence holds a word of the URL", () => {
  for (const url of [
    "u:hunter2/x@h/d",
    "u:hunter2@h:hunter2/d",
    "u@h/d?password=a&hunter2=1",
    "u:%hunter2@h",
  ]) {
    const said = mistakeIn(`postgresql://${url}`, none);
    assert.ok(said !== "" && !said.includes("hunter2"), `${url}: ${said}`);
  }
});
