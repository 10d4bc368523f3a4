// Connections to the database, with what libpq means by its URL. node-postgres speaks the protocol and keeps the pool;
// which address, with which TLS, and whether the server suits is decided here.
import { lookup } from "node:dns/promises";
import { EventEmitter } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import pg from "pg";
import { hostsOf, isLocal, parametersOf, usualFile, type Environment, type Parameters } from "./database-url";

// Of connect_timeout, as in the API (app/base/limits.h).
const connectTimeoutMinMs = 2_000;
const connectTimeoutMaxMs = 60_000;
const idleMaxMs = 30_000; // then a connection is closed
const socketFolder = "/var/run/postgresql"; // libpq's of Debian

/** A try to connect: an address, with TLS or without. */
interface Attempt {
  address: string;
  port: number;
  tls: ConnectionOptions | false;
}

const placeOf = ({ address, port }: Attempt) => `${address}:${port}`;

/** The authorities that OpenSSL, and so libpq, takes for the system's. */
function systemAuthorities(env: Environment): Buffer {
  const usual = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
  ];
  const path = env.SSL_CERT_FILE || usual.find((each) => existsSync(each));
  if (path === undefined) throw new Error("sslrootcert=system: this system has no file with authorities");
  return readFileSync(path);
}

/** How TLS is done with a host of this name (libpq documentation, "SSL Support"). Files are read each time. */
function tlsOptions(parameters: Parameters, mode: string, name: string, env: Environment): ConnectionOptions {
  const of = (each: string) => parameters.get(each) ?? "";
  const file = (each: string, usual: string) => of(each) || usualFile(usual, env);
  const content = (path: string) => (existsSync(path) ? readFileSync(path) : undefined);
  const root = file("sslrootcert", "root.crt");
  const version = (each: string) => (of(each) || undefined)?.replace(/^tls/i, "TLS") as "TLSv1.2" | undefined;
  const ca = root === "system" ? systemAuthorities(env) : content(root);
  if (ca === undefined && mode.startsWith("verify-"))
    throw new Error(`root certificate file "${root}" does not exist`);
  return {
    ca,
    // As in libpq: where there is a file with authorities, it counts in every mode.
    rejectUnauthorized: ca !== undefined,
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? checkServerIdentity(name, certificate) : undefined,
    servername: isIP(name) === 0 && of("sslsni") !== "0" ? name : "",
    cert: content(file("sslcert", "postgresql.crt")),
    key: content(file("sslkey", "postgresql.key")),
    passphrase: of("sslpassword") || undefined,
    minVersion: version("ssl_min_protocol_version"),
    maxVersion: version("ssl_max_protocol_version"),
  };
}

async function attemptsFor(
  parameters: Parameters,
  env: Environment,
  failures: Set<string>,
): Promise<Attempt[]> {
  const system = parameters.get("sslrootcert") === "system";
  const mode = parameters.get("sslmode") || (system ? "verify-full" : "prefer");
  const attempts: Attempt[] = [];
  for (const { name, address, port } of hostsOf(parameters)) {
    if (address === "" && isLocal(name)) {
      attempts.push({ address: name || socketFolder, port, tls: false });
      continue;
    }
    const found = address !== "" ? [{ address }] : await lookup(name, { all: true }).catch(() => []);
    if (found.length === 0) failures.add(`${name}: could not find its address`);
    for (const { address } of found) {
      const encrypted = { address, port, tls: mode !== "disable" && tlsOptions(parameters, mode, name, env) };
      const plain = { address, port, tls: false as const };
      if (mode === "allow") attempts.push(plain, encrypted);
      else if (mode === "prefer") attempts.push(encrypted, plain);
      else attempts.push(encrypted);
    }
  }
  return attempts;
}

/** Ends a connection whose server does not prove by the password that TLS ends at it. */
function requireChannelBinding(client: pg.Client): void {
  const { connection } = client;
  let bound = false;
  const refuse = () => {
    connection.stream.destroy(); // ahead of an answer to what came
    connection.emit("error", new Error("channel binding required, but not done by the server"));
  };
  connection.on("authenticationSASL", ({ mechanisms }: { mechanisms: string[] }) => {
    if (!mechanisms.includes("SCRAM-SHA-256-PLUS")) refuse();
  });
  connection.on("authenticationSASLFinal", () => (bound = true));
  for (const other of ["authenticationCleartextPassword", "authenticationMD5Password"])
    connection.on(other, refuse);
  connection.on("authenticationOk", () => bound || refuse());
}

/** Why a server is not the one that target_session_attrs asks for; "": it is. */
async function unsuitable(client: pg.Client, wanted: string): Promise<string> {
  if (wanted === "any") return "";
  const asked =
    "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS read_only";
  const { rows } = await client.query<{ standby: boolean; read_only: boolean }>(asked);
  const { standby, read_only: readOnly } = rows[0] ?? {};
  if (wanted === "read-write" && readOnly) return "session is read-only";
  if (wanted === "read-only" && !readOnly) return "session is not read-only";
  if (wanted === "primary" && standby) return "server is in hot standby mode";
  return wanted.endsWith("standby") && !standby ? "server is not in hot standby mode" : "";
}

