// What Better Auth's own options cannot say about names and passwords, checked before its endpoints see them; and
// endpoints for the account page that it has none for.
import type { BetterAuthPlugin } from "better-auth";
import {
  APIError,
  createAuthEndpoint,
  createAuthMiddleware,
  sensitiveSessionMiddleware,
} from "better-auth/api";
import { audit } from "./audit";
import { nameMax, passwordMax, passwordMin } from "../client/account-rules";
import { isCommon } from "./common-passwords";

const refuse = (code: string, message: string) => new APIError("BAD_REQUEST", { code, message });

/** The name without what surrounds it; refused when nothing is left. */
function usableName(name: unknown): string {
  const text = typeof name === "string" ? name.replace(/[\p{C}\p{Z}]+/gu, " ").trim() : "";
  if (text === "") throw refuse("NAME_IS_BLANK", "A name is needed");
  if ([...text].length > nameMax) throw refuse("NAME_TOO_LONG", `A name has at most ${nameMax} characters`);
  return text;
}

type Body = Record<string, unknown>;
const named = new Set(["/sign-up/email", "/update-user"]);
const newPasswordIn: Record<string, string> = {
  "/sign-up/email": "password",
  "/change-password": "newPassword",
  "/reset-password": "newPassword",
};

export function accountRules() {
  return {
    id: "account-rules",
    hooks: {
      before: [
        {
          matcher: ({ path }) =>
            named.has(path ?? "") || (path ?? "") in newPasswordIn || path === "/delete-user",
          handler: createAuthMiddleware(async ({ path, body }) => {
            const given = { ...(body as Body) };
            const password = given[newPasswordIn[path] ?? ""];
            // Of a shorter one Better Auth says that.
            if (typeof password === "string" && password.length >= passwordMin && isCommon(password))
              throw refuse("PASSWORD_TOO_COMMON", "This password is among the commonest");
            // Without a password Better Auth takes a fresh session for enough.
            if (path === "/delete-user" && !given.password)
              throw refuse("INVALID_PASSWORD", "Invalid password");
            if (path === "/sign-up/email" || (path === "/update-user" && "name" in given))
              given.name = usableName(given.name);
            return { context: { body: given } };
          }),
        },
      ],
    },
    endpoints: {
      /** Whether the password is right, before the tasks of an account are deleted and then the account. */
      checkPassword: createAuthEndpoint(
        "/account/check-password",
        { method: "POST", use: [sensitiveSessionMiddleware] },
        async (context) => {
          const { password } = (context.body ?? {}) as Body;
          const { internalAdapter, password: hashing, session } = context.context;
          const account = await internalAdapter.findCredentialAccount(session.user.id);
          const isText = typeof password === "string" && password.length <= passwordMax;
          if (!isText || !account?.password || !(await hashing.verify({ hash: account.password, password })))
            throw refuse("INVALID_PASSWORD", "Invalid password");
          return context.json({ status: true });
        },
      ),
      /** The page tells that it has exported the tasks, which it has from the API. */
      noteExport: createAuthEndpoint(
        "/account/exported",
        { method: "POST", use: [sensitiveSessionMiddleware] },
        async (context) => {
          audit("user_exported", context.context.session.user.id, context);
          return context.json({ status: true });
        },
      ),
      /** Ends a session by its id, so that no page needs the tokens of the others. */
      endSession: createAuthEndpoint(
        "/account/end-session",
        { method: "POST", use: [sensitiveSessionMiddleware] },
        async (context) => {
          const { id } = (context.body ?? {}) as Body;
          const { internalAdapter, session } = context.context;
          const found = (await internalAdapter.listSessions(session.user.id)).find((each) => each.id === id);
          if (found) {
            await internalAdapter.deleteSession(found.token);
            audit("sessions_ended", session.user.id, context);
          }
          return context.json({ status: true });
        },
      ),
    },
  } satisfies BetterAuthPlugin;
}
