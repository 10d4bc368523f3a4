import assert from "node:assert/strict";
import test from "node:test";
import { isCommon } from "../src/server/common-passwords";
import { deviceOf } from "../src/server/devices";
import { changeLetter, html, plainText, resetLetter } from "../src/server/letters";

test("passwords that many people have are known, in whatever case", () => {
  for (const password of [
    "1234567890",
    "PASSWORD123",
    "passwordpassword",
    "aaaaaaaaaaaa",
    "abababababab",
    "qwertyuiop",
  ])
    assert.equal(isCommon(password), true, password);
  for (const password of ["correct horse battery", "kP3v!x9LmQ2r", "grüne Wiese 17"])
    assert.equal(isCommon(password), false, password);
});

test("a session's device is told in plain words", () => {
  const agents: Record<string, string> = {
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36":
      "Chrome on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0":
      "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E Safari/604":
      "Safari on iPhone",
    "Mozilla/5.0 (Android 15; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0": "Firefox on Android",
    "curl/8.14.1": "curl",
    "": "Unknown device",
  };
  for (const [agent, device] of Object.entries(agents)) assert.equal(deviceOf(agent), device);
  assert.equal(deviceOf(null), "Unknown device");
});

test("a letter says the same as text and as HTML, and what people call themselves is no markup", () => {
  const url = "https://app.example.com/reset-password#secret";
  const letter = resetLetter('<b>"Ada"</b>', url);
  assert.match(plainText(letter), /Hello <b>"Ada"<\/b>,\n/);
  assert.ok(plainText(letter).split("\n").includes(url), "the link stands on a line alone");
  assert.match(html(letter), /Hello &lt;b&gt;&quot;Ada&quot;&lt;\/b&gt;,/);
  assert.match(html(letter), /href="https:\/\/app\.example\.com\/reset-password#secret"/);
  assert.match(plainText(changeLetter("Ada", "new@example.com", url)), /new@example\.com/);
});
