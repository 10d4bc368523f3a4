// Better Auth: accounts, sessions and the tokens that the API verifies. Made when first needed, since a build has no
// configuration.
import { betterAuth, type BetterAuthOptions } from "better-auth";
import { jwt } from "better-auth/plugins";
import pg from "pg";
import { config, type Config } from "./config";
import { signWithSecret } from "./hs256";
import { olderCookies } from "./older-cookies";

const tokenLifetime = "15m";

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

function pool(connectionString: string): pg.Pool {
  const made = new pg.Pool({
    connectionString,
    max: 5,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    query_timeout: 10_000,
    application_name: "tasklane-web",
  });
  // A connection that dies while idle: the pool makes another one when it is needed.
  made.on("error", (error) =>
    console.error(`tasklane-web: an idle database connection was lost: ${error.message}`),
  );
  return made;
}

function options(settings: Config) {
  return {
    appName: "Tasklane",
    baseURL: settings.origin,
    secret: settings.firstSecret,
    ...(settings.versions.length > 0 && { secrets: settings.versions }),
    database: pool(settings.databaseUrl),
    emailAndPassword: { enabled: true, minPasswordLength: 8, maxPasswordLength: 128 },
    // By address and path. Several people may share an address, and a password is slow to try.
    rateLimit: {
      enabled: true,
      window: 10,
      max: 100,
      customRules: {
        "/sign-in/email": { window: 60, max: 20 },
        "/sign-up/email": { window: 60, max: 20 },
      },
    },
    advanced: { ipAddress: { ipAddressHeaders: ["x-forwarded-for"] } },
    telemetry: { enabled: false },
    plugins: [tokens(settings), olderCookies(settings.olderSecrets)],
  } satisfies BetterAuthOptions;
}

const make = () => betterAuth(options(config()));
let made: ReturnType<typeof make> | undefined;

export function auth(): ReturnType<typeof make> {
  made ??= make();
  return made;
}
