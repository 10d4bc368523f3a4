// The last step of `npm run build`: puts what Next.js leaves out beside the standalone server, so that it can run.
import { cpSync, existsSync } from "node:fs";

const standalone = ".next/standalone";
cpSync(".next/static", `${standalone}/.next/static`, { recursive: true });
if (existsSync("public")) cpSync("public", `${standalone}/public`, { recursive: true });
