// Where to go after signing in: a path of this very origin, never anything else.

export const home = "/tasks";

const notAgain = /^\/(sign-in|sign-up|forgot-password|reset-password|verify-email|api)(\/|$)/;

/** `wanted` as a path with its query, or the task page when it leads elsewhere or to a page for signing in. */
export function safeNext(wanted: string | null | undefined): string {
  // A browser takes \ for / and drops tabs and line ends, so that "/\t/evil.example" would be another host.
  if (!wanted || !wanted.startsWith("/") || /[\\\u0000-\u001f]/.test(wanted)) return home;
  const base = "https://page.invalid";
  if (!URL.canParse(wanted, base)) return home;
  const url = new URL(wanted, base);
  if (url.origin !== base || url.pathname.startsWith("//")) return home;
  if (url.pathname === "/" || notAgain.test(url.pathname)) return home;
  return url.pathname + url.search;
}
