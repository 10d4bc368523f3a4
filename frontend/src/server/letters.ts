// What the web app writes to people, as plain text and as HTML.

export interface Mail {
  subject: string;
  /** Paragraphs of plain text. */
  before: string[];
  /** What the link does, in a few words, and where it leads. */
  link?: { label: string; url: string };
  after: string[];
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export function plainText({ before, link, after }: Mail): string {
  return `${[...before, ...(link ? [link.url] : []), ...after].join("\n\n")}\n`;
}

export function html({ subject, before, link, after }: Mail): string {
  const paragraph = (content: string) => `<p style="margin:0 0 16px">${content}</p>`;
  const button =
    link && paragraph(`<a href="${escaped(link.url)}" style="color:#0f766e">${escaped(link.label)}</a>`);
  const content = [
    ...before.map((each) => paragraph(escaped(each))),
    button ?? "",
    ...after.map((each) => paragraph(escaped(each))),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif;color:#1c211f;background:#ffffff">
${content.filter(Boolean).join("\n")}
</body></html>
`;
}

const lifetime = "The link works once and for an hour.";

export function resetLetter(name: string, url: string): Mail {
  return {
    subject: "Choose a new password for Tasklane",
    before: [
      `Hello ${name},`,
      "a new password was asked for, for your Tasklane account. Choose it here:",
    ],
    link: { label: "Choose a new password", url },
    after: [lifetime, "If it was not you, do nothing: your password stays as it is."],
  };
}

export function verifyLetter(name: string, url: string): Mail {
  return {
    subject: "Confirm your email for Tasklane",
    before: [`Hello ${name},`, "please confirm that this email is yours:"],
    link: { label: "Confirm this email", url },
    after: [lifetime, "If you did not ask for it, do nothing."],
  };
}

export function changeLetter(name: string, newEmail: string, url: string): Mail {
  return {
    subject: "Change the email of your Tasklane account",
    before: [
      `Hello ${name},`,
      `the email of your Tasklane account is to become ${newEmail}. If this is what you want, say so here:`,
    ],
    link: { label: "Change the email", url },
    after: [lifetime, "If it was not you, do nothing, and change your password: somebody knows it."],
  };
}

export function existingLetter(name: string, origin: string): Mail {
  return {
    subject: "You have a Tasklane account already",
    before: [
      `Hello ${name},`,
      "this email was used to sign up at Tasklane. You have an account already.",
      "Sign in here:",
    ],
    link: { label: "Sign in", url: `${origin}/sign-in` },
    after: ["If you do not know your password, that page leads to a new one. If it was not you, do nothing."],
  };
}
