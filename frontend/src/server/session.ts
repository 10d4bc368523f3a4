// Who asks for a page.
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { cache } from "react";
import { auth } from "./auth";
import { deviceOf } from "./devices";

export interface Account {
  id: string;
  name: string;
  email: string;
  emailVerified: boolean;
  createdAt: string;
  /** The session that asks. */
  session: string;
}

/** Where an account is signed in. Nothing of it lets anyone in. */
export interface Place {
  id: string;
  device: string;
  address: string;
  since: string;
}

const attemptsForPageMax = 4;
const firstPageWaitMs = 200;

/** Tries again while the database restarts, for a second and a bit. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attemptsForPageMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, firstPageWaitMs * attempt));
    }
  }
}

/** The signed-in user, or null. Asked once per page, however often it is called. */
export const account = cache(async (): Promise<Account | null> => {
  const asked = await headers();
  const session = await patiently(() => auth().api.getSession({ headers: asked }));
  if (!session) return null;
  const { id, name, email, emailVerified, createdAt } = session.user;
  return { id, name, email, emailVerified, createdAt: createdAt.toISOString(), session: session.session.id };
});

/** The account's sessions, the newest first. */
export async function placesOf({ id }: Account): Promise<Place[]> {
  const { internalAdapter } = await auth().$context;
  const sessions = await patiently(() => internalAdapter.listSessions(id));
  const living = sessions.filter(({ expiresAt }) => expiresAt > new Date());
  living.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
  return living.map(({ id: session, userAgent, ipAddress, createdAt }) => ({
    id: session,
    device: deviceOf(userAgent),
    address: ipAddress ?? "",
    since: createdAt.toISOString(),
  }));
}

/** The signed-in user; anyone else goes to the sign-in page, and from there to `path`. */
export async function requireAccount(path: string): Promise<Account> {
  const user = await account();
  if (!user) redirect(`/sign-in?next=${encodeURIComponent(path)}`);
  return user;
}

/** A token for the page's first call, which saves it a round trip; null when there is none to be had now. */
export async function firstToken(): Promise<string | null> {
  try {
    const { token } = await auth().api.getToken({ headers: await headers() });
    return token;
  } catch {
    return null; // the page asks for one itself, and says what is wrong
  }
}
