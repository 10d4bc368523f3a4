"""Past a bound the answer comes at once: a database that stalls, and clients that ask too often."""

import concurrent.futures
import os
import re
import signal
import time

import pytest

from harness import fcgi, tokens
from harness.namespace import Namespace
from harness.postgres import Postgres
from harness.processes import standing_still, wait_for

BOUND = 8


@pytest.fixture
def stalled(new_stack):
    """One worker with a small bound, whose Postgres backends are stopped until the test lets them go on."""
    stack = new_stack(workers=1, REQUESTS_IN_FLIGHT_MAX=str(BOUND))
    with stack.database() as watcher, watcher.cursor() as cursor:
        cursor.execute("select pid from pg_stat_activity where usename = 'tasklane_api'")
        backends = [pid for (pid,) in cursor.fetchall()]
    assert backends

    def send(number):
        for pid in backends:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass  # given up meanwhile

    send(signal.SIGSTOP)
    yield stack, lambda: send(signal.SIGCONT)
    send(signal.SIGCONT)


def counted(connection, name):
    text = connection.ask("GET", "/metrics").body.decode()
    return float(re.search(rf"^tasklane_{name} ([\d.]+)$", text, re.MULTILINE).group(1))


def test_past_the_bound_of_a_stalled_database_everybody_is_told_at_once_and_it_recovers(stalled):
    stack, go_on = stalled
    token = tokens.token(stack.secret, tokens.unique("stalled"))
    socket = stack.settings["FASTCGI_SOCKET"]
    held = [fcgi.Connection(socket) for _ in range(BOUND)]
    for connection in held:
        connection.send(fcgi.request_bytes("GET", "/api/tasks", token))
    with fcgi.Connection(socket) as watch:
        # The scrape itself is in flight, too.
        wait_for(lambda: counted(watch, "requests_in_flight") == BOUND + 1, "the worker to be full")
        assert watch.ask("GET", "/healthz").status == 200, "an overloaded worker is alive"
        api = stack.user()
        for n in range(50):
            response = api.get() if n % 2 else api.post({"title": "refused"})
            assert response.status_code == 503
            assert response.headers["retry-after"].isdigit()
            assert response.json()["error_type"] == "service_unavailable"
        assert counted(watch, "overload_rejections_total") == 50
        assert counted(watch, "requests_in_flight") == BOUND + 1, "they were told at once: all that were held still are"
        go_on()
        assert [connection.answer().status for connection in held] == [200] * BOUND
        assert counted(watch, "requests_in_flight") == 1
    for connection in held:
        connection.close()
    assert api.tasks() == [], "what was refused did not happen"
    api.close()


def test_a_database_that_stays_silent_keeps_nobody_waiting_past_the_deadline(stalled):
    stack, _ = stalled
    apis = [stack.user() for _ in range(3 * BOUND)]
    # No new connection either, on which reads might be asked again and answered.
    with (
        standing_still(Postgres(stack).pid), concurrent.futures.ThreadPoolExecutor(BOUND) as pool,
        fcgi.Connection(stack.settings["FASTCGI_SOCKET"]) as watch,
    ):  # fmt: skip
        held = [pool.submit(api.get) for api in apis[:BOUND]]
        wait_for(lambda: counted(watch, "requests_in_flight") == BOUND + 1, "the worker to be full")
        assert {api.get().status_code for api in apis[BOUND:]} == {503}
        assert not any(each.done() for each in held), "refused at once, not after the others"
        # The worker's word: nginx, whose patience is longer, would have said 504.
        answers = [each.result() for each in held]
        assert {(each.status_code, each.json()["error_type"]) for each in answers} == {(503, "service_unavailable")}
    wait_for(lambda: apis[0].http.get("/readyz").status_code == 200, "new connections")
    assert {api.get().status_code for api in apis} == {200}, "the silent backends are given up, not waited for"
    for api in apis:
        api.close()


def test_each_client_has_a_rate_of_its_own_and_loopback_has_none(new_stack):
    with Namespace() as network:
        stack = new_stack(workers=1, LISTEN_ADDRESSES="0.0.0.0", SERVER_NAME=network.host, RATE_LIMIT_PER_SECOND="5")
        token = tokens.token(stack.secret, tokens.unique("rated"))
        url = f"https://{network.host}:{stack.port}/api/tasks"
        eager, other = network.addresses
        began = time.monotonic()
        answers = network.ask(url, eager, 60, token)
        seconds = time.monotonic() - began
        limited = [headers for status, headers in answers if status == 429]
        assert {status for status, _ in answers} == {200, 429}
        assert all(headers["retry-after"].isdigit() for headers in limited)
        served = 60 - len(limited)
        print(f"\n60 requests at once at 5/s: {served} served within {seconds:.1f} s")
        # The burst is twice the rate, behind the first.
        assert 1 + 2 * 5 <= served <= 1 + 2 * 5 + 5 * seconds
        assert [status for status, _ in network.ask(url, other, 5, token)] == [200] * 5, "another address is another client"
        api = stack.user()
        assert {api.get().status_code for _ in range(60)} == {200}
        api.close()
