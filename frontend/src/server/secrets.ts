// Better Auth's secret and its versions. What the API refuses is refused here, with the same sentences
// (app/base/secret_versions.h, app/base/setting_rules.h).
import { createHmac, timingSafeEqual } from "node:crypto";

export interface SecretVersion {
  version: number;
  value: string;
}

const secretBytesMin = 32;
const secretVersionsMax = 8;

/** Why a secret is none: others know it. */
function publiclyKnown(secret: string): string {
  const lower = secret.toLowerCase();
  if (lower.startsWith("better-auth-secret")) return "is Better Auth's own published default";
  const published = ["the-same-32-bytes-or-more-as-in-the-front-end", "a-string-secret-at-least-256-bits-long"];
  if (published.includes(lower)) return "is an example from the documents";
  return /change[-_]?me|your[-_]secret|example|placeholder/.test(lower) ? "looks like a placeholder" : "";
}

/** What is wrong with a secret, a sentence without its name; "": nothing. */
export function wrongInSecret(secret: string): string {
  const bytes = Buffer.byteLength(secret);
  if (bytes < secretBytesMin) {
    return `has ${bytes} bytes; at least ${secretBytesMin} are needed (openssl rand -base64 32 makes one)`;
  }
  const known = publiclyKnown(secret);
  return known && `${known}; make another one: openssl rand -base64 32`;
}

/** "2:NEW,1:OLD", the current version first, and what is wrong with it: sentences without the setting's name. */
export function readVersions(text: string): { versions: SecretVersion[]; mistakes: string[] } {
  const versions: SecretVersion[] = [];
  const mistakes: string[] = [];
  const entries = text.split(",");
  if (entries.length > secretVersionsMax) mistakes.push(`has more than ${secretVersionsMax} versions`);
  for (const [index, entry] of entries.entries()) {
    const found = /^[ \t]*(\d{1,9})[ \t]*:[ \t]*(.*?)[ \t]*$/s.exec(entry);
    if (!found) {
      const form = "VERSION:SECRET with a whole number as version; a secret in it has no comma";
      mistakes.push(`entry ${index + 1} must be ${form}`);
      continue;
    }
    const version = Number(found[1]);
    const value = found[2] ?? "";
    if (versions.some((other) => other.version === version)) mistakes.push(`has version ${version} twice`);
    const wrong = wrongInSecret(value);
    if (wrong) mistakes.push(`version ${version} ${wrong}`);
    versions.push({ version, value });
  }
  return { versions, mistakes };
}

/** A cookie's signature, as Better Auth makes it. */
export function signCookie(value: string, secret: string): string {
  return `${value}.${createHmac("sha256", secret).update(value).digest("base64")}`;
}

/** What a cookie says that one of these secrets has signed; null: none of them has. */
export function signedValue(cookie: string, secrets: string[]): string | null {
  const value = cookie.slice(0, Math.max(cookie.lastIndexOf("."), 0));
  const given = Buffer.from(cookie);
  const isRight = (secret: string) => {
    const right = Buffer.from(signCookie(value, secret));
    return right.length === given.length && timingSafeEqual(right, given);
  };
  return value !== "" && secrets.some(isRight) ? value : null;
}
