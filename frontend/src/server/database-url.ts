// A database URL, read as libpq reads it (libpq documentation, "Connection URIs"), or refused with the sentence of
// `tasklane check` (app/postgres/url_mistake.cpp). node-postgres' own parser knows one host, and means other things by
// sslmode. No sentence holds anything of the URL but the name of a parameter: a password may be in the wrong place.
import { accessSync, constants } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

export type Environment = Record<string, string | undefined>;

/** libpq's parameters. An empty value counts as none. */
export type Parameters = ReadonlyMap<string, string>;

/** Where to connect to, and the name that a certificate must have. */
export interface Host {
  name: string;
  /** An IP address that spares looking the name up. */
  address: string;
  port: number;
}

class Mistake extends Error {}

const malformed = "it is malformed";
const notUtf8 = "\ufffd";

/** libpq's parameters, in its order, each with the variable of the environment that it falls back to. */
const known = new Map([
  ["service", "PGSERVICE"],
  ["user", "PGUSER"],
  ["password", "PGPASSWORD"],
  ["passfile", "PGPASSFILE"],
  ["channel_binding", "PGCHANNELBINDING"],
  ["connect_timeout", ""],
  ["dbname", "PGDATABASE"],
  ["host", "PGHOST"],
  ["hostaddr", "PGHOSTADDR"],
  ["port", "PGPORT"],
  ["client_encoding", ""],
  ["options", "PGOPTIONS"],
  ["application_name", "PGAPPNAME"],
  ["fallback_application_name", ""],
  ["keepalives", ""],
  ["keepalives_idle", ""],
  ["keepalives_interval", ""],
  ["keepalives_count", ""],
  ["tcp_user_timeout", ""],
  ["sslmode", "PGSSLMODE"],
  ["sslcompression", ""],
  ["sslcert", "PGSSLCERT"],
  ["sslkey", "PGSSLKEY"],
  ["sslpassword", ""],
  ["sslrootcert", "PGSSLROOTCERT"],
  ["sslcrl", "PGSSLCRL"],
  ["sslcrldir", "PGSSLCRLDIR"],
  ["sslsni", "PGSSLSNI"],
  ["requirepeer", "PGREQUIREPEER"],
  ["ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"],
  ["ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"],
  ["gssencmode", "PGGSSENCMODE"],
  ["krbsrvname", ""],
  ["gsslib", ""],
  ["replication", ""],
  ["target_session_attrs", "PGTARGETSESSIONATTRS"],
]);

const tlsVersion = /^tlsv1(\.[123])?$/i;
const allowed: Record<string, RegExp> = {
  channel_binding: /^(disable|prefer|require)$/,
  sslmode: /^(disable|allow|prefer|require|verify-ca|verify-full)$/,
  ssl_min_protocol_version: tlsVersion,
  ssl_max_protocol_version: tlsVersion,
  gssencmode: /^(disable|prefer|require)$/,
  target_session_attrs: /^(any|read-write|read-only|primary|standby|prefer-standby)$/,
};

/** Those of libpq 16 to 18, as is_newer_parameter of app/postgres/url_mistake.cpp. */
const newer = new RegExp(
  "^(load_balance_hosts|require_auth|sslcertmode|gssdelegation|sslnegotiation|servicefile|sslkeylogfile|" +
    "m(in|ax)_protocol_version|(oauth|scram)_.*)$",
);

const bundle = "the file with the authorities, such as /etc/ssl/certs/ca-certificates.crt";

function isPrintableName(name: string): boolean {
  return /^[a-z0-9_.-]{1,40}$/i.test(name);
}

/** As unescaped_character_in of app/postgres/url_mistake.cpp. */
function unescapedCharacterIn(rest: string): string {
  const has = (character: string, code: string) =>
    `it has an unescaped ${character} in the password, or elsewhere: write ${code}`;
  const authority = rest.split("/", 1)[0] ?? "";
  const behind = rest.slice(authority.length);
  const path = behind.split("?", 1)[0] ?? "";
  const lastAt = authority.lastIndexOf("@");
  const question = authority.indexOf("?");
  if (/%(?![0-9a-f]{2})/i.test(rest)) return has("%", "%25");
  if (rest.includes("#")) return has("#", "%23");
  if (path.includes("@")) return has("/ (or @)", "%2F (or %40)");
  if (authority.indexOf("@") !== lastAt) return has("@", "%40");
  if (question >= 0 && question < lastAt) return has("?", "%3F");
  const hasPort = !authority.includes(":") || authority.endsWith("]") || /:\d*$/.test(authority);
  return lastAt < 0 && !hasPort && behind.includes("@") ? has("/", "%2F") : "";
}

function decode(text: string): string {
  if (text.includes("%00")) throw new Mistake(malformed);
  try {
    return decodeURIComponent(text);
  } catch {
    return notUtf8;
  }
}

