"""`tasklane backup` under load, and `tasklane restore` into an empty server as a new host would have it: start on it, and every
task is there."""

import json
import os
import signal
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import tokens
from harness.build import BUILD, PROJECT
from harness.client import Api
from harness.cluster import PROGRAMS, Cluster
from harness.operator import tasklane
from harness.processes import wait_for
from harness.run import new_folder
from harness.stack import Stack
from harness.terminal import typed

FIXTURES = PROJECT / "tests/fixtures"
SECRET = "0123456789abcdef0123456789abcdef-test-only"  # by which the samples' private key is encrypted
# What SECURITY.md says of the web app's role.
WEB_ROLE = (
    "CREATE ROLE tasklane_auth LOGIN PASSWORD 'auth'; GRANT USAGE, CREATE ON SCHEMA public TO tasklane_auth;"
    " GRANT tasklane_auth TO tasklane_owner"
)
# Whatever is owned, granted, or set for a role; without what a server makes by itself.
STATE = """
SELECT json_object_agg(what, value ORDER BY what) FROM (
  SELECT 'relation ' || relname AS what, concat(relowner::regrole, ' ', relacl) AS value FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT 'columns ' || attrelid::regclass || '.' || attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL
  UNION ALL SELECT 'function ' || oid::regprocedure, concat(proowner::regrole, ' ', proconfig, ' ', (
      SELECT array_agg(acl ORDER BY acl::text) FROM unnest(coalesce(proacl, acldefault('f', proowner))) AS acl)) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'role ' || rolname, concat(rolcanlogin, ' ', rolconfig) FROM pg_roles WHERE rolname LIKE 'tasklane%'
) AS all_of_it
"""


class NewHost(Cluster):
    """A server with what OPERATIONS.md has an administrator make, and no more."""

    def make_roles(self):
        self.sql("CREATE ROLE tasklane_owner LOGIN CREATEROLE PASSWORD 'owner'", database="postgres")
        self.sql("CREATE DATABASE tasklane OWNER tasklane_owner", database="postgres")


class Writers:
    """Users that create tasks without a pause while this is open; `acknowledged` has (user, id, title)."""

    def __init__(self, stack, count=4):
        self.stack, self.count = stack, count
        self.acknowledged = []

    def __enter__(self):
        self.leaving = threading.Event()
        self.pool = ThreadPoolExecutor(self.count)
        self.working = [self.pool.submit(self._work, f"writer-{n}") for n in range(self.count)]
        return self

    def _work(self, name):
        api = self.stack.user(name)
        while not self.leaving.is_set():
            task = api.create(f"{name} {len(self.acknowledged)}")
            self.acknowledged.append((task["user_id"], task["id"], task["title"]))
        api.close()

    def __exit__(self, *_):
        self.leaving.set()
        self.pool.shutdown()
        for each in self.working:
            each.result()


def settings_on(server, **more):
    return {
        "DATABASE_URL": server.url("tasklane_api"),
        "DATABASE_URL_DIRECT": server.url("tasklane_owner"),
        "BETTER_AUTH_SECRET": SECRET,
        **more,
    }


def watched_tools():
    """A folder for PATH whose pg_dump and pg_restore note what any process could see of them, and then are the real ones."""
    folder = new_folder()
    for name in ("pg_dump", "pg_restore"):
        path = folder / name
        path.write_text(
            "#!/bin/sh\n"
            f"{{ tr '\\0' '\\n' </proc/$$/cmdline; tr '\\0' '\\n' </proc/$$/environ; }} >>{folder}/seen\n"
            f'exec {PROGRAMS / name} "$@"\n'
        )
        path.chmod(0o755)
    return folder


def on_host(server, arguments, path, settings):
    """How `tasklane …` is started as on a host with these settings: its words, and subprocess's options."""
    folder = new_folder()
    files = [] if "--sql" in arguments or arguments[0] == "backup" else ["--sql", str(PROJECT / "sql")]
    secrets = settings_on(server, **settings)
    for name, value in secrets.items():
        (folder / name).write_text(value)
        (folder / name).chmod(0o600)
    environment = {
        "PATH": f"{path or PROGRAMS}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8", "CREDENTIALS_DIRECTORY": str(folder),
        "ASAN_OPTIONS": "detect_leaks=1",
    }  # fmt: skip
    return [str(BUILD / "app/tasklane"), *map(str, arguments), *files], {"env": environment, "cwd": folder, "text": True}


