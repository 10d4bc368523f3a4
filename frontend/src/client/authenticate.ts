// Signing in and signing up with Better Auth's endpoints: plain fetch, for its client would double the page's code.

export interface Credentials {
  name?: string;
  email: string;
  password: string;
}

const signInTimeoutMs = 20_000;

const texts: Record<string, string> = {
  INVALID_EMAIL_OR_PASSWORD: "Email or password is not right.",
  INVALID_EMAIL: "This is not an email address.",
  USER_ALREADY_EXISTS: "There is an account with this email already. Sign in instead.",
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: "There is an account with this email already. Sign in instead.",
  PASSWORD_TOO_SHORT: "The password is too short.",
  PASSWORD_TOO_LONG: "The password is too long.",
  INVALID_ORIGIN: "This page is not at the address that the server expects (BETTER_AUTH_URL).",
};

/** Null when it worked, otherwise what to tell. */
export async function authenticate(
  kind: "sign-in" | "sign-up",
  credentials: Credentials,
): Promise<string | null> {
  let response: Response;
  try {
    response = await fetch(`/api/auth/${kind}/email`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(credentials),
      signal: AbortSignal.timeout(signInTimeoutMs),
    });
  } catch {
    return "The server cannot be reached. Check your connection and try again.";
  }
  if (response.ok) return null;
  if (response.status === 429) {
    const seconds = Number(response.headers.get("X-Retry-After")) || 60;
    return `Too many tries. Wait ${seconds} ${seconds === 1 ? "second" : "seconds"}, then try again.`;
  }
  const problem = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  if (response.status >= 500) return "Signing in does not work right now. Try again in a moment.";
  return texts[problem.code ?? ""] ?? problem.message ?? "This did not work.";
}
