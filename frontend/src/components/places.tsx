"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { callAuth } from "@/client/auth-call";
import { LocalTime } from "./local-time";
import { Outcome } from "./outcome";

interface Place {
  id: string;
  device: string;
  address: string;
  since: string;
}

/** Where the account is signed in, and how to end that elsewhere. */
export function Places({ places, current }: { places: Place[]; current: string }) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [news, setNews] = useState<string | null>(null);
  const [mistake, setMistake] = useState<string | null>(null);

  async function end(path: string, body: object, done: string) {
    setBusy(true);
    setNews(null);
    const answer = await callAuth(path, body);
    setBusy(false);
    setMistake("mistake" in answer ? answer.mistake : null);
    if ("mistake" in answer) return;
    setNews(done);
    router.refresh();
  }

  return (
    <section className="card part" aria-labelledby="places">
      <h2 id="places">Where you are signed in</h2>
      <ul className="places" aria-label="Sessions">
        {places.map(({ id, device, address, since }) => (
          <li key={id}>
            <div>
              <strong>{device}</strong>
              {id === current && <span className="here">This device</span>}
              <small>
                <LocalTime at={since} form="moment" />
                {address && ` · ${address}`}
              </small>
            </div>
            {id !== current && (
              <button
                className="button quiet"
                type="button"
                disabled={busy}
                onClick={() => end("/account/end-session", { id }, `The session on ${device} has ended.`)}
              >
                End<span className="hidden"> session on {device}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <Outcome mistake={mistake} news={news} />
      {places.length > 1 && (
        <button
          className="button quiet"
          type="button"
          disabled={busy}
          onClick={() => end("/revoke-other-sessions", {}, "All other sessions have ended.")}
        >
          End all others
        </button>
      )}
    </section>
  );
}
