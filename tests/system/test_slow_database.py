"""A database that is slow to connect to: workers get ready without it, /readyz says what they wait for, and requests wait
within their deadline. The waiting itself: tests/store/slow_connection_test.cpp."""

import json
import time
from contextlib import contextmanager

import pytest

from harness import tokens
from harness.master import Master
from harness.operator import tasklane
from harness.processes import wait_for
from harness.relay import Relay
from harness.stack import Stack


@pytest.fixture(scope="module")
def stack():
    started = Stack(workers=1).start()
    yield started
    started.stop()


@pytest.fixture
def relay(stack):
    with Relay(stack.state / "pg") as between:
        yield between


@contextmanager
def master_by(relay, stack, **parameters):
    """A master whose worker reaches the stack's database by way of the relay."""
    master = Master(stack, DATABASE_URL=relay.url_of(stack.settings["DATABASE_URL"], **parameters))
    try:
        yield master.start()
    finally:
        master.stop()


def fall_asleep(relay, wakes_in_ms):
    relay.tell("gate", wakes_in_ms, 0)
    relay.tell("suspend")


def readiness(master):
    """(status, body) of /readyz."""
    with master.connect() as connection:
        answer = connection.ask("GET", "/readyz")
    return answer.status, json.loads(answer.body)


def list_tasks(master):
    with master.connect() as connection:
        return connection.ask("GET", "/api/tasks", tokens.token(master.stack.secret, tokens.unique("patient"))).status


def test_a_worker_is_ready_although_the_database_needs_longer_and_its_requests_wait(stack, relay):
    fall_asleep(relay, 11_000)
    began = time.monotonic()
    with master_by(relay, stack, connect_timeout=15) as master:
        assert 4.9 < time.monotonic() - began < 11, "it waits for the first attempt, and not for ever"
        status, said = readiness(master)
        assert (status, said["detail"]) == (503, "Connecting to the database")
        assert said["database"]["status"] == "connecting" and said["database"]["since_ms"] >= 5_000, said
        assert "last_failure" not in said["database"], said
        assert list_tasks(master) == 200
        assert time.monotonic() - began >= 11
        assert readiness(master)[0] == 200
        assert relay.counts()["connections"] == 2, "one attempt for each connection"


def test_readiness_says_why_the_last_attempt_failed_and_names_nobody(stack, relay):
    relay.tell("mute")
    with master_by(relay, stack, connect_timeout=2) as master:
        status, said = readiness(master)
        assert status == 503 and said["database"]["last_failure"] == "timed_out", said
        relay.tell("refuse")
        wait_for(lambda: readiness(master)[1]["database"].get("last_failure") == "connection_failed", "the kernel's refusal")
        said = readiness(master)[1]
        assert "tasklane_api" not in json.dumps(said) and str(relay.folder) not in json.dumps(said)
        relay.tell("accept")
        relay.tell("cut")
        wait_for(lambda: readiness(master)[0] == 200, "readiness")


def test_a_connect_timeout_that_is_no_number_is_told(stack, relay):
    master = Master(stack, DATABASE_URL=relay.url_of(stack.settings["DATABASE_URL"], connect_timeout="soon"))
    master.write_settings(0o600)
    status, said = tasklane(master, "check", "--db")
    assert status == 100 and "connect_timeout" in said, said


def test_the_check_tells_the_time_to_connect_and_of_a_round_trip(stack, relay):
    relay.tell("delay", 20)
    master = Master(stack, DATABASE_URL=relay.url_of(stack.settings["DATABASE_URL"]))
    master.write_settings(0o600)
    status, said = tasklane(master, "check", "--db")
    assert status == 0 and "too far" not in said, said
    times = next(line for line in said.splitlines() if "connecting takes" in line).split()
    assert times[:3] == ["ok:", "connecting", "takes"]
    assert float(times[3]) >= 80 and 40 <= float(times[8]) < 400, said


def test_the_check_warns_of_a_database_that_needs_longer_than_a_request_has(stack, relay):
    fall_asleep(relay, 8_500)
    master = Master(stack, DATABASE_URL=relay.url_of(stack.settings["DATABASE_URL"]))
    master.write_settings(0o600)
    status, said = tasklane(master, "check", "--db")
    assert status == 0 and "warning: a request that has to wait for a new connection is answered 503" in said, said


def test_the_check_gives_up_where_a_worker_would(stack, relay):
    relay.tell("mute")
    master = Master(stack, DATABASE_URL=relay.url_of(stack.settings["DATABASE_URL"], connect_timeout=2))
    master.write_settings(0o600)
    began = time.monotonic()
    status, said = tasklane(master, "check", "--db")
    assert status == 111 and "not ready within 2 s" in said, said
    assert time.monotonic() - began < 10
