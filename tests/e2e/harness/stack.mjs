// A running Tasklane with its web app: where it is, and what an operator can do to it. scripts/up starts it.
import { execFile, spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const programTimeoutMs = 120_000;

/** The NAME=value lines of a file that scripts/up made; of two lines of one name the last counts. */
function values(path) {
  const lines = readFileSync(path, "utf8").matchAll(/^([A-Z_]+)=(['"]?)(.*)\2$/gm);
  return Object.fromEntries([...lines].map(([, name, , value]) => [name, value]));
}

export class Stack {
  constructor(state) {
    this.state = state;
  }

  get url() {
    return readFileSync(`${this.state}/url`, "utf8").trim();
  }

  get settings() {
    return values(`${this.state}/tasklane.env`);
  }

  get certificate() {
    return readFileSync(this.settings.TLS_CERTIFICATE);
  }

  /** What Chromium calls the certificate's key when it is told to trust it. */
  get certificateKey() {
    const key = new X509Certificate(this.certificate).publicKey.export({ type: "spki", format: "der" });
    return createHash("sha256").update(key).digest("base64");
  }

  /** What `tasklane …` says; rejects when it fails. */
  async tasklane(...words) {
    const file = `${this.state}/tasklane.env`;
    const program = `${this.state}/app/bin/tasklane`;
    const env = { PATH: process.env.PATH }; // what configures Tasklane in our own environment is not meant for it
    const { stdout } = await run(program, [...words, "--env-file", file], { env, timeout: programTimeoutMs });
    return stdout;
  }

  /** psql as the private Postgres's superuser: its words, and its environment. */
  get psql() {
    const { POSTGRES_PASSWORD: PGPASSWORD } = values(`${this.state}/generated.env`);
    const where = [`--host=${this.state}/pg`, "--username=postgres", "--dbname=tasklane"];
    const how = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"];
    return { words: [...where, ...how], env: { PATH: process.env.PATH, PGPASSWORD } };
  }

  /** The rows of a statement; columns parted by |. */
  async sql(statement) {
    const { words, env } = this.psql;
    const { stdout } = await run("psql", [...words, `--command=${statement}`], { env, timeout: programTimeoutMs });
    return stdout.split("\n").filter(Boolean);
  }

  /** Holds what a statement locks for as long as `steps` take. */
  async holding(statement, steps) {
    const { words, env } = this.psql;
    const session = spawn("psql", words, { env, timeout: programTimeoutMs, stdio: ["pipe", "pipe", "inherit"] });
    const over = once(session, "exit");
    try {
      session.stdin.write(`BEGIN;\n${statement};\n\\echo held\n`);
      await Promise.race([once(session.stdout, "data"), over.then(() => Promise.reject(new Error(statement)))]);
      return await steps();
    } finally {
      session.stdin.end();
      await over;
    }
  }

  /** Stops the private Postgres as an operator would, and returns when it serves again. */
  async restartPostgres() {
    const version = readFileSync(`${this.state}/postgres/PG_VERSION`, "utf8").trim();
    const restart = [`/usr/lib/postgresql/${version}/bin/pg_ctl`, "restart", "--mode=fast", "--wait", "--silent"];
    const where = ["-D", `${this.state}/postgres`, "-l", `${this.state}/postgres/restart.log`];
    const user = process.getuid() === 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : [];
    const [program, ...words] = [...user, ...restart, ...where];
    await run(program, words, { cwd: "/", timeout: programTimeoutMs });
  }

  /** The requests that nginx has answered so far, oldest first. */
  get requests() {
    const lines = readFileSync(`${this.state}/log/nginx-access.log`, "utf8").split("\n").filter(Boolean);
    return lines.map((line) => JSON.parse(line));
  }
}

/** The stack that all tests share. */
export const shared = new Stack(process.env.TASKLANE_E2E_STATE ?? "var");
