// Calls of Better Auth's endpoints, with what went wrong in words. By fetch: its client would double the page's code.

const signInTimeoutMs = 20_000;

const texts: Record<string, string> = {
  INVALID_EMAIL_OR_PASSWORD: "Email or password is not right.",
  INVALID_PASSWORD: "The password is not right.",
  INVALID_EMAIL: "This is not an email address.",
  USER_ALREADY_EXISTS: "There is an account with this email already. Sign in instead.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "There is an account with this email already. Sign in instead.",
  PASSWORD_TOO_SHORT: "The password is too short.",
  PASSWORD_TOO_LONG: "The password is too long.",
  PASSWORD_TOO_COMMON: "Too many people have this password. Choose another one.",
  NAME_IS_BLANK: "A name is needed.",
  NAME_TOO_LONG: "The name is too long.",
  INVALID_TOKEN: "This link has been used or has expired. Ask for another one.",
  TOKEN_EXPIRED: "This link has been used or has expired. Ask for another one.",
  USER_NOT_FOUND: "This link has been used or has expired. Ask for another one.",
  INVALID_USER: "Another account is signed in here. Sign out, then ask for another link.",
  EMAIL_NOT_VERIFIED: "Confirm your email first: a mail with a link is on its way.",
  SIGN_UP_CLOSED: "Signing up is closed at present.",
  INVITATION_NEEDED: "Signing up here needs an invitation. Ask the people who run this site.",
  INVITATION_INVALID: "The invitation has been used or has expired. Ask for another one.",
  INVITATION_OF_ANOTHER: "The invitation is for another email.",
  INVALID_ORIGIN: "This page is not at the address that the server expects (BETTER_AUTH_URL).",
};

/** What an endpoint answered, or what to tell. `code` is Better Auth's, where there is one. */
export type Answer<T> = { data: T } | { mistake: string; code: string };

export async function callAuth<T = unknown>(path: string, body: object = {}): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(`/api/auth${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(signInTimeoutMs),
    });
  } catch {
    return { mistake: "The server cannot be reached. Check your connection and try again.", code: "" };
  }
  const answer = (await response.json().catch(() => ({}))) as T & { code?: string; message?: string };
  if (response.ok) return { data: answer };
  const code = answer.code ?? "";
  if (response.status === 401 && !(code in texts)) {
    location.replace(`/sign-in?next=${encodeURIComponent(location.pathname)}`); // the session has ended
  }
  if (response.status === 429) {
    const seconds = Number(response.headers.get("X-Retry-After")) || 60;
    return {
      mistake: `Too many tries. Wait ${seconds} ${seconds === 1 ? "second" : "seconds"}, then try again.`,
      code,
    };
  }
  if (response.status >= 500)
    return { mistake: "This does not work right now. Try again in a moment.", code };
  return { mistake: texts[code] ?? answer.message ?? "This did not work.", code };
}
