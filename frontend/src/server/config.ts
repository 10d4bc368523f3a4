// The configuration, from the environment: checked as a whole, so that one start tells every mistake. Read when first
// needed, since a build has none of it.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { mistakeIn, reasonOf, type Environment } from "./database-url";
import { readMail, readSignUp, type MailSettings, type SignUp } from "./config-people";
import { readVersions, wrongInSecret, type SecretVersion } from "./secrets";

export interface Config {
  databaseUrl: string;
  /** The current secret: it signs cookies and tokens. */
  secret: string;
  /** Other secrets that cookies may be signed with. */
  olderSecrets: string[];
  /** Better Auth's versions of the secret; empty: there are none, and `secret` is BETTER_AUTH_SECRET. */
  versions: SecretVersion[];
  /** What was encrypted before there were versions, was encrypted with this. */
  firstSecret: string;
  /** The page's public origin, and the tokens' "iss" and "aud". */
  origin: string;
  /** The API's public origin; empty: the page's own. */
  apiOrigin: string;
  tokens: "jwks" | "secret";
  signUp: SignUp;
  /** Null: this site sends no mail. */
  mail: MailSettings | null;
}

const secretFileBytesMax = 16_384;

/** A file that others can neither read nor write. As read_private_file of app/base/private_file.cpp. */
function bytesOf(path: string): Uint8Array | { mistake: string } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a FIFO in its place must not hang the start
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return { mistake: "is not a regular file" };
    if ((status.mode & constants.S_IRWXO) !== 0) {
      const mode = (status.mode & 0o7777).toString(8).padStart(4, "0");
      return { mistake: `has mode ${mode}: it holds secrets that others could read; chmod 600 it` };
    }
    const bytes = Buffer.alloc(secretFileBytesMax + 1);
    const used = readSync(file, bytes);
    const tooLarge = used > secretFileBytesMax;
    return tooLarge ? { mistake: `is larger than ${secretFileBytesMax / 1024} KiB` } : bytes.subarray(0, used);
  } finally {
    closeSync(file);
  }
}

/**
 * The value in a secret's file: one line of UTF-8, without what editors put around it. As the API reads it
 * (app/base/secret.h), or both would sign with different keys.
 */
function valueIn(bytes: Uint8Array): { value: string } | { mistake: string } {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { mistake: "is UTF-16; save it as UTF-8" };
  }
  let value: string;
  try {
    value = new TextDecoder("utf-8", { fatal: true }).decode(bytes); // drops a byte order mark
  } catch {
    return { mistake: "is not UTF-8" };
  }
  value = value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  if (value === "") return { mistake: "is empty" };
  if (/[\r\n]/.test(value)) return { mistake: "has more than one line" };
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(value)) return { mistake: "holds a control character" };
  return { value };
}

/** A value, or what NAME_FILE holds; "" when there is neither. */
export function read(env: Environment, name: string, mistakes: string[]): string {
  const path = env[`${name}_FILE`];
  const value = env[name] ?? "";
  if (!path) return value;
  const tell = (mistake: string) => void mistakes.push(`${name}_FILE${mistake}`);
  if (value || !path.startsWith("/")) {
    tell(value ? ` is set beside ${name}: only one of them can count` : " must be an absolute path");
    return value;
  }
  try {
    const bytes = bytesOf(path);
    const found = bytes instanceof Uint8Array ? valueIn(bytes) : bytes;
    if ("value" in found) return found.value;
    tell(`: ${path}: ${found.mistake}`);
  } catch (error) {
    tell(`: ${path}: ${reasonOf(error)}`);
  }
  return "";
}

/** DATABASE_URL, which libpq and tasklane check would take. */
export function readDatabaseUrl(env: Environment, mistakes: string[]): string {
  const url = read(env, "DATABASE_URL", mistakes);
  const wrong = url && mistakeIn(url, env);
  if (!url && !env.DATABASE_URL_FILE) mistakes.push("DATABASE_URL is not set");
  if (wrong) mistakes.push(`DATABASE_URL ${wrong.startsWith("must ") ? wrong : `cannot be used: ${wrong}`}`);
  return url;
}

/** The origin that a value is, or "" with a mistake told. */
function origin(name: string, value: string, mistakes: string[]): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isOrigin =
    url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
  if (isOrigin && url.pathname === "/") return url.origin;
  mistakes.push(`${name} must be an origin such as https://app.example.com, without a path`);
  return "";
}

/** The versions, and behind them BETTER_AUTH_SECRET: beside versions, it is the secret of before there were any. */
function readSecrets(env: Environment, mistakes: string[]) {
  const single = read(env, "BETTER_AUTH_SECRET", mistakes);
  const wrong = single && wrongInSecret(single);
  if (wrong) mistakes.push(`BETTER_AUTH_SECRET ${wrong}`);
  const text = read(env, "BETTER_AUTH_SECRETS", mistakes);
  const found = text ? readVersions(text) : { versions: [], mistakes: [] };
  mistakes.push(...found.mistakes.map((mistake) => `BETTER_AUTH_SECRETS ${mistake}`));
  if (!single && !text) mistakes.push("BETTER_AUTH_SECRET is not set; openssl rand -base64 32 makes one");
  const values = [...found.versions.map(({ value }) => value), ...(single ? [single] : [])];
  const [secret = "", ...olderSecrets] = values;
  return { secret, olderSecrets, versions: found.versions, firstSecret: values.at(-1) ?? "" };
}

/** The configuration, or every mistake in it. */
export function parse(env: Environment): { config: Config; mistakes: string[] } {
  const mistakes: string[] = [];
  const databaseUrl = readDatabaseUrl(env, mistakes);

  const secrets = readSecrets(env, mistakes);

  const page = env.BETTER_AUTH_URL ? origin("BETTER_AUTH_URL", env.BETTER_AUTH_URL, mistakes) : "";
  if (!env.BETTER_AUTH_URL) mistakes.push("BETTER_AUTH_URL is not set; it is the page's public origin");
  const api = env.TASKLANE_API_URL ? origin("TASKLANE_API_URL", env.TASKLANE_API_URL, mistakes) : "";
  if (page.startsWith("https:") && api.startsWith("http:")) {
    mistakes.push(
      "TASKLANE_API_URL is http: while BETTER_AUTH_URL is https: and browsers refuse to mix them",
    );
  }

  const tokens = env.TASKLANE_TOKENS || "jwks";
  if (tokens !== "jwks" && tokens !== "secret") mistakes.push("TASKLANE_TOKENS must be jwks or secret");
  const config: Config = {
    databaseUrl,
    ...secrets,
    origin: page,
    apiOrigin: api === page ? "" : api,
    tokens: tokens === "secret" ? "secret" : "jwks",
    signUp: readSignUp(env, mistakes),
    mail: readMail(env, read(env, "SMTP_URL", mistakes), mistakes),
  };
  return { config, mistakes };
}

let known: Config | undefined;

export function config(): Config {
  if (known) return known;
  const { config: parsed, mistakes } = parse(process.env);
  if (mistakes.length > 0) throw new Error(`Wrong configuration: ${mistakes.join("; ")}`);
  known = parsed;
  return known;
}
