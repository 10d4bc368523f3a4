"use client";

import { useEffect, useRef, useState } from "react";
import { Api } from "@/client/api";
import { fileBytesMax, parse } from "@/client/exchange";
import { importTasks, type Progress } from "@/client/import-tasks";
import { ExportTasks } from "./export-tasks";
import { useHydrated } from "./hydrated";
import { Outcome } from "./outcome";
import { useTasks } from "./tasks-provider";

interface Props {
  apiOrigin: string;
  userId: string;
}

const refusedShownMax = 200;

/** The tasks out of Tasklane and back. */
export function YourTasks(props: Props) {
  return (
    <section className="card part" aria-labelledby="your-tasks">
      <h2 id="your-tasks">Your tasks</h2>
      <p>A file with all your tasks: JSON for programs, CSV for spreadsheets. Both can be imported again.</p>
      <ExportTasks {...props} />
      <ImportTasks {...props} />
    </section>
  );
}

function ImportTasks({ apiOrigin, userId }: Props) {
  const hydrated = useHydrated();
  const [store] = useTasks();
  const chooser = useRef<HTMLInputElement>(null);
  const running = useRef<AbortController | null>(null);
  const [total, setTotal] = useState<number | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [over, setOver] = useState<Progress | null>(null);
  const [mistake, setMistake] = useState<string | null>(null);

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => running.current && event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => {
      removeEventListener("beforeunload", warn);
      running.current?.abort(); // the page is left
    };
  }, []);

  async function read(file: File | undefined) {
    if (!file) return;
    setOver(null);
    setMistake(null);
    if (file.size > fileBytesMax) return setMistake(`A file has at most ${fileBytesMax / 1024 ** 2} MiB.`);
    const parsed = parse(await file.text());
    if ("mistake" in parsed) return setMistake(parsed.mistake);
    running.current = new AbortController();
    setTotal(parsed.tasks.length);
    const api = new Api(apiOrigin, userId, null, () => {});
    const end = await importTasks(api, parsed.tasks, parsed.refused, running.current.signal, setProgress);
    running.current = null;
    setTotal(null);
    setProgress(null);
    setOver(end);
    store?.load();
  }

  const done = (progress?.made ?? 0) + (progress?.refused.length ?? 0);
  return (
    <>
      <input
        ref={chooser}
        type="file"
        accept=".json,.csv,application/json,text/csv"
        aria-label="File to import"
        hidden
        onChange={(event) => {
          void read(event.currentTarget.files?.[0]);
          event.currentTarget.value = ""; // or the same file could not be chosen again
        }}
      />
      {total === null ? (
        <button
          className="button quiet"
          type="button"
          disabled={!hydrated}
          onClick={() => chooser.current?.click()}
        >
          Import a file…
        </button>
      ) : (
        <div className="row">
          <progress aria-label="Import" value={done} max={Math.max(total, 1)} />
          <span>
            {done} of {total}
          </span>
          <button className="button quiet" type="button" onClick={() => running.current?.abort()}>
            Stop
          </button>
        </div>
      )}
      <Outcome mistake={mistake} news={over && summary(over)} />
      {over && over.refused.length > 0 && <Refused progress={over} />}
    </>
  );
}

const tasks = (count: number) => `${count} ${count === 1 ? "task" : "tasks"}`;

function summary({ made, refused, stopped }: Progress): string {
  const parts = [`${tasks(made)} imported`];
  if (refused.length > 0) parts.push(`${refused.length} refused`);
  return `${parts.join(", ")}.${stopped === null ? "" : ` The rest was not imported. ${stopped}`}`;
}

function Refused({ progress: { refused } }: { progress: Progress }) {
  return (
    <ul className="refused" aria-label="Refused">
      {refused.slice(0, refusedShownMax).map(({ number, title, why }) => (
        <li key={number}>
          <strong>
            {number}. {title.trim().slice(0, 60) || "Without a title"}
          </strong>{" "}
          <span>{why}</span>
        </li>
      ))}
      {refused.length > refusedShownMax && <li>And {refused.length - refusedShownMax} more.</li>}
    </ul>
  );
}
