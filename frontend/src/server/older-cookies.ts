// Cookies that an older version of the secret has signed. Better Auth verifies them with the current one alone, so a
// change of the secret would end every session. With this they count for as long as that version is configured. They
// are not replaced: Better Auth sets them anew before they expire, with the current secret.
import type { BetterAuthPlugin } from "better-auth";
import { createAuthMiddleware } from "better-auth/api";
import { parseCookies, setRequestCookie } from "better-auth/cookies";
import { signCookie, signedValue } from "./secrets";

export function olderCookies(secrets: string[]) {
  return {
    id: "older-cookies",
    hooks: {
      before: [
        {
          matcher: (context) => secrets.length > 0 && Boolean(context.headers?.has("cookie")),
          handler: createAuthMiddleware(async ({ headers: asked, context }) => {
            const headers = new Headers(asked);
            const cookies = parseCookies(headers.get("cookie") ?? "");
            const { sessionToken, dontRememberToken } = context.authCookies;
            for (const { name } of [sessionToken, dontRememberToken]) {
              const value = signedValue(cookies.get(name) ?? "", secrets);
              if (value !== null) setRequestCookie(headers, name, signCookie(value, context.secret));
            }
            return { context: { headers } };
          }),
        },
      ],
    },
  } satisfies BetterAuthPlugin;
}
