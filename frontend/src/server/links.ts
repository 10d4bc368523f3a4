// Links that let someone act for an account. Their secret stands behind a #, which no browser sends: so it is in no log
// of a server or a proxy. Each works once; Better Auth sees to that for passwords, and this plugin for emails.
import { createHash } from "node:crypto";
import type { AuthContext, BetterAuthPlugin } from "better-auth";
import { APIError, createAuthMiddleware } from "better-auth/api";

export const linkMaxMs = 3_600_000;

const identifier = (token: string) => `email-link:${createHash("sha256").update(token).digest("base64url")}`;

export function linkTo(origin: string, page: string, token: string): string {
  return `${origin}/${page}#${token}`;
}

/** Makes the token of an email's link good for one use. */
export async function allowOnce({ internalAdapter }: AuthContext, token: string): Promise<void> {
  const expiresAt = new Date(Date.now() + linkMaxMs);
  await internalAdapter.createVerificationValue({ identifier: identifier(token), value: "", expiresAt });
}

export function singleUse() {
  return {
    id: "single-use",
    hooks: {
      before: [
        {
          matcher: ({ path }) => path === "/verify-email",
          handler: createAuthMiddleware(async ({ query, context }) => {
            const token = String((query as { token?: unknown } | undefined)?.token ?? "");
            if (!(await context.internalAdapter.consumeVerificationValue(identifier(token))))
              throw new APIError("BAD_REQUEST", {
                code: "INVALID_TOKEN",
                message: "The link has been used or has expired",
              });
          }),
        },
      ],
    },
  } satisfies BetterAuthPlugin;
}
