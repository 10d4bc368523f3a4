// A throw-away Better Auth, as a front end of this API would run it, on a loopback port: sign-up, sign-in, the jwt
// plugin's tokens, and a hand-made route that signs HS256 with jose. Three instances share one database:
//   /api/auth     the usual one
//   /cookie-jwks  its session cookie cache is a JWT signed with the same keys as API tokens
//   /cookie-hs256 its session cookie cache is a JWT signed with the secret
// And a page of its own at /.
// Environment: DATABASE_URL (the owner's), BETTER_AUTH_SECRET, PORT; AUTO_SIGN_IN=no when signing up makes no session;
// JWKS_TABLE: the name of the keys' table, where it is not "jwks";
// PAGE_LOADS: what the page names, of /app.js and /app.css; PAGE_POLICY: its Content-Security-Policy. Prints "ready" once
// it listens.
import http from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins";
import { SignJWT } from "jose";
import pg from "pg";

const { DATABASE_URL, BETTER_AUTH_SECRET, PORT, AUTO_SIGN_IN, JWKS_TABLE, PAGE_LOADS = "", PAGE_POLICY } = process.env;
const database = new pg.Pool({ connectionString: DATABASE_URL, max: 4 });

function make(basePath, session, jwtOptions) {
  return betterAuth({
    database,
    basePath,
    session,
    baseURL: `http://127.0.0.1:${PORT}`,
    secret: BETTER_AUTH_SECRET,
    emailAndPassword: { enabled: true, autoSignIn: AUTO_SIGN_IN !== "no" },
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    plugins: jwtOptions ? [jwt(jwtOptions)] : [],
  });
}

const cookieCache = { enabled: true, strategy: "jwt" };
const keys = JWKS_TABLE ? { schema: { jwks: { modelName: JWKS_TABLE } } } : {};
const auth = make("/api/auth", {}, keys);
const instances = [
  ["/api/auth/", auth],
  ["/cookie-jwks/", make("/cookie-jwks", { cookieCache }, { ...keys, sessionCookieCache: true })],
  ["/cookie-hs256/", make("/cookie-hs256", { cookieCache }, null)],
].map(([prefix, instance]) => [prefix, toNodeHandler(instance)]);

await (await getMigrations(auth.options)).runMigrations();

async function handMadeToken(request, response) {
  const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
  if (!session) return response.writeHead(401).end();
  const token = await new SignJWT({ email: session.user.email })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(session.user.id)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(new TextEncoder().encode(BETTER_AUTH_SECRET));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token }));
}

const loads = PAGE_LOADS.split(" ").map((path) =>
  path.endsWith(".js") ? `<script src="${path}"></script>` : `<link rel="stylesheet" href="${path}">`,
);
const files = {
  "/": ["text/html", `<!doctype html><title>Theirs</title>${PAGE_LOADS && loads.join("")}<p>Hello</p>`],
  "/app.js": ["text/javascript", "console.log('hello');"],
  "/app.css": ["text/css", "p { color: green; }"],
};

const server = http.createServer((request, response) => {
  const file = files[request.url];
  if (file) {
    const policy = PAGE_POLICY ? { "content-security-policy": PAGE_POLICY } : {};
    return response.writeHead(200, { "content-type": file[0], ...policy }).end(file[1]);
  }
  if (request.url === "/hand-made-token") return handMadeToken(request, response);
  const found = instances.find(([prefix]) => request.url.startsWith(prefix));
  return found ? found[1](request, response) : response.writeHead(404).end();
});
server.listen(Number(PORT), "127.0.0.1", () => console.log("ready"));
process.on("SIGTERM", () => process.exit(0));
