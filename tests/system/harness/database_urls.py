"""A database URL as the command, a worker and the web app read it: what each refuses, and whether it gets a connection."""

import json
import re
import shutil
import subprocess

import psycopg2

from harness.better_auth import node, packages_of, run
from harness.logs import texts
from harness.master import Master
from harness.operator import tasklane
from harness.run import new_folder
from harness.stack import PROJECT, clean_environment

LIBPQ = psycopg2.extensions.libpq_version()
TRY = """
const [folder, only] = process.argv.slice(1);
const { readDatabaseUrl } = require(folder + "/config.js");
const { databasePool } = require(folder + "/database.js");
const urls = JSON.parse(require("fs").readFileSync(0, "utf8"));
async function tried(url) {
  const mistakes = [];
  readDatabaseUrl({ ...process.env, DATABASE_URL: url ?? undefined }, mistakes);
  if (mistakes.length > 0 || only) return { mistakes };
  const pool = databasePool(url, process.env, { max: 2, connectTimeoutMs: 20000 });
  try {
    await Promise.all([pool.query("SELECT FROM tasks"), pool.query("SELECT FROM tasks")]);
    return {};
  } catch (error) {
    return { failure: error.message };
  } finally {
    await pool.end();
  }
}
(async () => {
  const all = [];
  for (const url of urls) all.push(await tried(url));
  console.log(JSON.stringify(all));
})();
"""


def compiled():
    """The folder with the web app's own reading, as its build leaves it for migrate.mjs."""
    top = new_folder()
    for part in ("server", "client"):
        shutil.copytree(PROJECT / "frontend/src" / part, top / "src" / part)
    for name in ("tsconfig.json", "tsconfig.migrate.json"):
        shutil.copy(PROJECT / "frontend" / name, top)
    (top / "node_modules").symlink_to(packages_of(PROJECT / "frontend") / "node_modules")
    run(node(), str(top / "node_modules/typescript/bin/tsc"), "-p", "tsconfig.migrate.json", "--outDir", "migrate", cwd=top)
    module = PROJECT / "frontend/scripts/compiled-modules.mjs"
    finish = "import(process.argv[1]).then(({ nameInFull }) => nameInFull(process.argv[2]))"
    run(node(), "-e", finish, str(module), str(top / "migrate"), cwd=top)
    return top / "migrate/server"


def by_web_app(compiled, urls, *only, **environment):
    """[{mistakes, or the failure to connect, or nothing}]; with "mistakes" no connection is tried."""
    given = {name: value for name, value in clean_environment().items() if value}
    done = subprocess.run(
        [node(), "-e", TRY, str(compiled), *only], input=json.dumps([*urls]), text=True, timeout=120, stdout=subprocess.PIPE,
        check=True, env={**given, "HOME": "/nonexistent", **environment},
    )  # fmt: skip
    return json.loads(done.stdout)


def master_with(stack, url, DATABASE_URL_FILE=None, **more):
    """With the URL in its environment, not in its file: that has rules of its own."""
    made = Master(stack, DATABASE_URL_DIRECT=None, DATABASE_URL=None, **more)
    given = {"HOME": "/nonexistent", "DATABASE_URL": url, "DATABASE_URL_FILE": DATABASE_URL_FILE}
    made.environment |= {name: str(value) for name, value in given.items() if value}
    return made


def by_command(stack, url, **environment):
    """(exit status, what it said) of looking at the database."""
    master = master_with(stack, url)
    master.environment |= environment
    master.settings["DATABASE_URL"] = url
    master.write_settings(0o600)
    try:
        return tasklane(master, "check", "--db")
    finally:
        shutil.rmtree(master.folder)


def by_worker(stack, url):
    """Whether a worker has become ready, and its log."""
    master = master_with(stack, url).start()
    try:
        with master.connect() as connection:
            ready = connection.ask("GET", "/readyz").status == 200
        return ready, texts(master.folder)["tasklane.log"]
    finally:
        master.stop()


def sentences(said):
    return re.findall(r"^tasklane(?:-master)?: ((?:FRONTEND_)?DATABASE_URL(?:_FILE)?:? .*)$", said, re.MULTILINE)


def checked(stack, url, **more):
    master = master_with(stack, url, **more)
    try:
        done = subprocess.run(
            [str(stack.binaries / "tasklane"), "check", "--env-file", str(master.env_file)], env=master.environment, text=True,
            timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert (done.returncode == 100) == (sentences(done.stdout) != []), (url, done.stdout)
        return sentences(done.stdout)
    finally:
        shutil.rmtree(master.folder)
