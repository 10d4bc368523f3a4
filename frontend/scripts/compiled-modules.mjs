// What tsc has compiled for migrate.mjs and users.mjs is made of modules, whose names Node.js wants in full.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Of a folder that tsc has just filled. */
export function nameInFull(folder) {
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".js")) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    writeFileSync(path, readFileSync(path, "utf8").replace(/(from "\.[^"]*)"/g, '$1.js"'));
  }
}
