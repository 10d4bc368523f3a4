// Further stacks beside the shared one, for tests that need another configuration.
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import net from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { shared, Stack } from "./stack.mjs";

const run = promisify(execFile);
const scripts = fileURLToPath(new URL("../../../scripts", import.meta.url));
const startTimeoutMs = 300_000;

function isFree(port) {
  return new Promise((resolve) => {
    const server = net.createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A port that is free together with the next one, and that no client is given. */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_000, 16_000) * 2;
    if ((await isFree(port)) && (await isFree(port + 1)) && (await isFree(port + 2))) return port;
  }
}

/** A stack in a folder beside the shared one's, with its certificate. `scripts/up` builds nothing anew for it. */
export async function start(name, { port, words = [], environment = {} }) {
  const stack = new Stack(`${shared.state}-${name}`);
  const build = process.env.TASKLANE_BUILD ? ["--build", process.env.TASKLANE_BUILD] : [];
  const how = ["--detach", "--no-build", ...build, "--workers", "1", ...(port ? ["--port", String(port)] : []), ...words];
  const { TLS_CERTIFICATE, TLS_CERTIFICATE_KEY } = shared.settings;
  await run(`${scripts}/up`, ["--state", stack.state, ...how], {
    env: { ...process.env, LISTEN_ADDRESSES: "127.0.0.1", TLS_CERTIFICATE, TLS_CERTIFICATE_KEY, ...environment },
    timeout: startTimeoutMs,
  });
  return stack;
}

export async function stop(stack) {
  if (stack) await run(`${scripts}/down`, ["--state", stack.state], { timeout: startTimeoutMs });
}
