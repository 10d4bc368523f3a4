// The settings about people: who may sign up, and how mail reaches them.
import type { Environment } from "./database-url";

const ways = ["open", "closed", "invite"] as const;

export type SignUp = (typeof ways)[number];

export interface MailSettings {
  /** smtp: or smtps:, with user and password. Secret. */
  url: string;
  /** An address, or a name with one. */
  from: string;
}

export function readSignUp(env: Environment, mistakes: string[]): SignUp {
  const value = env.SIGN_UP || "open";
  const found = ways.find((way) => way === value);
  if (!found) mistakes.push("SIGN_UP must be open, closed or invite");
  return found ?? "closed";
}

/** Both settings, or neither: then no mail is sent. */
export function readMail(env: Environment, url: string, mistakes: string[]): MailSettings | null {
  const from = env.MAIL_FROM ?? "";
  if (!url && !from) return null;
  if (!url || !from) mistakes.push(`${url ? "MAIL_FROM" : "SMTP_URL"} is not set, and mail needs both`);
  if (url && (!URL.canParse(url) || !/^smtps?:$/.test(new URL(url).protocol) || !new URL(url).hostname))
    mistakes.push("SMTP_URL must be smtp://[USER:PASSWORD@]HOST[:PORT], or smtps: for TLS from the start");
  if (from && !/^([^<>\r\n]*<)?[^@<>\s]+@[^@<>\s]+>?$/.test(from))
    mistakes.push("MAIL_FROM must be an address such as Tasklane <tasks@example.com>");
  return { url, from };
}