/** As why_malformed of app/postgres/url_mistake.cpp. */
function whyMalformed(url: string): string {
  const question = url.indexOf("?");
  if (question < 0) return malformed;
  let mayBePassword = false; // what follows an unescaped "&" in one
  for (const part of url.slice(question + 1).split("&")) {
    const name = part.split("=", 1)[0] ?? "";
    if (!mayBePassword && isPrintableName(name) && name !== "ssl" && !known.has(name)) {
      const who = newer.test(name) ? "libpq 15 and the web app do" : "libpq does";
      return `it has the parameter ${name}, which ${who} not know`;
    }
    mayBePassword ||= name.includes("password") || !isPrintableName(name);
  }
  return "it is malformed, or has a parameter that libpq does not know";
}

function addQuery(query: string, found: Map<string, string>): void {
  for (const part of query.replace(/&$/, "").split("&")) {
    const [name = "", value, ...more] = part.split("=");
    let keyword = decode(name);
    let given = decode(value ?? "");
    if (keyword === "ssl" && given === "true") [keyword, given] = ["sslmode", "require"]; // JDBC's
    if (keyword === "requiressl")
      [keyword, given] = ["sslmode", given.startsWith("1") ? "require" : "prefer"];
    if (value === undefined || more.length > 0 || !known.has(keyword)) throw new Mistake(malformed);
    found.set(keyword, given);
  }
}

/** Takes "a,[::1]:5433" off the text, as libpq's lists of hosts and of ports; returns what is behind it. */
function takeHosts(text: string, found: Map<string, string>): string {
  const hosts: string[] = [];
  const ports: string[] = [];
  let rest = `,${text}`;
  while (rest.startsWith(",")) {
    const bracketed = rest.startsWith(",[");
    const entry = bracketed ? /^,\[([^\]]+)\](?=[:/?,]|$)/s.exec(rest) : /^,([^:/?,]*)/s.exec(rest);
    if (!entry) throw new Mistake(malformed);
    rest = rest.slice(entry[0].length);
    const port = /^:([^/?,]*)/s.exec(rest);
    rest = rest.slice(port?.[0].length ?? 0);
    hosts.push(entry[1] ?? "");
    ports.push(port?.[1] ?? "");
  }
  if (hosts.join(",") !== "") found.set("host", decode(hosts.join(",")));
  if (ports.join(",") !== "") found.set("port", decode(ports.join(",")));
  return rest;
}

/** What the URL says, and for what it does not say the environment and Tasklane's own defaults. */
function read(url: string, env: Environment): Parameters {
  const scheme = /^postgres(ql)?:\/\//.exec(url)?.[0];
  if (scheme === undefined) throw new Mistake("must begin with postgresql://");
  const rest = url.slice(scheme.length);
  const unescaped = unescapedCharacterIn(rest);
  if (unescaped !== "") throw new Mistake(unescaped);
  const found = new Map<string, string>();
  const [credentials = "", user = "", password = ""] = /^([^:@/]*)(?::([^@/]*))?@/s.exec(rest) ?? [];
  if (user !== "") found.set("user", decode(user));
  if (password !== "") found.set("password", decode(password));
  const behind = takeHosts(rest.slice(credentials.length), found);
  const [, name = "", query = ""] = /^(?:\/([^?]*))?(?:\?(.*))?$/s.exec(behind) ?? [];
  if (name !== "") found.set("dbname", decode(name));
  if (query !== "") addQuery(query, found);

  for (const [each, variable] of known) {
    if (!found.get(each)) found.set(each, env[variable] ?? "");
  }
  // As app/postgres/connection_pool.cpp: of several hosts the one that takes writes.
  if (!found.get("target_session_attrs")) {
    found.set("target_session_attrs", found.get("host")?.includes(",") ? "read-write" : "any");
  }
  return found;
}

/** libpq's default for a file of TLS, below the home folder. */
export function usualFile(name: string, env: Environment): string {
  return join(env.HOME || "/nonexistent", ".postgresql", name);
}

const reasons: Record<string, string> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ENOTDIR: "Not a directory",
  EISDIR: "is not a regular file",
};

