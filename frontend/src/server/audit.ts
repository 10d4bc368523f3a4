// The audit trail: a JSON line on standard output for what happened to an account, with who, when and from where. No
// secret, and no email: a password may be typed into that field by mistake.
import type { AuthContext, BetterAuthPlugin, GenericEndpointContext } from "better-auth";
import { APIError, createAuthMiddleware } from "better-auth/api";

type Event =
  | "user_signed_up"
  | "user_signed_in"
  | "sign_in_failed"
  | "password_changed"
  | "password_reset"
  | "email_confirmed"
  | "sessions_ended"
  | "user_exported"
  | "user_deleted";

type Endpoint = Pick<GenericEndpointContext, "headers" | "path"> | null | undefined;

/** A line as `tasklane user` writes them. In the web app people act for themselves. */
export function audit(event: Event, user: string | null, endpoint: Endpoint): void {
  const by = event === "sign_in_failed" ? null : user;
  const from = endpoint?.headers?.get("x-forwarded-for")?.trim() || null;
  console.log(JSON.stringify({ time: new Date().toISOString(), audit: event, user, by, from }));
}

const passwordEvents: Record<string, Event> = {
  "/change-password": "password_changed",
  "/reset-password": "password_reset",
};

async function failed({ internalAdapter }: AuthContext, email: unknown): Promise<string | null> {
  const found = typeof email === "string" ? await internalAdapter.findUserByEmail(email) : null;
  return found?.user.id ?? null;
}

/** What Better Auth does, told where it has been done. */
export function auditTrail() {
  return {
    id: "audit-trail",
    hooks: {
      after: [
        {
          matcher: ({ path }) => path === "/sign-in/email",
          handler: createAuthMiddleware(async (endpoint) => {
            if (endpoint.context.returned instanceof APIError)
              audit("sign_in_failed", await failed(endpoint.context, endpoint.body?.email), endpoint);
          }),
        },
      ],
    },
    init: () => ({
      options: {
        databaseHooks: {
          user: {
            create: { after: async ({ id }, endpoint) => audit("user_signed_up", id, endpoint) },
            update: {
              after: async ({ id }, endpoint) => {
                if (endpoint?.path === "/verify-email") audit("email_confirmed", id, endpoint);
              },
            },
            delete: { after: async ({ id }, endpoint) => audit("user_deleted", id, endpoint) },
          },
          session: {
            create: {
              after: async ({ userId }, endpoint) => {
                if (endpoint?.path === "/sign-in/email" || endpoint?.path === "/verify-email")
                  audit("user_signed_in", userId, endpoint);
              },
            },
          },
          account: {
            update: {
              after: async ({ userId }, endpoint) => {
                const event = passwordEvents[endpoint?.path ?? ""];
                if (event) audit(event, userId, endpoint);
              },
            },
          },
        },
      },
    }),
  } satisfies BetterAuthPlugin;
}