export interface PoolOptions {
  max: number;
  /** For an address, when the URL has no connect_timeout. */
  connectTimeoutMs: number;
  queryTimeoutMs?: number;
}

/** Connects to the first address that suits, and begins with that one the next time. */
class Connector {
  readonly parameters: Parameters;
  readonly #env: Environment;
  readonly #options: PoolOptions;
  #last: string | undefined;

  constructor(url: string, env: Environment, options: PoolOptions) {
    this.parameters = parametersOf(url, env);
    this.#env = env;
    this.#options = options;
  }

  /** connect_timeout, which each address has to itself; within the bounds of the API. */
  timeoutMs(): number {
    const given = this.parameters.get("connect_timeout") ?? "";
    if (given === "") return this.#options.connectTimeoutMs;
    if (Number(given) <= 0) return connectTimeoutMaxMs;
    return Math.min(Math.max(Number(given) * 1000, connectTimeoutMinMs), connectTimeoutMaxMs);
  }

  async connect(trying: (client: pg.Client) => void): Promise<pg.Client> {
    const wanted = this.parameters.get("target_session_attrs") ?? "any";
    const failures = new Set<string>();
    const attempts = await attemptsFor(this.parameters, this.#env, failures);
    attempts.sort((a, b) => Number(placeOf(b) === this.#last) - Number(placeOf(a) === this.#last));
    for (const kind of wanted === "prefer-standby" ? ["standby", "any"] : [wanted]) {
      const unreachable = new Set<string>();
      for (const attempt of attempts) {
        const place = placeOf(attempt);
        if (unreachable.has(place)) continue; // with TLS it was not, either
        const client = this.#client(attempt);
        trying(client);
        try {
          await client.connect();
          const why = await unsuitable(client, kind);
          if (why !== "") throw new Error(why);
          this.#last = place;
          return client;
        } catch (error) {
          client.connection.stream.destroy();
          const { message, syscall } = error as NodeJS.ErrnoException;
          if (syscall === "connect" || message === "timeout expired") unreachable.add(place);
          failures.add(`${place}: ${message}`);
        }
      }
    }
    throw new Error([...failures].join("; "));
  }

  #client({ address, port, tls }: Attempt): pg.Client {
    const of = (name: string) => this.parameters.get(name) || undefined;
    const binding = of("channel_binding") ?? "prefer";
    const client = new pg.Client({
      host: address,
      port,
      ssl: tls,
      user: of("user"),
      password: of("password"),
      database: of("dbname"),
      options: of("options"),
      application_name: of("application_name") ?? of("fallback_application_name") ?? "tasklane-web",
      keepAlive: of("keepalives") !== "0",
      keepAliveInitialDelayMillis: Number(of("keepalives_idle") ?? 0) * 1000,
      enableChannelBinding: tls !== false && binding !== "disable",
      connectionTimeoutMillis: this.timeoutMs(),
      query_timeout: this.#options.queryTimeoutMs,
    });
    client.on("error", () => undefined); // what connect() or a query does not tell comes once more to who listens
    if (binding === "require") requireChannelBinding(client);
    return client;
  }
}

const readOnly = "25006"; // the server has become a standby, say: a new connection finds the primary

/** What pg.Pool takes for a client: as pg's native one, it has no `connection`. */
class PooledConnection extends EventEmitter {
  readonly #connector: Connector;
  #client: pg.Client | undefined;
  #connected = false;
  _ending = false;
  _queryable = true;

  constructor({ connector }: { connector: Connector }) {
    super();
    this.#connector = connector;
  }

  connect(done: (error?: Error) => void): void {
    const trying = (client: pg.Client) => {
      this.#client = client;
      if (this._ending) throw new Error("timeout exceeded when trying to connect");
    };
    this.#connector.connect(trying).then((client) => {
      this.#connected = true;
      client.on("error", (error) => {
        this._queryable = false;
        if (this.listenerCount("error") > 0) this.emit("error", error);
      });
      done();
    }, done);
  }

  isConnected(): boolean {
    return this.#connected;
  }

  query(...given: unknown[]): unknown {
    const client = this.#client as unknown as { query(...given: unknown[]): unknown };
    const result = client.query(...given);
    if (!(result instanceof Promise)) return result;
    return result.catch((error: Error & { code?: string }) => {
      if (error.code === readOnly) this._queryable = false;
      throw error;
    });
  }

  end(done: () => void = () => undefined): void {
    this._ending = true;
    if (this.#connected) return void this.#client?.end().then(done, done);
    this.#client?.connection.stream.destroy(new Error("timeout expired"));
    done();
  }
}

/** A pool of connections by this URL, in which mistakeIn() finds nothing. */
export function databasePool(url: string, env: Environment, options: PoolOptions): pg.Pool {
  const connector = new Connector(url, env, options);
  const made = new pg.Pool({
    Client: PooledConnection,
    connector,
    max: options.max,
    connectionTimeoutMillis: connector.timeoutMs() * hostsOf(connector.parameters).length,
    idleTimeoutMillis: idleMaxMs,
  } as unknown as pg.PoolConfig);
  // A connection that dies while idle: the pool makes another one when it is needed.
  made.on("error", (error) =>
    console.error(`tasklane-web: an idle database connection was lost: ${error.message}`),
  );
  return made;
}