def command(server, *arguments, path=None, **settings):
    """(exit status, stdout, stderr) of that command."""
    words, options = on_host(server, arguments, path, settings)
    done = subprocess.run(words, **options, timeout=120, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


def restored(server, text, backup):
    """A restore on a terminal, without the secret, where `text` is typed once it asks for it."""
    words, options = on_host(server, ["restore", backup], None, {"BETTER_AUTH_SECRET": ""})
    return typed(words, "encrypted with: ", text, **options)


@pytest.fixture(scope="module")
def source():
    """A server with Tasklane and Better Auth's tables on it, and a stack that serves."""
    server = Cluster().create()
    stack = None
    try:
        stack = Stack(workers=2, **settings_on(server)).start()
        server.sql(WEB_ROLE, database="postgres")
        server.sql(WEB_ROLE.split(";")[1])
        for file in (FIXTURES / "better-auth-schema/1.7-text-ids.sql",):
            server.sql(file.read_text(), role="tasklane_auth")
        row = json.loads((FIXTURES / "better-auth/bearer.json").read_text())["jwksRow"][0]
        with server.connection("tasklane_auth") as connection, connection.cursor() as cursor:
            cursor.execute(
                'INSERT INTO jwks (id, "publicKey", "privateKey", "createdAt") VALUES (%s, %s, %s, now())',
                (row["id"], row["publicKey"], row["privateKey"]),
            )
            cursor.execute("INSERT INTO \"user\" (id, name, email, \"emailVerified\") VALUES ('u1', 'Ada', 'ada@example.com', true)")
        server.stack = stack
        yield server
    finally:
        if stack:
            stack.stop()
        server.remove()


@pytest.fixture(scope="module")
def backup(source):
    """(file, tasks acknowledged before it was begun, what the command said, what a process list could show)."""
    file, tools = new_folder() / "tasks.dump", watched_tools()
    with Writers(source.stack) as writers:
        wait_for(lambda: len(writers.acknowledged) >= 50, "tasks")
        before = list(writers.acknowledged)
        status, said, wrong = command(source, "backup", file, path=tools)
        wait_for(lambda: len(writers.acknowledged) > len(before), "writes to go on")
    assert status == 0, wrong
    return file, before, said, (tools / "seen").read_text()


@pytest.fixture
def new_host():
    server = NewHost().create()
    yield server
    server.remove()


def test_a_backup_is_private_and_tells_what_is_not_in_it(source, backup):
    file, _, said, seen = backup
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "encrypted with the web app's secret, which is NOT in it" in said
    assert [each.name for each in file.parent.iterdir()] == ["tasks.dump"]
    assert "--format=custom" in seen and "PGPASSFILE=/proc/self/fd/" in seen
    assert ":owner@" not in seen and "password=" not in seen and "PGPASSWORD" not in seen


def test_a_backup_replaces_nothing(source, backup):
    before = backup[0].read_bytes()
    status, _, said = command(source, "backup", backup[0])
    assert status == 1 and "is there already" in said
    assert backup[0].read_bytes() == before


def test_an_older_pg_dump_is_told_first(source):
    folder = new_folder()
    (folder / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.1 (Debian)'\n")
    (folder / "pg_dump").chmod(0o755)
    status, _, said = command(source, "backup", folder / "tasks.dump", path=folder)
    assert status == 1 and f"pg_dump 12 cannot read PostgreSQL {PROGRAMS.parent.name}" in said
    assert "postgresql-client-" in said
    assert not (folder / "tasks.dump").exists()


def test_a_table_that_cannot_be_read_is_told_by_name(source):
    source.sql("CREATE TABLE locked (id int)", database="tasklane")
    try:
        status, _, said = command(source, "backup", new_folder() / "tasks.dump")
        assert status == 1 and "role tasklane_owner may not read locked" in said
    finally:
        source.sql("DROP TABLE locked", database="tasklane")


def test_the_drill(source, backup, new_host):
    file, before, _, _ = backup
    tools = watched_tools()
    status, said, wrong = command(new_host, "restore", file, path=tools, WEB_DATABASE_URL=new_host.url("tasklane_auth"))
    assert status == 0, said + wrong
    assert "made the role tasklane_api" in said and "the table tasks can be read and written" in said
    seen = (tools / "seen").read_text()
    assert ":owner@" not in seen and "PGPASSWORD" not in seen and "test-only" not in seen
    assert new_host.sql(STATE, database="tasklane") == source.sql(STATE, database="tasklane")
    assert new_host.sql('SELECT count(*) FROM "user"', role="tasklane_auth") == 1, "the web app signs its users in"

    stack = Stack(workers=2, **settings_on(new_host)).start()
    try:
        there = set()
        for sub in {user for user, _, _ in before}:
            api = Api(stack, token=tokens.token(stack.secret, sub))
            there |= {(sub, task["id"], task["title"]) for task in api.tasks()}
            assert api.create("after").get("id") not in {number for _, number, _ in there}
            api.close()
        assert set(before) <= there
    finally:
        stack.stop()


def test_a_restore_replaces_nothing(source, backup):
    status, _, said = command(source, "restore", backup[0])
    assert status == 1 and "is not empty" in said


def test_without_the_secret_of_the_keys_nothing_is_restored_unless_new_ones_are_asked_for(backup, new_host):
    status, _, said = command(new_host, "restore", backup[0], BETTER_AUTH_SECRET="another-secret-of-thirty-two-bytes-1")
    assert status == 1 and "does not decrypt the private keys" in said and "--new-keys" in said
    status, _, said = command(new_host, "restore", backup[0], BETTER_AUTH_SECRET="")
    assert status == 1 and "no secret is there" in said
    assert new_host.sql("SELECT count(*) FROM pg_class WHERE relname = 'tasks'") == 0

    status, said, wrong = command(new_host, "restore", backup[0], "--new-keys", BETTER_AUTH_SECRET="")
    assert status == 0, said + wrong
    assert new_host.sql('SELECT "expiresAt" <= now() FROM jwks')


def test_on_a_terminal_the_secret_is_asked_for_and_not_shown(backup, new_host):
    ended = restored(new_host, "\x03", backup[0])
    assert (ended.status, ended.echoes) == (-signal.SIGINT, True), ended.said
    assert new_host.sql("SELECT count(*) FROM pg_class WHERE relname = 'tasks'") == 0

    done = restored(new_host, f"{SECRET}\n", backup[0])
    assert done.echoes and SECRET not in done.said + done.echoed
    assert "restored" in done.said, done.said


def test_a_versioned_secret_counts_too(backup, new_host):
    status, said, wrong = command(
        new_host, "restore", backup[0], BETTER_AUTH_SECRET="", WEB_BETTER_AUTH_SECRETS=f"2:{tokens.unique('x') * 8},1:{SECRET}"
    )
    assert status == 0, said + wrong


def test_an_older_schema_is_migrated(source, new_host, backup):
    old = new_folder() / "sql"
    old.mkdir()
    for file in sorted((PROJECT / "sql").glob("*.sql"))[:10]:
        (old / file.name).write_bytes(file.read_bytes())
    earlier = NewHost().create()
    try:
        assert command(earlier, "migrate", "--sql", old)[0] == 0
        earlier.sql("INSERT INTO tasks (user_id, title) VALUES ('ada', 'old')", role="tasklane_owner")
        file = new_folder() / "old.dump"
        assert command(earlier, "backup", file)[0] == 0
    finally:
        earlier.remove()
    status, said, wrong = command(new_host, "restore", file)
    assert status == 0, said + wrong
    assert "applied 0011" in said and "as it should be" in said
    assert new_host.sql("SELECT title FROM tasks") == "old"


def test_a_file_that_is_no_backup_is_refused(new_host):
    file = new_folder() / "x"
    file.write_text("no dump")
    status, _, said = command(new_host, "restore", file)
    assert status == 1 and f"pg_restore cannot read {file}" in said


def test_the_command_without_a_file_is_wrong_usage(source):
    status, said = tasklane(source.stack, "backup")
    assert status == 2 and "tasklane backup FILE" in said
