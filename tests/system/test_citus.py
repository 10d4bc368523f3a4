"""Tasks spread over nodes by Citus: the steps of docs/SCALING.md, and what must hold then.

Citus is in no registry, so this runs where TASKLANE_TEST_CITUS_URL is the superuser's URL of a database on a coordinator
with nodes, after steps 1 and 2 of that page. What tasklane_owner owns in it is dropped, and the passwords of
tasklane_owner and tasklane_api change."""

import os
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlencode

import psycopg2
import pytest
from psycopg2.extensions import parse_dsn

from harness import tokens
from harness.load import Load
from harness.operator import tasklane
from harness.stack import BUILD, PROJECT, Stack

CITUS = os.environ.get("TASKLANE_TEST_CITUS_URL")
OWNER, API = "tasklane_owner", "tasklane_api"

pytestmark = [pytest.mark.skipif(not CITUS, reason="TASKLANE_TEST_CITUS_URL names no Citus"), pytest.mark.load]


def run_sql(url, *statements):
    """The rows of the last one."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def url_of(role):
    parts = parse_dsn(CITUS)
    where = urlencode({"host": parts["host"], "port": parts["port"]})
    return f"postgresql://{role}:{role}-password@/{parts['dbname']}?{where}"


def log_in_everywhere(role):
    """The role's password here, and what the nodes say to each other for it."""
    known = f"INSERT INTO pg_dist_authinfo VALUES (0, '{role}', 'password={role}-password')"
    forgotten = f"DELETE FROM pg_dist_authinfo WHERE rolename = '{role}'"
    run_sql(
        CITUS, f"ALTER ROLE {role} LOGIN PASSWORD '{role}-password'",
        *(f"SELECT run_command_on_all_nodes($do${statement}$do$)" for statement in (forgotten, known)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def stack():
    log_in_everywhere(OWNER)
    run_sql(CITUS, f"DROP OWNED BY {OWNER} CASCADE")
    host = Stack(workers=2, DATABASE_URL=url_of(API), DATABASE_URL_DIRECT=url_of(OWNER))
    subprocess.run([BUILD / "app/tasklane", "migrate", "--sql", PROJECT / "sql"], env=host.environment, check=True, timeout=120)
    [(version,)] = run_sql(CITUS, "SELECT extversion FROM pg_extension WHERE extname = 'citus'")
    narrow = ("(id, version) ON tasks", "(stored_at) ON idempotency_keys")
    needed = narrow if int(version.split(".")[0]) >= 13 else (", UPDATE ON tasks", "ON idempotency_keys")
    run_sql(
        url_of(OWNER),
        "DROP TRIGGER tasks_version ON tasks",
        "SELECT create_distributed_table(name, 'user_id') FROM unnest(ARRAY['tasks', 'idempotency_keys']) AS name",
        *(f"GRANT INSERT {what} TO {API}" for what in needed),
    )  # fmt: skip
    log_in_everywhere(API)
    run_sql(CITUS, f"ALTER ROLE {API} SET plan_cache_mode = auto")
    host.start()
    yield host
    host.stop()


def test_the_check_passes_and_the_contract_holds(stack):
    status, said = tasklane(stack, "check", "--db")
    assert status == 0, said
    assert "a worker's statements read and write tasks" in said
    done = stack.run("verify", "--token", tokens.token(stack.secret, tokens.unique("citus")))
    assert done.returncode == 0, done.stdout


def test_equal_keys_at_once_make_one_task(stack):
    """The loser's duplicate is XX000 there: its outcome counts as unknown, and its repetition finds the winner's answer."""
    for _ in range(20):
        user, headers = stack.user(tokens.unique("citus")), {"Idempotency-Key": str(uuid.uuid4())}

        def create(_):
            return user.request("POST", "/api/tasks", json={"title": "once"}, headers=headers)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(create, range(4)))
        assert {answer.status_code for answer in answers} <= {201, 503}, answers
        again = create(None)
        assert again.status_code == 201 and again.headers["idempotency-replayed"] == "true"
        assert user.tasks() == [again.json()]


@pytest.mark.parametrize("keys", [False, True])
def test_a_minute_of_writes_loses_and_doubles_nothing(stack, keys):
    with Load(stack, connections=100, rate=400, keys=keys) as load:
        load.wait_for_more(60 * 400, 300)
    print(f"\n{load.told()}")
    load.check_writes()
    assert sum(load.report["failures"].values()) == 0
