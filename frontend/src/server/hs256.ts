// A JWT signed with HS256 and the bytes of the shared secret, as RFC 7515 says.
import { createHmac } from "node:crypto";

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function signWithSecret(payload: object, secret: string): string {
  const signed = `${base64url({ alg: "HS256", typ: "JWT" })}.${base64url(payload)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
