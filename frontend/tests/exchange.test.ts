import assert from "node:assert/strict";
import test from "node:test";
import { asCsv, asJson, parse } from "../src/client/exchange";
import type { Task } from "../src/client/task-state";

const at = "2026-01-02T03:04:05.678901Z";
const task = (id: number, title: string, description: string | null = null, completed = false): Task => ({
  id,
  user_id: "u",
  title,
  description,
  completed,
  created_at: at,
  updated_at: at,
});

const odd = [
  task(3, 'Say "hello", twice', 'One line,\r\nand "another"\n'),
  task(2, "=1+1", " spaces around ", true),
  task(1, "Grüße, 世界 🎉", null),
];

test("what leaves as JSON or CSV comes back as it was, the oldest first", () => {
  for (const text of [asJson(odd, new Date(at)), asCsv(odd)]) {
    const parsed = parse(text);
    assert.ok("tasks" in parsed);
    assert.deepEqual(parsed.refused, []);
    assert.deepEqual(
      parsed.tasks.map(({ title, description, completed }) => [title, description, completed]),
      [...odd].reverse().map(({ title, description, completed }) => [title, description, completed]),
    );
  }
});

test("no tasks make a file, too", () => {
  for (const text of [asJson([], new Date(at)), asCsv([])])
    assert.deepEqual(parse(text), { tasks: [], refused: [] });
});

test("a list as the API gives it is read, and so are other columns, orders and line ends", () => {
  const listed = parse(JSON.stringify(odd));
  assert.ok("tasks" in listed && listed.tasks.length === 3);
  const csv = parse("Completed,Colour,Title\nyes,red,One\n\nno,blue,Two");
  assert.ok("tasks" in csv);
  assert.deepEqual(
    csv.tasks.map(({ title, completed, description }) => [title, completed, description]),
    [
      ["One", true, null],
      ["Two", false, null],
    ],
  );
});

test("what is no task is told by its number, and the others count", () => {
  const parsed = parse(
    JSON.stringify([{ title: 7 }, null, { title: "Good" }, { title: "x", completed: "perhaps" }]),
  );
  assert.ok("tasks" in parsed);
  assert.deepEqual(
    parsed.tasks.map(({ title }) => title),
    ["Good"],
  );
  assert.deepEqual(
    parsed.refused.map(({ number }) => number),
    [1, 2, 4],
  );
});

test("what is no such file is said in one sentence", () => {
  for (const text of ["", "{", '{"a": 1}', "a,b\n1,2", 'title\n"open']) {
    const parsed = parse(text);
    assert.ok("mistake" in parsed, text);
    assert.match(parsed.mistake, /\.$/);
  }
});
