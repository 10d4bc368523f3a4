// Sending mail, by SMTP. A page never waits for that, or the time it takes would tell whether an account exists; what
// goes wrong is in the log, without the link.
import { createTransport } from "nodemailer";
import type { MailSettings } from "./config-people";
import { html, plainText, type Mail } from "./letters";

const mailConnectMaxMs = 10_000;
const mailAnswerMaxMs = 20_000;
const mailAttemptsMax = 3;
const mailFirstWaitMs = 2_000;

/** Sends in the background. */
export function mailer({ url, from }: MailSettings): (to: string, mail: Mail) => void {
  const transport = createTransport(url, { from });
  Object.assign(transport.options, {
    connectionTimeout: mailConnectMaxMs,
    greetingTimeout: mailConnectMaxMs,
    socketTimeout: mailAnswerMaxMs,
  });

  async function send(to: string, mail: Mail): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await transport.sendMail({ to, subject: mail.subject, text: plainText(mail), html: html(mail) });
        return;
      } catch (error) {
        const { code, responseCode } = error as { code?: string; responseCode?: number };
        const passes = responseCode === undefined || (responseCode >= 400 && responseCode < 500);
        const why = [code, responseCode].filter(Boolean).join(" ");
        console.error(`tasklane-web: a mail was not sent (${why || "no reason given"}), attempt ${attempt}`);
        if (!passes || attempt === mailAttemptsMax) return;
        await new Promise((resolve) => setTimeout(resolve, mailFirstWaitMs * attempt).unref());
      }
    }
  }

  return (to, mail) => void send(to, mail);
}
