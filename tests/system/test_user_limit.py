"""The rate limit per user: over all workers and addresses, through reloads, and nobody else's affair."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.operator import reload
from harness.stack import ORIGINS, Stack

RATE = 20  # and twice as many at once


@pytest.fixture(scope="module")
def limited():
    started = Stack(workers=2, USER_RATE_LIMIT_PER_SECOND=str(RATE)).start()
    yield started
    started.stop()


def flood(clients, each):
    """The answers to `each` requests of every client at once, and the seconds from the first to the last."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(lambda client: [client.get() for _ in range(each)], clients))
    return [answer for some in answers for answer in some], time.monotonic() - began


def admitted(answers):
    assert {a.status_code for a in answers} <= {200, 429}
    return sum(a.status_code == 200 for a in answers)


def answered_by_slot(stack):
    operator = stack.operator()
    status = operator.get("/status").json()
    operator.close()
    return {w["slot"]: w["requests_total"] for w in status["workers"]}


def test_a_user_has_the_rate_over_all_workers_and_connections(limited):
    alice, bob = limited.user("alice"), limited.user("bob")
    clients = [limited.user(sub=alice.sub) for _ in range(8)]
    before = answered_by_slot(limited)
    answers, seconds = flood(clients, 40)
    assert 2 * RATE <= admitted(answers) <= 2 * RATE + RATE * seconds + 1
    after = answered_by_slot(limited)
    assert all(after[slot] > before[slot] for slot in after), "one worker answered all: this shows nothing"
    assert bob.get().status_code == 200, "another user is not affected"
    for client in (alice, bob, *clients):
        client.close()


def test_the_refusal_is_a_problem_that_browsers_can_read(limited):
    user = limited.user()
    before = limited.metrics()["tasklane_user_rate_rejections_total"]
    answers = [user.get(headers={"Origin": ORIGINS[0]}) for _ in range(4 * RATE)]
    refused = [a for a in answers if a.status_code == 429]
    assert refused and limited.metrics()["tasklane_user_rate_rejections_total"] == before + len(refused)
    assert refused[0].json()["error_type"] == "rate_limited" and "of this user" in refused[0].json()["detail"]
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].headers["access-control-allow-origin"] == ORIGINS[0]
    assert "Retry-After" in refused[0].headers["access-control-expose-headers"]
    for path in ("/healthz", "/readyz"):
        assert user.get(path).status_code == 200
    assert user.get("/api/tasks", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    user.close()


def test_a_reload_does_not_begin_anew(limited):
    user = limited.user()
    began = time.monotonic()
    count = admitted([user.get() for _ in range(3 * RATE)])
    reload(limited)
    count += admitted([user.get() for _ in range(3 * RATE)])
    assert count <= 2 * RATE + RATE * (time.monotonic() - began) + 1
    user.close()
