"""Migrations under workers that serve: nobody notices, whatever the migration does or waits for."""

import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg2
import pytest

from harness.locks import wait_for_waiting
from harness.logs import texts
from harness.operator import reload, tasklane
from harness.processes import wait_for
from harness.run import new_folder
from harness.stack import PROJECT, Stack

LOCK = "x'7461736b6c616e65'::bigint"  # what a migration holds: app/schema/migrations.cpp


@pytest.fixture(scope="module")
def stack():
    started = Stack(workers=2).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def files():
    """A copy of sql/ that the tests add to, one after another."""
    folder = new_folder() / "sql"
    shutil.copytree(PROJECT / "sql", folder)
    return folder


def test_a_statement_changes_one_thing_of_a_table():
    """Distributed engines refuse several subcommands of an ALTER TABLE."""
    for file in sorted((PROJECT / "sql").glob("*.sql")):
        text = re.sub(r"--.*|'[^']*'", "", re.sub(r"\$(\w*)\$.*?\$\1\$", "", file.read_text(), flags=re.DOTALL))
        while "(" in text:
            text = re.sub(r"\([^()]*\)", "", text)
        assert not re.findall(r"ALTER TABLE[^;]*,[^;]*;", text), file.name


def add(files, words, text):
    """The next migration, by name."""
    name = f"{len(list(files.glob('*.sql'))) + 1:04}_{words}.sql"
    (files / name).write_text(text)
    return name


def migrate(stack, files):
    return tasklane(stack, "migrate", "--sql", str(files))


class Clients:
    """Users that create, change and list without a pause while this is open; `statuses` tells how it went."""

    def __init__(self, stack, count=4):
        self.stack, self.count = stack, count
        self.statuses, self.created = set(), 0

    def __enter__(self):
        self.leaving = threading.Event()
        self.pool = ThreadPoolExecutor(self.count)
        self.working = [self.pool.submit(self._work) for _ in range(self.count)]
        return self

    def _work(self):
        api = self.stack.user()
        while not self.leaving.is_set():
            created = self._ask(api, "POST", "/api/tasks", json={"title": "meanwhile"})
            self.created += 1
            path = created.headers.get("location", "/api/tasks/1")
            self._ask(api, "PATCH", f"{path}/complete")
            self._ask(api, "GET", "/api/tasks?status=completed")
            self._ask(api, "DELETE", path)
        api.close()

    def _ask(self, api, method, path, **more):
        response = api.request(method, path, **more)
        self.statuses.add(response.status_code)
        return response

    def __exit__(self, *_):
        self.leaving.set()
        self.pool.shutdown()

    def check(self):
        for each in self.working:
            each.result()  # what it has raised: an answer out of the contract's shape, say
        """The role's own lock timeout is 4 s: who waits behind a migration for longer is told 503."""
        assert self.statuses == {200, 201, 204}, self.statuses


@contextmanager
def long_reader(stack):
    """Somebody's report, or pg_dump: a transaction that has read the tasks and stays open."""
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tasks")
        yield


def versions(stack):
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT max(version) FROM tasklane_migrations")
        return cursor.fetchone()[0]


def outside_a_transaction(stack, statement):
    with closing(psycopg2.connect(stack.settings["DATABASE_URL_DIRECT"])) as connection:
        connection.autocommit = True
        connection.cursor().execute(statement)


def test_workers_serve_while_a_migration_waits_for_a_busy_table(stack, files):
    before = versions(stack)
    column = add(files, "column", "ALTER TABLE tasks ADD COLUMN colour text NOT NULL DEFAULT 'none';\n")
    said = []
    with Clients(stack) as clients:
        with long_reader(stack):
            migrating = threading.Thread(target=lambda: said.append(migrate(stack, files)))
            migrating.start()
            wait_for_waiting(stack)  # the clients have rows of their own, and wait for none
            target = clients.created + 40
            wait_for(lambda: clients.created > target, "the clients to be served")
            assert migrating.is_alive() and versions(stack) == before
        migrating.join()
        assert said == [(0, f"applied {column}\nthe schema is at version {before + 1}\n")]
        target = clients.created + 40
        wait_for(lambda: clients.created > target, "the clients to be served by the old workers")
    clients.check()
    status, report = tasklane(stack, "check", "--db")
    assert status != 0 and "newer than this Tasklane" in report, "an older tasklane knows that it is older"


def test_an_index_is_made_while_workers_serve(stack, files):
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO tasks (user_id, title) SELECT 'many' || n % 500, 'A task' FROM generate_series(1, 100000) AS n")
    concurrent = add(files, "index", "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_task_title ON tasks (title);\n")
    with Clients(stack) as clients:
        status, said = migrate(stack, files)
        assert status == 1 and concurrent in said and "cannot run inside a transaction block" in said
        # The way that holds up nobody: by hand and beforehand; the file then finds it made.
        outside_a_transaction(stack, "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_task_title ON tasks (title)")
        (files / concurrent).write_text("CREATE INDEX IF NOT EXISTS idx_task_title ON tasks (title);\n")
        status, said = migrate(stack, files)
        assert (status, said.splitlines()[0]) == (0, f"applied {concurrent}")
        # A plain one keeps writes waiting for as long as it is built: fine for a table of this size.
        plain = add(files, "another", "CREATE INDEX idx_task_created ON tasks (created_at);\n")
        assert migrate(stack, files)[1].splitlines()[0] == f"applied {plain}"
    clients.check()


def test_two_hosts_at_once_apply_a_file_once(stack, files):
    name = add(files, "once", "CREATE TABLE once ();\n")
    answers = []
    hosts = [threading.Thread(target=lambda: answers.append(migrate(stack, files))) for _ in range(3)]
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        for host in hosts:
            host.start()
        wait_for_waiting(stack, len(hosts))
    for host in hosts:
        host.join()
    assert [status for status, _ in answers] == [0, 0, 0], answers
    assert sum(f"applied {name}" in said for _, said in answers) == 1, answers


def test_drift_is_refused_by_the_name_of_the_file(stack, files):
    name = add(files, "good", "CREATE TABLE good ();\n")
    assert migrate(stack, files)[0] == 0
    drifted = new_folder() / "sql"
    shutil.copytree(files, drifted)

    def refusal():
        status, said = migrate(stack, drifted)
        assert status == 1, said
        return said

    (drifted / name).write_text("CREATE TABLE better ();\n")
    assert f"{name} has changed since it was applied" in refusal()
    (drifted / name).unlink()
    assert name in refusal(), "the database knows a file that is missing here"
    (drifted / "0002_public_keys.sql").unlink()
    assert "migration 0002 is missing before 0003_role.sql" in refusal()
    assert stack.is_whole()


def test_the_owner_migrates_and_the_role_that_serves_cannot(stack, files):
    add(files, "more", "CREATE TABLE more ();\n")
    owner = stack.settings["DATABASE_URL_DIRECT"]
    env_file = stack.state / "tasklane.env"
    kept = env_file.read_text()
    env_file.write_text("\n".join(line for line in kept.splitlines() if "DATABASE_URL_DIRECT" not in line) + "\n")
    status, said = migrate(stack, files)
    assert status == 1 and "give its URL as DATABASE_URL_DIRECT" in said, said
    env_file.write_text(kept)
    assert migrate(stack, files)[0] == 0
    with stack.database("worker") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("tasklane_api", "5s", "4s")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT FROM more")
    reload(stack)
    assert not any(owner in text for text in texts(stack.log).values())
