import { parse } from "./config";

/** Ends the process when the configuration is wrong, with every mistake told. */
export function checkConfiguration(): void {
  const { mistakes } = parse(process.env);
  if (mistakes.length === 0) return;
  for (const mistake of mistakes) console.error(`tasklane-web: ${mistake}`);
  process.exit(100); // permanent, as Tasklane's own programs say it
}
