import assert from "node:assert/strict";
import test from "node:test";
import { AccountChanged, TokenSource } from "../src/client/token";

function token(sub: string, iat: number, exp: number): string {
  return `h.${Buffer.from(JSON.stringify({ sub, iat, exp, name: "Ünïcode" })).toString("base64url")}.s`;
}

function source(first: string | null, subject = "ada") {
  const state = { time: 0, asked: 0 };
  const ask = async () => token(subject, 1_000_000, 1_000_900 + state.asked++);
  return { state, tokens: new TokenSource(ask, "ada", () => state.time, first) };
}

test("the token that came with the page is used until a minute before its end, whatever the clocks say", async () => {
  const first = token("ada", 5_000, 5_900);
  const { state, tokens } = source(first);
  assert.equal(await tokens.get(), first);
  state.time = 839_000;
  assert.equal(await tokens.get(), first);
  state.time = 841_000;
  assert.notEqual(await tokens.get(), first);
  assert.equal(state.asked, 1);
});

test("callers that come together wait for one new token", async () => {
  const { state, tokens } = source(null);
  const [one, other] = await Promise.all([tokens.get(), tokens.get()]);
  assert.equal(one, other);
  assert.equal(state.asked, 1);
});

test("a refused token is not given out again, and a newer one is not thrown away with it", async () => {
  const first = token("ada", 0, 900);
  const { tokens } = source(first);
  tokens.refuse(first);
  const second = await tokens.get();
  assert.notEqual(second, first);
  tokens.refuse(first);
  assert.equal(await tokens.get(), second);
});

test("a token of another account is not used", async () => {
  const { tokens } = source(null, "grace");
  await assert.rejects(tokens.get(), AccountChanged);
});

test("after a failure the next caller asks again", async () => {
  let calls = 0;
  const ask = async () => {
    if (++calls === 1) throw new Error("away");
    return token("ada", 0, 900);
  };
  const tokens = new TokenSource(ask, "ada", () => 0, null);
  await assert.rejects(tokens.get(), /away/);
  assert.equal(await tokens.get(), token("ada", 0, 900));
});
