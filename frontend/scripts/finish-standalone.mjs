// The last step of `npm run build`: puts what Next.js leaves out beside the standalone server, so that it can run, and
// compresses the static files once and well, for nginx's gzip_static.
import { copyFileSync, cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { nameInFull } from "./compiled-modules.mjs";

const source = ".next/static";
const smallest = 1024; // bytes; below that a header weighs more than what is saved

for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(css|js|svg|txt)$/.test(entry.name)) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const content = readFileSync(path);
  if (content.length >= smallest) writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
}
cpSync(source, ".next/standalone/.next/static", { recursive: true });

nameInFull(".next/standalone/migrate");
copyFileSync("scripts/users.mjs", ".next/standalone/users.mjs");