/** Why a file cannot be read, as the API says it. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  return reasons[code] ?? code;
}

function unreadable(name: string, path: string): string {
  try {
    accessSync(path, constants.R_OK);
    return "";
  } catch (error) {
    return `its ${name} cannot be read: ${reasonOf(error)}`;
  }
}

export const isLocal = (host: string) => host === "" || /^[/@]/.test(host);

/** As wrong_in_certificates of app/postgres/url_mistake.cpp. */
function wrongInCertificates(parameters: Parameters, env: Environment): string {
  const of = (name: string) => parameters.get(name) ?? "";
  if (of("hostaddr") === "" && of("host").split(",").every(isLocal)) return ""; // a unix socket has no TLS
  if (of("sslrootcert") === "system") {
    const weak = of("sslmode") !== "" && of("sslmode") !== "verify-full";
    return weak ? "sslrootcert=system needs sslmode=verify-full" : "";
  }
  if (of("sslcert") !== "" && of("sslkey") !== "" && unreadable("sslkey", of("sslkey")) !== "") {
    return unreadable("sslkey", of("sslkey"));
  }
  if (!of("sslmode").startsWith("verify-")) return "";
  if (of("sslrootcert") !== "") return unreadable("sslrootcert", of("sslrootcert"));
  const mode = of("sslmode") === "verify-ca" ? "verify-ca" : "verify-full";
  return unreadable("", usualFile("root.crt", env)) === ""
    ? ""
    : `sslmode=${mode} needs sslrootcert, ${bundle}`;
}

function wrongInPorts(parameters: Parameters): string {
  const count = (name: string) => (parameters.get(name) ?? "").split(",").length;
  for (const port of (parameters.get("port") ?? "").split(",")) {
    if (
      port.trim() !== "" &&
      !(/^\d{1,5}$/.test(port.trim()) && Number(port) >= 1 && Number(port) <= 65535)
    ) {
      return "libpq does not take its port";
    }
  }
  const [named, addressed] = [parameters.get("host") !== "", parameters.get("hostaddr") !== ""];
  const hosts = named ? count("host") : count("hostaddr");
  const fits =
    (!named || !addressed || count("host") === count("hostaddr")) && [1, hosts].includes(count("port"));
  return fits ? "" : "libpq does not take its host, hostaddr or port";
}

/** What libpq knows and this app cannot do. `tasklane check` has the same (app/cli/env_inspection.cpp). */
function untaken(parameters: Parameters): string {
  const of = (name: string) => parameters.get(name) ?? "";
  const taken: Record<string, boolean> = {
    passfile: of("passfile") === "",
    host: !/(^|,)@/.test(of("host")), // an abstract socket
    sslkey: !of("sslkey").includes(":"), // an engine's
    sslcrl: of("sslcrl") === "",
    sslcrldir: of("sslcrldir") === "",
    requirepeer: of("requirepeer") === "",
    gssencmode: of("gssencmode") !== "require",
    replication: /^(|false|off|no|0)$/i.test(of("replication")),
  };
  if (of("service") !== "") return "its service cannot be used: write its parameters out";
  if ([...parameters.values()].includes(notUtf8)) return "the web app does not take what is not UTF-8";
  const name = Object.keys(taken).find((each) => !taken[each]);
  return name === undefined ? "" : `the web app does not take its ${name}`;
}

function wrongIn(parameters: Parameters, env: Environment): string {
  const isNumber = (name: string) => /^\s*[+-]?\d{0,9}\s*$/.test(parameters.get(name) ?? "");
  const numbers = [
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
  ];
  if (!isNumber("connect_timeout")) return "its connect_timeout is not a number of seconds";
  for (const name of numbers) if (!isNumber(name)) return `its ${name} is no number`;
  const certificates = wrongInCertificates(parameters, env);
  if (certificates !== "") return certificates;
  for (const name of known.keys()) {
    const value = parameters.get(name) ?? "";
    if (name === "port" && wrongInPorts(parameters).endsWith("its port")) return wrongInPorts(parameters);
    if (value !== "" && allowed[name]?.test(value) === false) return `libpq does not take its ${name}`;
  }
  return wrongInPorts(parameters) || untaken(parameters);
}

/** Why this URL cannot be used, without a word of it; "": it can. */
export function mistakeIn(url: string, env: Environment): string {
  try {
    return wrongIn(read(url, env), env);
  } catch (error) {
    if (error instanceof Mistake) return error.message === malformed ? whyMalformed(url) : error.message;
    throw error;
  }
}

/** The parameters of a URL in which there is no mistake. */
export function parametersOf(url: string, env: Environment): Parameters {
  const parameters = new Map(read(url, env));
  if (!parameters.get("user")) parameters.set("user", userInfo().username);
  if (!parameters.get("dbname")) parameters.set("dbname", parameters.get("user") ?? "");
  return parameters;
}

export function hostsOf(parameters: Parameters): Host[] {
  const list = (name: string) => (parameters.get(name) ?? "").split(",");
  const [names, addresses, ports] = [list("host"), list("hostaddr"), list("port")];
  const count = Math.max(names.length, addresses.length);
  return Array.from({ length: count }, (_, i) => ({
    name: names[i] ?? "",
    address: addresses[i] ?? "",
    port: Number(ports[ports.length === 1 ? 0 : i]?.trim() || 5432),
  }));
}
