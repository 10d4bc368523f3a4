// Brings Better Auth's tables up to date: node migrate.mjs, with DATABASE_URL (or DATABASE_URL_FILE) the owner's of them. Safe to
// repeat, and from several hosts at once. The tables are those of src/server/auth.ts: the jwt plugin brings `jwks`.
// It runs in the standalone folder, where the build puts these two beside it, compiled.
import { getMigrations } from "better-auth/db/migration";
import { jwt } from "better-auth/plugins";
import { readDatabaseUrl } from "./migrate/server/config.js";
import { databasePool } from "./migrate/server/database.js";

const lock = 7_235_411_903; // any number that no one else takes; migrations wait for each other

const mistakes = [];
const url = readDatabaseUrl(process.env, mistakes);
if (mistakes.length > 0) {
  for (const mistake of mistakes) console.error(`migrate: ${mistake}`);
  process.exit(100);
}
const database = databasePool(url, process.env, { max: 10, connectTimeoutMs: 10_000 });
try {
  const client = await database.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [lock]);
    const { toBeCreated, toBeAdded, runMigrations } = await getMigrations({
      database,
      emailAndPassword: { enabled: true },
      telemetry: { enabled: false },
      plugins: [jwt()],
    });
    await runMigrations();
    const changed = [...toBeCreated, ...toBeAdded].map((each) => each.table);
    console.log(
      changed.length > 0 ? `migrate: made or changed ${changed.join(", ")}` : "migrate: up to date",
    );
  } finally {
    client.release(true); // which lets go of the lock
  }
} catch (error) {
  console.error(`migrate: ${error.message || error.code}`);
  process.exitCode = 1;
} finally {
  await database.end();
}
