// Brings Better Auth's tables up to date: node migrate.mjs, with DATABASE_URL (or DATABASE_URL_FILE) the owner's of them. Safe to
// repeat, and from several hosts at once. The tables are those of src/server/auth.ts: the jwt plugin brings `jwks`.
import { readFileSync } from "node:fs";
import { getMigrations } from "better-auth/db/migration";
import { jwt } from "better-auth/plugins";
import pg from "pg";

const lock = 7_235_411_903; // any number that no one else takes; migrations wait for each other

const { DATABASE_URL, DATABASE_URL_FILE } = process.env;
// trim() drops what src/server/config.ts does: line ends, blanks and a byte order mark.
const connectionString = DATABASE_URL || (DATABASE_URL_FILE && readFileSync(DATABASE_URL_FILE, "utf8").trim());
if (!connectionString) {
  console.error("migrate: DATABASE_URL is not set");
  process.exit(100);
}
const database = new pg.Pool({ connectionString, connectionTimeoutMillis: 10_000 });
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
