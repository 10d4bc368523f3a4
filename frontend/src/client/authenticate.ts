// Signing in and signing up with Better Auth's endpoints.
import { callAuth } from "./auth-call";
import { tellTabs } from "./session-watch";

export interface Credentials {
  name?: string;
  email: string;
  password: string;
  invitation?: string;
}

/** in: a session has begun. mail: it begins with the link in a mail. */
export type Outcome = { mistake: string } | { now: "in" | "mail" };

export async function authenticate(kind: "sign-in" | "sign-up", credentials: Credentials): Promise<Outcome> {
  const answer = await callAuth<{ token: string | null }>(`/${kind}/email`, credentials);
  if ("mistake" in answer) return answer;
  if (answer.data.token === null) return { now: "mail" };
  tellTabs("changed");
  return { now: "in" };
}
