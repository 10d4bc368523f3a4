import { parse } from "./config";

const drainMaxMs = 5_000;

/** Asked to stop, Next.js waits for open connections, and a proxy keeps some open: there is an end to that. */
export function boundStopping(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void setTimeout(() => process.exit(0), drainMaxMs).unref());
  }
}

/** Ends the process when the configuration is wrong, with every mistake told. */
export function checkConfiguration(): void {
  const { mistakes } = parse(process.env);
  if (mistakes.length === 0) return;
  for (const mistake of mistakes) console.error(`tasklane-web: ${mistake}`);
  process.exit(100); // permanent, as Tasklane's own programs say it
}
