"""Without requests Tasklane sends nothing to the database: counted at the relay, in bytes.

TASKLANE_IDLE_SECONDS says for how long: some seconds in a run of all tests, ten minutes by
`TASKLANE_IDLE_SECONDS=600 scripts/test --system -k rest`. That no timer asks later than that is held by the tests of the
parts: keys in tests/unit/auth_stale_keys_test.cpp, the sweep in tests/store/idempotency_test.cpp."""

import json
import os
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from harness import tokens
from harness.client import Api
from harness.postgres import Postgres
from harness.processes import wait_for
from harness.relay import Relay
from harness.stack import Stack

IDLE_SECONDS = float(os.environ.get("TASKLANE_IDLE_SECONDS", "3"))


@pytest.fixture(scope="module")
def stack():
    started = Stack(workers=2).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def relay(stack):
    with Relay(stack.state / "pg") as between:
        between.put_before(stack)
        yield between


@pytest.fixture(scope="module")
def key(stack):
    """A private key whose public half is where Better Auth would have it."""
    private = Ed25519PrivateKey.generate()
    public = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key())
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute('create table jwks (id text primary key, "publicKey" text, "privateKey" text, alg text)')
        cursor.execute("insert into jwks values ('kid', %s, '', 'EdDSA')", [public if isinstance(public, str) else json.dumps(public)])
    return private


@pytest.fixture
def users(stack, relay, key):
    """One by the secret, one by the key."""
    sub = tokens.unique("user")
    claims = {"sub": sub, "exp": int(time.time()) + 600 + int(IDLE_SECONDS)}
    by_key = Api(stack, jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "kid"}), sub)
    both = [stack.user(), by_key]
    yield both
    for user in both:
        user.close()


def ask_for_all(users):
    for user in users:
        assert user.post({"title": "kept"}, headers={"Idempotency-Key": tokens.unique("key")}).status_code == 201
        task = user.create("once")
        assert [each["title"] for each in user.tasks()][:2] == ["once", "kept"]
        assert user.patch(f"/api/tasks/{task['id']}/complete").status_code == 200
        assert user.delete(f"/api/tasks/{task['id']}").status_code == 204


def rest(stack, relay):
    """Returns after so long without a byte to or from the database, while a monitor asks all the time."""
    monitor = stack.operator()
    wait_for(lambda: relay.counts()["quiet_ms"] > 500, "the last answers")
    before = relay.counts()

    def is_over():
        assert monitor.get("/healthz").status_code == 200
        assert monitor.get("/metrics").status_code == 200
        return relay.counts()["quiet_ms"] >= IDLE_SECONDS * 1000

    wait_for(is_over, lambda: f"{IDLE_SECONDS} s without a byte: {before}, now {relay.counts()}", IDLE_SECONDS + 60)
    monitor.close()
    after = relay.counts()
    for what in ("bytes", "connections"):
        assert after[what] == before[what], f"{what} at rest"
    print(f"{after['quiet_ms'] / 1000:g} s at rest: {after['bytes'] - before['bytes']} bytes")


def test_at_rest_nothing_is_sent(stack, relay, users):
    ask_for_all(users)
    rest(stack, relay)
    assert relay.counts()["open"] > 0, "connections are kept"
    ask_for_all(users)


@pytest.mark.parametrize("how", ["ended by the server", "suspended", "cut"])
def test_connections_that_end_at_rest_come_back_with_the_next_request(stack, relay, users, how):
    ask_for_all(users)
    if how == "ended by the server":
        Postgres(stack).end_sessions()
    else:
        relay.tell("suspend" if how == "suspended" else "cut")
    wait_for(lambda: relay.counts()["open"] == 0, "every connection to end")
    rest(stack, relay)
    for user in users:
        assert user.get().status_code == 200
    # Whose connections have only just come up: they end, and stay so.
    relay.tell("suspend")
    wait_for(lambda: relay.counts()["open"] == 0, "every connection to end")
    rest(stack, relay)
    ask_for_all(users)


def test_readiness_asks_the_database_and_liveness_does_not(stack, relay, users):
    ask_for_all(users)
    monitor = stack.anonymous()
    for path, asked in (("/healthz", False), ("/readyz", True)):
        before = relay.counts()["bytes"]
        assert monitor.get(path).status_code == 200
        assert (relay.counts()["bytes"] > before) == asked, path
    monitor.close()
