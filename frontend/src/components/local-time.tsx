"use client";

import { useHydrated } from "./hydrated";

// The page is in English, and the clock has the hours that this browser's owner is used to.
const language = "en-GB";
const { hour12 } = new Intl.DateTimeFormat(undefined, { hour: "numeric" }).resolvedOptions();
const time: Intl.DateTimeFormatOptions = { hour: hour12 ? "numeric" : "2-digit", minute: "2-digit", hour12 };
const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
const date: Intl.DateTimeFormatOptions = { day: "numeric", month: "long", year: "numeric" };

function days(from: Date, to: Date): number {
  const midnight = (each: Date) => new Date(each.getFullYear(), each.getMonth(), each.getDate()).getTime();
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}

function moment(at: Date, now: Date): string {
  const clock = at.toLocaleTimeString(language, time);
  const ago = days(at, now);
  if (ago === 0) return `Today, ${clock}`;
  if (ago === 1) return `Yesterday, ${clock}`;
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const);
  return `${at.toLocaleDateString(language, { ...day, ...year })}, ${clock}`;
}

/** A moment in the browser's time zone, which the server cannot know: so it is left out of what the server makes. */
export function LocalTime({ at, form }: { at: string; form: "moment" | "date" }) {
  if (!useHydrated()) return <time dateTime={at} />;
  const when = new Date(at);
  const text = form === "date" ? when.toLocaleDateString(language, date) : moment(when, new Date());
  return (
    <time dateTime={at} title={when.toLocaleString(language, { ...date, ...time })}>
      {text}
    </time>
  );
}
