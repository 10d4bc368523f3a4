// The files that tasks leave and come in: JSON with everything the API says of them, and CSV (RFC 4180) for
// spreadsheets. Both are read back; a list of tasks as the API gives it is, too.
import type { Task } from "./task-state";

/** What a new task takes from a file. */
export interface Incoming {
  /** Where in the file, for the report: the task's number. */
  number: number;
  title: string;
  description: string | null;
  completed: boolean;
}

/** What was wrong with the file as a whole, or its tasks in the order in which to make them. */
export type Parsed = { mistake: string } | { tasks: Incoming[]; refused: Refusal[] };

export interface Refusal {
  number: number;
  title: string;
  why: string;
}

const columns = ["title", "description", "completed", "created_at", "updated_at"] as const;
const byteOrderMark = "\ufeff"; // or a spreadsheet takes the file for Latin-1

export const fileBytesMax = 67_108_864;

/** The oldest first: made again in this order, they have the same places in the list. */
const oldestFirst = (tasks: Task[]) => [...tasks].sort((one, other) => one.id - other.id);

export function asJson(tasks: Task[], exportedAt: Date): string {
  const head = { format: "tasklane-tasks", version: 1, exported_at: exportedAt.toISOString() };
  return `${JSON.stringify({ ...head, tasks: oldestFirst(tasks) }, null, 2)}\n`;
}

const cell = (value: string) => (/[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

export function asCsv(tasks: Task[]): string {
  const lines = oldestFirst(tasks).map((task) =>
    columns.map((each) => cell(String(task[each] ?? ""))).join(","),
  );
  return byteOrderMark + [columns.join(","), ...lines, ""].join("\r\n");
}

/** The rows of a CSV text; null when a quote is not closed. */
function rowsOf(text: string): string[][] | null {
  const rows: string[][] = [];
  let row: string[] = [];
  const piece = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\r|\n|$)/y;
  while (piece.lastIndex < text.length) {
    const found = piece.exec(text);
    if (!found) return null;
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "," && piece.lastIndex === text.length) row.push("");
    if (found[3] === "," && piece.lastIndex < text.length) continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}

function fromCsv(text: string): Record<string, unknown>[] | string {
  const [head, ...rows] = rowsOf(text) ?? [];
  if (!head) return "This file is neither JSON nor CSV that can be read.";
  const names = head.map((name) => name.trim().toLowerCase());
  if (!names.includes("title")) return "The file's first line has no column “title”.";
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] || null])));
}

function fromJson(text: string): unknown[] | string {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return "The file begins like JSON, but is not: perhaps a part of it is missing.";
  }
  const tasks = Array.isArray(content) ? content : (content as { tasks?: unknown }).tasks;
  return Array.isArray(tasks) ? tasks : "The file has no list of tasks.";
}

function isTrue(value: unknown): boolean | null {
  if (value === undefined || value === null) return false;
  if (typeof value === "boolean") return value;
  const known: Record<string, boolean> = {
    true: true,
    yes: true,
    "1": true,
    false: false,
    no: false,
    "0": false,
  };
  return known[String(value).toLowerCase()] ?? null;
}

export function parse(content: string): Parsed {
  const text = content.replace(/^\ufeff/, "");
  const found = /^\s*[[{]/.test(text) ? fromJson(text) : fromCsv(text);
  if (typeof found === "string") return { mistake: found };
  const tasks: Incoming[] = [];
  const refused: Refusal[] = [];
  for (const [index, each] of found.entries()) {
    const number = index + 1;
    const { title, description, completed } = (each ?? {}) as Record<string, unknown>;
    const known = typeof title === "string" ? title : "";
    const done = isTrue(completed);
    const refuse = (why: string) => void refused.push({ number, title: known, why });
    if (typeof title !== "string") refuse("It has no title.");
    else if (typeof description !== "string" && (description ?? null) !== null)
      refuse("Its description is no text.");
    else if (done === null) refuse("“completed” is neither true nor false.");
    else tasks.push({ number, title, description: (description as string | null) ?? null, completed: done });
  }
  return { tasks, refused };
}
