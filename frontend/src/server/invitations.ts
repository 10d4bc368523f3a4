// Who may sign up (SIGN_UP), and invitations: a secret in Better Auth's table of verifications, for one email, once.
import { randomBytes } from "node:crypto";
import type { AuthContext, BetterAuthPlugin } from "better-auth";
import { APIError, createAuthMiddleware } from "better-auth/api";
import type { SignUp } from "./config-people";

const invitationMaxMs = 604_800_000; // a week
const identifier = (token: unknown) => `invitation:${String(token)}`;
const refuse = (code: string, message: string) => new APIError("BAD_REQUEST", { code, message });
const noInvitation = () => refuse("INVITATION_INVALID", "The invitation has been used or has expired");

/** The secret of a new invitation. */
export async function invite({ internalAdapter }: AuthContext, email: string): Promise<string> {
  const token = randomBytes(24).toString("base64url");
  const expiresAt = new Date(Date.now() + invitationMaxMs);
  await internalAdapter.createVerificationValue({
    identifier: identifier(token),
    value: email.toLowerCase(),
    expiresAt,
  });
  return token;
}

interface Request {
  email?: unknown;
  invitation?: unknown;
}

export function invitations(way: SignUp) {
  return {
    id: "invitations",
    hooks: {
      before: [
        {
          matcher: ({ path }) => way !== "open" && path === "/sign-up/email",
          handler: createAuthMiddleware(async ({ body, context }) => {
            if (way === "closed")
              throw refuse("SIGN_UP_CLOSED", "New accounts are made by invitation of the operator");
            const { email, invitation } = body as Request;
            if (!invitation) throw refuse("INVITATION_NEEDED", "An invitation is needed");
            const found = await context.internalAdapter.findVerificationValue(identifier(invitation));
            if (!found || found.expiresAt < new Date()) throw noInvitation();
            if (found.value !== String(email).toLowerCase())
              throw refuse("INVITATION_OF_ANOTHER", "The invitation is for another email");
          }),
        },
      ],
    },
    // Once everything else about the new account has been found good: a mistake in the form costs no invitation.
    init: () => ({
      options: {
        databaseHooks: {
          user: {
            create: {
              before: async (_, endpoint) => {
                if (way !== "invite" || endpoint?.path !== "/sign-up/email") return;
                const { invitation } = endpoint.body as Request;
                const { internalAdapter } = endpoint.context;
                if (!(await internalAdapter.consumeVerificationValue(identifier(invitation))))
                  throw noInvitation();
              },
            },
          },
        },
      },
    }),
  } satisfies BetterAuthPlugin;
}
