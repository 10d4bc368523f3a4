// What the packages in the build ask to be handed on with them: each one's name, version, licence and its text. They
// are the packages of the lock file that are no tools of the build.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));

for (const [path, { version, license, dev, devOptional, optional }] of Object.entries(packages)) {
  if (path === "" || dev || devOptional || optional || !existsSync(path)) continue;
  console.log(`\n${path.replace(/^.*node_modules\//, "")} ${version}, licence ${license ?? "see below"}\n`);
  const text = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  if (text !== undefined) console.log(readFileSync(join(path, text), "utf8").trim().replace(/^/gm, "    "));
}
