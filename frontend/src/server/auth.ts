// Better Auth: accounts, sessions and the tokens that the API verifies. Made when first needed, since a build has no
// configuration.
import { betterAuth, type AuthContext, type BetterAuthOptions } from "better-auth";
import { jwt } from "better-auth/plugins";
import type { Pool } from "pg";
import { passwordMax, passwordMin } from "../client/account-rules";
import { accountRules } from "./account-rules";
import { auditTrail } from "./audit";
import { config, type Config } from "./config";
import { databasePool } from "./database";
import { signWithSecret } from "./hs256";
import { invitations } from "./invitations";
import { changeLetter, existingLetter, resetLetter, verifyLetter } from "./letters";
import { allowOnce, linkMaxMs, linkTo, singleUse } from "./links";
import { mailer } from "./mail";
import { olderCookies } from "./older-cookies";
import { deleteTasksOf } from "./tasks-of-user";

const tokenLifetime = "15m";
const connectMaxMs = 10_000;
const queryMaxMs = 10_000;

/** By address and path, in a minute: several people may share an address, and a password is slow to try. */
const passwordTries = { window: 60, max: 20 };

const mails = { window: 60, max: 10 };

let pool: Pool | undefined;

/** The connections that all of the web app shares. */
export function database(): Pool {
  pool ??= databasePool(config().databaseUrl, process.env, {
    max: 5,
    connectTimeoutMs: connectMaxMs,
    queryTimeoutMs: queryMaxMs,
  });
  return pool;
}

/** Tokens by either of the two ways that the API knows. */
function tokens({ origin, secret, tokens: way }: Config) {
  const claims = { issuer: origin, audience: origin, expirationTime: tokenLifetime };
  if (way === "jwks") return jwt({ jwt: claims });
  return jwt({
    // The plugin takes a signer of one's own only along with a key set published elsewhere. There is none: the API
    // has the secret.
    jwks: { remoteUrl: `${origin}/api/auth/jwks`, keyPairConfig: { alg: "EdDSA" } },
    jwt: { ...claims, sign: (payload) => signWithSecret(payload, secret) },
  });
}

/** What mail makes possible. `context` is Better Auth's own, once it is made. */
function byMail({ mail, origin }: Config, context: () => Promise<AuthContext>) {
  if (mail === null) return {};
  const send = mailer(mail);
  const link = async (token: string) => {
    await allowOnce(await context(), token);
    return linkTo(origin, "verify-email", token);
  };
  return {
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      sendResetPassword: async ({ user, token }) =>
        send(user.email, resetLetter(user.name, linkTo(origin, "reset-password", token))),
      onExistingUserSignUp: async ({ user }) => send(user.email, existingLetter(user.name, origin)),
    },
    emailVerification: {
      sendOnSignUp: true,
      sendOnSignIn: true,
      autoSignInAfterVerification: true,
      expiresIn: linkMaxMs / 1_000,
      sendVerificationEmail: async ({ user, token }) =>
        send(user.email, verifyLetter(user.name, await link(token))),
    },
    user: {
      changeEmail: {
        enabled: true,
        sendChangeEmailConfirmation: async ({ user, newEmail, token }) =>
          send(user.email, changeLetter(user.name, newEmail, await link(token))),
      },
    },
  } satisfies Partial<BetterAuthOptions>;
}

/** How else a link for a new password reaches its owner: the operator hands it over. */
export type HandOver = (url: string) => void;

function options(settings: Config, context: () => Promise<AuthContext>, handOver: HandOver | null) {
  const { emailAndPassword, emailVerification, user }: Partial<BetterAuthOptions> = byMail(settings, context);
  return {
    appName: "Tasklane",
    baseURL: settings.origin,
    secret: settings.firstSecret,
    ...(settings.versions.length > 0 && { secrets: settings.versions }),
    database: database(),
    databaseHooks: {
      user: { delete: { before: ({ id }: { id: string }) => deleteTasksOf(database(), id) } },
    },
    emailAndPassword: {
      ...emailAndPassword,
      ...(handOver && {
        sendResetPassword: async ({ token }: { token: string }) =>
          handOver(linkTo(settings.origin, "reset-password", token)),
      }),
      enabled: true as const,
      minPasswordLength: passwordMin,
      maxPasswordLength: passwordMax,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: linkMaxMs / 1_000,
    },
    emailVerification,
    user: { ...user, deleteUser: { enabled: true } },
    rateLimit: {
      enabled: true,
      window: 10,
      max: 100,
      customRules: {
        "/sign-in/email": passwordTries,
        "/sign-up/email": passwordTries,
        "/account/check-password": passwordTries,
        "/change-password": passwordTries,
        "/delete-user": passwordTries,
        "/change-email": mails,
        "/request-password-reset": mails,
        "/send-verification-email": mails,
      },
    },
    advanced: { ipAddress: { ipAddressHeaders: ["x-forwarded-for"] } },
    telemetry: { enabled: false },
    plugins: [
      tokens(settings),
      olderCookies(settings.olderSecrets),
      accountRules(),
      invitations(settings.signUp),
      singleUse(),
      ...(handOver ? [] : [auditTrail()]),
    ],
  } satisfies BetterAuthOptions;
}

/** A Better Auth by the environment's configuration. */
export function makeAuth(handOver: HandOver | null = null) {
  const context = async () => (await auth.$context) as unknown as AuthContext;
  const auth = betterAuth(options(config(), context, handOver));
  return auth;
}

let made: ReturnType<typeof makeAuth> | undefined;

export function auth(): ReturnType<typeof makeAuth> {
  made ??= makeAuth();
  return made;
}
