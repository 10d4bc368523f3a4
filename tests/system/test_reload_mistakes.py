"""A reload is a transaction: a generation that cannot do what the one before can does not replace it, and a worker that is
replaced starts as its generation began, whatever the file says by then."""

import base64
import concurrent.futures
import json
import os
import shutil
import signal

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.configuration import change, put_back
from harness.load import Load
from harness.operator import ask, reload, status_of, tasklane
from harness.postgres import Postgres
from harness.processes import wait_for
from harness.relay import Relay
from harness.stack import Stack


class Mistakes:
    """What an operator can get wrong: each changes the file or the database, and returns what has to be told."""

    def __init__(self, stack):
        self.stack = stack
        self.url = stack.settings["DATABASE_URL"]
        self.postgres = Postgres(stack)
        self.undo = []

    def sql(self, *statements, undone_by):
        self.postgres.execute(*statements, dbname="tasklane")
        self.undo.append(undone_by)

    def change_url(self, old, new):
        assert old in self.url, self.url
        change(self.stack, DATABASE_URL=self.url.replace(old, new))

    def role_without(self, right):
        """Another role, which lacks a right."""
        self.sql(
            "create role poor login password 'poor'", "call tasklane_grant('poor')", f"revoke {right} from poor",
            undone_by="drop owned by poor; drop role poor",
        )  # fmt: skip
        user = self.url.partition("://")[2].partition("@")[0]
        self.change_url(f"{user}@", "poor:poor@")

    def password(self):
        user = self.url.partition("://")[2].partition("@")[0]
        self.change_url(f"{user}@", f"{user.partition(':')[0]}:wrong@")
        return "password authentication failed"

    def database(self):
        self.change_url("/tasklane?", "/elsewhere?")
        return 'database "elsewhere" does not exist'

    def port(self):
        change(self.stack, DATABASE_URL=f"postgresql://tasklane_api@127.0.0.1:{self.stack.port}/tasklane?sslmode=disable")
        return "the database: "

    def right_to_write(self):
        self.role_without("delete on tasks")
        return "no right to DELETE on tasks"

    def right_to_keys(self):
        change(self.stack, AUTH_JWKS="database")
        self.role_without("select on tasklane_public_keys")
        return "keys to verify tokens with cannot be read from the database"

    def schema(self):
        self.role_without("delete on tasks")  # by its search_path there is no table at all
        self.postgres.execute("alter role poor set search_path = pg_catalog")
        return "cannot prepare a statement"

    def key_file(self):
        change(self.stack, AUTH_JWKS="/nowhere/keys.json")
        return "AUTH_JWKS cannot be used"


@pytest.fixture(scope="module")
def loaded():
    stack = Stack(workers=2).start()
    yield stack
    stack.stop()


MISTAKES = ["password", "database", "port", "right_to_write", "right_to_keys", "schema", "key_file"]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_replaces_nobody_and_is_told(loaded, mistake):
    stack, good = loaded, (loaded.state / "tasklane.env").read_text()
    mistakes = Mistakes(stack)
    workers, generation = stack.worker_pids(), status_of(stack)["generation"]
    try:
        with Load(stack, connections=20, rate=200) as load:
            why = getattr(mistakes, mistake)()
            for command in ("reload", "upgrade"):
                status, said = tasklane(stack, command, "--wait")
                assert status == 1 and why in said, said
                load.wait_for_more(100)
            # A worker that is replaced now starts as those did that serve.
            os.kill(workers[0], signal.SIGKILL)
            wait_for(lambda: stack.is_whole() and workers[0] not in stack.worker_pids(), "the successor")
            wait_for(lambda: ready_workers(stack) == 2, "it to be ready")
            load.wait_for_more(200)
        assert why in tasklane(stack, "status")[1]
    finally:
        put_back(stack, good)
        for statement in mistakes.undo:
            mistakes.postgres.execute(statement, dbname="tasklane")
    held_by_the_killed = set(load.report["failures"]) - {"502"}
    assert not held_by_the_killed and sum(load.report["failures"].values()) <= load.connections, load.told()
    load.check_writes()
    last = status_of(stack)["last_reload"]
    assert last["outcome"] == "failed" and why in last["reason"]
    assert status_of(stack)["generation"] == generation and workers[1] in stack.worker_pids()
    assert stack.metrics()["tasklane_last_reload_failed"] == 1
    reload(stack)
    assert stack.metrics()["tasklane_last_reload_failed"] == 0
    assert "last reload failed" not in tasklane(stack, "status")[1]


def ready_workers(stack):
    return sum(slot["state"] == "ready" for slot in status_of(stack)["slots"])


@pytest.mark.parametrize("fault", ["refuse", "stall"])
def test_a_database_that_nobody_reaches_is_no_reason(new_stack, fault):
    stack = new_stack(workers=2)
    with Relay(stack.state / "pg") as relay:
        relay.put_before(stack, connect_timeout=2)
        before = stack.worker_pids()
        relay.tell(fault)
        if fault == "refuse":
            relay.tell("cut")
        reload(stack)
        assert not set(before) & set(stack.worker_pids())
        assert '"worker serves without what it needs"' in (stack.log / "tasklane.log").read_text()
        relay.tell("accept" if fault == "refuse" else "flow")
        api = stack.user("after")
        wait_for(lambda: api.post({"title": "after"}).status_code == 201, "the database to be used again")
        api.close()


def test_a_wait_ends_with_the_last_worker_of_before(new_master):
    master = new_master(workers=2)
    old = master.worker_pids()
    with concurrent.futures.ThreadPoolExecutor(1) as pool, master.connect() as connection:
        assert connection.ask("GET", "/healthz").status == 200
        waiting = pool.submit(reload, master)
        wait_for(lambda: status_of(master)["generation"] == 2, "the new generation to serve")
        assert connection.peer_pid() in old and connection.ask("GET", "/healthz").status == 200
        assert not waiting.done(), "one of the old workers still serves"
        connection.close()
        assert waiting.result() == 2
        assert not set(old) & set(master.worker_pids())


def test_what_is_unreadable_by_now_was_read_when_the_generation_began(new_master, tmp_path):
    """The file itself, the file of a secret, the folder of the keys."""
    secrets, keys = tmp_path / "secrets", tmp_path / "keys"
    for folder in (secrets, keys):
        folder.mkdir()
    write_keys(keys / "jwks.json")
    master = new_master(workers=2)
    secret = secrets / "BETTER_AUTH_SECRET"
    secret.write_text(master.settings["BETTER_AUTH_SECRET"])
    secret.chmod(0o600)
    master.settings.update(BETTER_AUTH_SECRET=None, BETTER_AUTH_SECRET_FILE=secret, AUTH_JWKS=keys / "jwks.json")
    master.write_settings(0o600)
    reload(master)
    shutil.rmtree(secrets)
    shutil.rmtree(keys)
    master.env_file.write_text("nonsense\n")
    for victim in master.worker_pids():
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: master.is_whole() and victim not in master.worker_pids(), "a successor")
        wait_for(lambda: ready_workers(master) == 2, "it to be ready")
    assert master.serves()
    assert "the keys that were read last stay in force" in master.log.read_text()
    assert "expected NAME=value" in ask(master, "reload wait")


def write_keys(path):
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key = {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
    path.write_text(json.dumps({"keys": [key]}))
