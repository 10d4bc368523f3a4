// Better Auth: accounts, sessions and the tokens that the API verifies. Made when first needed, since a build has no
// configuration.
import { betterAuth, type BetterAuthOptions } from "better-auth";
import { jwt } from "better-auth/plugins";
import { config, type Config } from "./config";
import { databasePool } from "./database";
import { signWithSecret } from "./hs256";
import { olderCookies } from "./older-cookies";

const tokenLifetime = "15m";
const connectMaxMs = 10_000;
const queryMaxMs = 10_000;
const pool = { max: 5, connectTimeoutMs: connectMaxMs, queryTimeoutMs: queryMaxMs };

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

function options(settings: Config) {
  return {
    appName: "Tasklane",
    baseURL: settings.origin,
    secret: settings.firstSecret,
    ...(settings.versions.length > 0 && { secrets: settings.versions }),
    database: databasePool(settings.databaseUrl, process.env, pool),
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
