"use client";

import { useState } from "react";
import { Api } from "@/client/api";
import { callAuth } from "@/client/auth-call";
import { asCsv, asJson } from "@/client/exchange";
import { loadFailureText } from "@/client/messages";
import { useHydrated } from "./hydrated";
import { Outcome } from "./outcome";

const savingMaxMs = 60_000;

function save(content: string, type: string, name: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), savingMaxMs); // a browser may ask first where to put it
}

/** All tasks as a file. */
export function ExportTasks({ apiOrigin, userId }: { apiOrigin: string; userId: string }) {
  const hydrated = useHydrated();
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState<string | null>(null);
  const [mistake, setMistake] = useState<string | null>(null);

  async function run(kind: "JSON" | "CSV") {
    setBusy(true);
    setNews(null);
    setMistake(null);
    const list = await new Api(apiOrigin, userId, null, () => {}).list();
    setBusy(false);
    if (!list.ok) return setMistake(loadFailureText(list.failure));
    void callAuth("/account/exported");
    const now = new Date();
    const name = `tasks-${now.toISOString().slice(0, 10)}`;
    if (kind === "JSON") save(asJson(list.data, now), "application/json", `${name}.json`);
    else save(asCsv(list.data), "text/csv", `${name}.csv`);
    setNews(`${list.data.length} ${list.data.length === 1 ? "task" : "tasks"} exported.`);
  }

  return (
    <>
      <div className="row">
        {(["JSON", "CSV"] as const).map((kind) => (
          <button
            key={kind}
            className="button quiet"
            type="button"
            disabled={!hydrated || busy}
            onClick={() => run(kind)}
          >
            Export as {kind}
          </button>
        ))}
      </div>
      <Outcome mistake={mistake} news={news} />
    </>
  );
}
