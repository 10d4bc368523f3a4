// What an operator does to users, by Better Auth's own functions: node users.mjs VERB, with the web app's environment,
// a JSON object on standard input and one on standard output. What is wrong is one sentence on standard error, with
// exit status 1. The build puts it into the standalone folder, beside the web app's server, compiled in `migrate/`.
//
//   find {id} or {email}  -> {user}, null: there is none      sign-out {id}      -> {ended}: how many sessions
//   list {after, limit}   -> {users}, by id                   delete {id}        -> {deleted}
//   reset-link {email}    -> {url}                            invite {email}     -> {url}
import { database, makeAuth } from "./migrate/server/auth.js";
import { config, parse } from "./migrate/server/config.js";
import { invite } from "./migrate/server/invitations.js";
import { linkTo } from "./migrate/server/links.js";

const listMax = 1000;

class Sentence extends Error {}
const refuse = (sentence) => {
  throw new Sentence(sentence);
};

const facts = ({ id, email, name, createdAt, emailVerified }) => ({
  id,
  email,
  name,
  createdAt,
  emailVerified,
});

async function found({ internalAdapter }, { id, email }) {
  if (typeof id === "string") return internalAdapter.findUserById(id);
  if (typeof email !== "string") refuse("an id or an email is needed");
  return (await internalAdapter.findUserByEmail(email))?.user ?? null;
}

const known = async (context, asked) => (await found(context, asked)) ?? refuse("there is no such user");

const verbs = {
  async find(context, asked) {
    const user = await found(context, asked);
    return { user: user && facts(user) };
  },

  async list({ internalAdapter }, { after, limit }) {
    const where =
      typeof after === "string" && after !== "" ? [{ field: "id", operator: "gt", value: after }] : undefined;
    const count = Math.min(Math.max(Number(limit) || listMax, 1), listMax);
    const users = await internalAdapter.listUsers(count, undefined, { field: "id", direction: "asc" }, where);
    return { users: users.map(facts) };
  },

  async "sign-out"(context, asked) {
    const { id } = await known(context, asked);
    const ended = (await context.internalAdapter.listSessions(id)).length;
    await context.internalAdapter.deleteUserSessions(id);
    return { ended };
  },

  async delete(context, asked) {
    const { id } = await known(context, asked);
    await context.internalAdapter.deleteUser(id);
    return { deleted: true };
  },

  async "reset-link"(context, asked) {
    const { email } = await known(context, asked);
    await auth.api.requestPasswordReset({ body: { email } });
    return { url: link ?? refuse("Better Auth made no link") };
  },

  async invite(context, { email }) {
    if (typeof email !== "string" || !/^[^@\s]+@[^@\s]+$/.test(email)) refuse("an email is needed");
    if (config().signUp === "closed") refuse("SIGN_UP is closed; with SIGN_UP=invite invitations count");
    if (await found(context, { email })) refuse("there is a user with this email already");
    const invitation = await invite(context, email);
    return { url: linkTo(config().origin, "sign-up", new URLSearchParams({ invitation, email })) };
  },
};

let link;
let auth;

async function main() {
  const run = Object.hasOwn(verbs, process.argv[2] ?? "") ? verbs[process.argv[2]] : null;
  if (!run) refuse(`the verb must be one of ${Object.keys(verbs).join(", ")}`);
  const { mistakes } = parse(process.env);
  if (mistakes.length > 0) refuse(mistakes.join("; "));
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) text += part;
  const asked = text.trim() === "" ? {} : JSON.parse(text);
  auth = makeAuth((url) => (link = url));
  return run(await auth.$context, asked ?? {});
}

try {
  const answer = await main();
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  const sentence =
    error instanceof SyntaxError ? "standard input is not JSON" : error.message || error.code || "failed";
  process.stderr.write(`${String(sentence).replace(/\s+/g, " ")}\n`);
  process.exitCode = 1;
} finally {
  if (auth) await database().end();
}
