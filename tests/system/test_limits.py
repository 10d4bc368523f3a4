"""Past a limit the answer comes at once and says so: rate, capacity, and a stuck upstream."""

import concurrent.futures

import pytest

from harness import http2, wire
from harness.client import Api
from harness.locks import held_tasks, wait_for_waiting
from harness.processes import standing_still, wait_for
from harness.stack import ORIGINS, Stack
from harness.wire import own_address


@pytest.fixture(scope="module")
def narrow():
    """One worker that takes one request at a time, behind a rate limit."""
    started = Stack(workers=1, RATE_LIMIT_PER_SECOND="5", REQUESTS_IN_FLIGHT_MAX="1").start()
    yield started
    started.stop()


def test_past_the_rate_a_client_gets_429_with_retry_after(narrow):
    api = narrow.user(source=own_address())
    answers = [api.get(headers={"Origin": ORIGINS[0]}) for _ in range(60)]
    limited = [a for a in answers if a.status_code == 429]
    assert answers[0].status_code == 200
    assert limited, "60 requests at once, and none was limited"
    assert limited[0].json()["error_type"] == "rate_limited"
    assert limited[0].headers["retry-after"].isdigit()
    assert limited[0].headers["access-control-allow-origin"] == ORIGINS[0]
    api.close()


def test_an_address_has_at_most_512_requests_that_are_not_answered(stack):
    """Bodies without an end, as cheap for a client as they are for nginx."""
    api = stack.user(source=own_address())
    held = http2.unfinished(stack, 6, 100, source=own_address())
    refused = wait_for(lambda: (answer := api.get()).status_code == 429 and answer, "the 513th request to be refused")
    assert refused.json()["error_type"] == "rate_limited" and refused.headers["retry-after"].isdigit()
    assert api.get("/docs/").status_code == 429
    local = stack.user()
    assert local.get().status_code == 200, "loopback is exempt"
    for each in held:
        each.close()
    wait_for(lambda: api.get().status_code == 200, "the others to be forgotten")
    api.close(), local.close()


def test_loopback_is_not_limited(narrow):
    api = narrow.user()
    assert {api.get().status_code for _ in range(60)} == {200}
    api.close()


def test_past_capacity_a_request_is_answered_at_once_with_503(narrow):
    first, second = narrow.user(), narrow.user()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with held_tasks(narrow):
            pending = pool.submit(first.get)
            wait_for_waiting(narrow)
            refused = second.get()
            assert not pending.done(), "it waited for the other"
            assert refused.status_code == 503
            assert refused.json()["error_type"] == "service_unavailable"
        assert pending.result().status_code == 200
    assert second.get().status_code == 200
    first.close(), second.close()


def test_a_statement_that_never_ends_is_given_up_in_time(narrow):
    api = narrow.user()
    with held_tasks(narrow):
        response = api.get()
    assert response.status_code == 503, "the worker answers before nginx gives up on it, with 504"
    assert response.json()["error_type"] == "service_unavailable"
    assert api.get().status_code == 200
    api.close()


def test_a_stuck_worker_is_a_json_504(narrow):
    (worker,) = narrow.worker_pids()
    api = Api(narrow)
    # The master, too: it would replace the worker before nginx's patience ends.
    with standing_still(narrow.pid("master"), worker):
        response = api.get("/healthz", headers={"Origin": ORIGINS[0]})
    assert response.status_code == 504
    assert response.headers["access-control-allow-origin"] == ORIGINS[0]
    wait_for(lambda: api.http.get("/healthz").status_code == 200, "the worker to serve again")
    api.close()


def test_a_slow_client_does_not_occupy_the_worker(narrow):
    """A body that trickles in is nginx's to wait for: the only worker serves others meanwhile."""
    slow = wire.connect(narrow)
    slow.sendall(
        wire.request("POST", "/api/tasks", "Content-Type: application/json", "Content-Length: 13") + b'{"ti'
    )
    api = narrow.user()
    assert {api.get().status_code for _ in range(20)} == {200}
    slow.close()
    api.close()
