"""What distance and slow commits cost is round trips and commits: they are counted here, by the relay, and timed in
`scripts/bench --distance` and `--writes`."""

import concurrent.futures
from collections import Counter

import pytest

from harness.client import path_of
from harness.postgres import Postgres, wait_until_connected
from harness.relay import Relay
from harness.stack import Stack


@pytest.fixture(scope="module")
def distant():
    """A stack whose database is 10 ms away, and the relay that makes it so."""
    stack = Stack(workers=2).start()
    try:
        with Relay(stack.state / "pg") as relay:
            relay.put_before(stack)
            relay.tell("delay", 5)
            yield stack, relay
    finally:
        stack.stop()


def test_a_lone_request_costs_one_round_trip(distant):
    stack, relay = distant
    api = stack.user()
    tasks = [api.create(f"task {n}") for n in range(5)]
    requests = {
        "GET": lambda n: api.get(),
        "GET by id": lambda n: api.get(path_of(tasks[n])),
        "POST": lambda n: api.post({"title": f"another {n}"}),
        "PUT": lambda n: api.put(path_of(tasks[n]), {"title": f"changed {n}"}),
        "PATCH": lambda n: api.patch(path_of(tasks[n]) + "/complete"),
        "DELETE": lambda n: api.delete(path_of(tasks[n])),
    }
    for name, request in requests.items():
        turns = []
        for n in range(5):
            before = relay.counts()
            assert request(n).status_code == {"POST": 201, "DELETE": 204}.get(name, 200), name
            after = relay.counts()
            turns.append(after["turns"] - before["turns"])
        # Keys are looked up once a minute, and a sweep of expired ones goes along: hardly with two of five.
        assert sorted(turns)[:4] == [1] * 4, f"{name}: {turns} round trips"
    api.close()


def test_many_writes_share_commits_and_at_most_four_connections(distant):
    stack, relay = distant
    Postgres(stack).execute(
        "alter system set commit_delay = 100000", "alter system set commit_siblings = 0", "select pg_reload_conf()"
    )
    wait_until_connected(stack)
    users = [stack.user() for _ in range(32)]
    before = relay.counts()

    def create_some(user):
        return [user.post({"title": f"task {n}"}).status_code for n in range(10)]

    with concurrent.futures.ThreadPoolExecutor(len(users)) as pool:
        statuses = [status for each in pool.map(create_some, users) for status in each]
    assert statuses == [201] * 320, Counter(statuses)
    after = relay.counts()
    batches, statements = (after[name] - before[name] for name in ("requests", "statements"))
    assert statements >= 320
    assert batches <= statements / 2, f"{batches} commits for {statements} writes"
    assert after["open_max"] <= 4, after
    for user in users:
        user.close()
