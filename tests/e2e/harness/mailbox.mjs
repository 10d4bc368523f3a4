// A real SMTP server, Debian's aiosmtpd, which keeps what it gets in a Maildir; and reading that.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./start.mjs";
import { until } from "./until.mjs";

const greets = (port) =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => {});
    socket.once("data", () => resolve(true) || socket.destroy()).once("error", () => resolve(false));
  });

function quotedPrintable(text) {
  const bytes = text.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** {to, subject, text, html} of a message as it came. */
function read(raw) {
  const [head] = raw.split(/\r?\n\r?\n/, 1);
  const field = (name) => new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, "im").exec(head)?.[1].replace(/\s+/g, " ") ?? "";
  const boundary = /boundary="([^"]+)"/.exec(head)[1];
  const parts = raw.split(`--${boundary}`).map((part) => part.trimStart());
  const content = (type) => {
    const part = parts.find((each) => each.toLowerCase().startsWith(`content-type: ${type}`));
    const [headers] = part.split(/\r?\n\r?\n/, 1);
    const body = part.slice(headers.length).trim();
    return /quoted-printable/i.test(headers) ? quotedPrintable(body) : body;
  };
  return { to: field("To"), from: field("From"), subject: field("Subject"), text: content("text/plain"), html: content("text/html") };
}

export class Mailbox {
  static async open() {
    const mailbox = new Mailbox();
    mailbox.port = await freePort();
    mailbox.folder = mkdtempSync(join(tmpdir(), "tasklane-mail-"));
    const words = ["-m", "aiosmtpd", "-n", "-l", `127.0.0.1:${mailbox.port}`, "-c", "aiosmtpd.handlers.Mailbox"];
    mailbox.server = spawn("/usr/bin/python3", [...words, join(mailbox.folder, "box")], { stdio: "ignore" });
    await until("the SMTP server", () => greets(mailbox.port));
    return mailbox;
  }

  get environment() {
    return { SMTP_URL: `smtp://127.0.0.1:${this.port}`, MAIL_FROM: "Tasklane <tasks@example.com>" };
  }

  all() {
    const folder = join(this.folder, "box", "new");
    return readdirSync(folder).map((name) => read(readFileSync(join(folder, name), "utf8")));
  }

  /** The message to an address with a subject, once it has come. */
  async message(to, subject) {
    return until(`mail to ${to}`, () => this.all().find((each) => each.to === to && subject.test(each.subject)));
  }

  close() {
    this.server.kill();
    rmSync(this.folder, { recursive: true });
  }
}

/** The link in a message, which stands on a line alone, and in the HTML as well. */
export function linkIn({ text, html }) {
  const [link] = /^https:\S+$/m.exec(text);
  if (!html.includes(`href="${link}"`)) throw new Error(`not in the HTML: ${link}`);
  return link;
}
