import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

// Harmless defaults for when the app is reached without nginx, which sends its own. The policy for content is in
// src/proxy.ts, since it needs a new nonce for every page.
const headers = [
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "X-Frame-Options", value: "DENY" },
  { key: "Referrer-Policy", value: "same-origin" },
  { key: "Permissions-Policy", value: "camera=(), geolocation=(), microphone=(), payment=()" },
];

/** @type {import("next").NextConfig} */
export default {
  output: "standalone",
  outputFileTracingRoot: here,
  turbopack: { root: here },
  poweredByHeader: false,
  images: { unoptimized: true },
  // These stay packages of the standalone folder, so that migrate.mjs and users.mjs find them there, too.
  serverExternalPackages: ["better-auth", "pg", "nodemailer", "@zxcvbn-ts/language-common"],
  outputFileTracingIncludes: { "/**": ["./migrate.mjs", "./node_modules/better-auth/dist/db/**/*.mjs"] },
  outputFileTracingExcludes: { "*": ["./node_modules/sharp/**", "./node_modules/@img/**"] }, // no image is made here
  // Where a browser's password manager looks for the form (https://w3c.github.io/webappsec-change-password-url/).
  redirects: async () => [
    { source: "/.well-known/change-password", destination: "/account?change=password", permanent: false },
  ],
  headers: async () => [{ source: "/:path*", headers }],
};
