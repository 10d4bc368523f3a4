"""nginx before several hosts of workers: what one of them fails goes on to another, unless it may have happened."""

import contextlib
import os
import signal

import pytest

from harness import logs, tokens
from harness.fastcgi_host import BlackHole, FastcgiHost
from harness.processes import children_of, wait_for
from harness.stack import Stack

METHODS = {"GET": "/api/tasks", "HEAD": "/api/tasks", "POST": "/api/tasks", "PUT": "/api/tasks/1", "PATCH": "/api/tasks/1/complete",
           "DELETE": "/api/tasks/1"}  # fmt: skip
READS = ("GET", "HEAD")


@pytest.fixture(scope="module")
def hosts():
    with FastcgiHost() as bad, FastcgiHost() as good:
        yield bad, good


@pytest.fixture(scope="module")
def before_hosts(hosts):
    """The stack's own workers serve its operators alone."""
    stack = Stack(workers=1, FASTCGI_UPSTREAMS=",".join(host.address for host in hosts), RATE_LIMIT_PER_SECOND="1000")
    stack.expected_alarm = "[error]"
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def fresh(before_hosts, hosts):
    """The hosts answer, and nginx has forgotten what they did: a reload begins with a new upstream."""
    bad, good = hosts
    yield lambda: forget(before_hosts, bad, good)
    bad.manner = good.manner = "answer"
    for host in hosts:
        if host.listener is None:
            host.listen()


def forget(stack, *hosts):
    nginx = stack.pid("nginx")
    before = children_of(nginx)
    os.kill(nginx, signal.SIGHUP)
    wait_for(lambda: children_of(nginx) and not set(before) & set(children_of(nginx)), "nginx's reload")
    for host in hosts:
        host.requests.clear()


def send(stack, method):
    """(status, error_type or None) of a request that is one of a kind."""
    body = {"json": {"title": tokens.unique("task")}} if method in ("POST", "PUT") else {}
    client = stack.anonymous()
    with contextlib.closing(client):
        answer = client.http.request(method, METHODS[method], **body)  # not by the contract: these hosts know none
    kind = answer.json().get("error_type") if answer.content else None
    return answer.status_code, kind


def sent_to(host, method):
    return [request for request in host.requests if request[0] == method]


@pytest.mark.parametrize("method", METHODS)
def test_what_was_never_sent_goes_on_to_another_host(before_hosts, hosts, fresh, method):
    bad, good = hosts
    bad.refuse()
    fresh()
    assert [send(before_hosts, method) for _ in range(4)] == [(200, None)] * 4
    assert len(sent_to(good, method)) == 4 and len({body for *_, body in sent_to(good, method)}) == (4 if method in ("POST", "PUT") else 1)
    bad.listen()


def test_a_connection_that_nobody_takes_costs_two_seconds_once(before_hosts, hosts, fresh):
    bad, good = hosts
    bad.refuse()
    fresh()
    with BlackHole(bad.port):
        answers = [before_hosts.anonymous().http.post("/api/tasks", json={"title": str(n)}) for n in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 6
    lines = [logs.access_line(before_hosts.log, answer.headers["x-request-id"]) for answer in answers]
    late = [line for line in lines if float(line["request_time"]) > 1.9]
    assert [line["upstream_status"] for line in late] == ["504 : 200"] and len(good.requests) == 6, lines
    bad.listen()


@pytest.mark.parametrize("manner", ["close", "reset"])
@pytest.mark.parametrize("method", METHODS)
def test_what_was_sent_goes_on_only_if_it_reads(before_hosts, hosts, fresh, method, manner):
    bad, good = hosts
    bad.manner = manner
    fresh()
    answers = sorted(send(before_hosts, method) for _ in range(4))
    assert len(sent_to(bad, method)) == 1
    if method in READS:
        assert answers == [(200, None)] * 4 and len(sent_to(good, method)) == 4
    else:
        assert answers == [(200, None)] * 3 + [(502, "outcome_unknown")] and len(sent_to(good, method)) == 3


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_host_that_hangs_is_waited_for_once(before_hosts, hosts, fresh, method):
    bad, good = hosts
    bad.manner = "hang"
    fresh()
    answers = sorted(send(before_hosts, method) for _ in range(4))
    assert answers[:3] == [(200, None)] * 3 and len(sent_to(bad, method)) == 1
    assert answers[3] == ((200, None) if method == "GET" else (504, "outcome_unknown"))


def test_a_kept_connection_that_a_host_has_lost_repeats_no_write(before_hosts, hosts, fresh):
    bad, good = hosts
    fresh()
    with contextlib.closing(before_hosts.anonymous()) as client:
        for _ in range(4):  # both hosts have a connection that nginx keeps
            assert client.http.get("/api/tasks").status_code == 200
        bad.manner = good.manner = "close"
        answers = [client.http.delete("/api/tasks/1") for _ in range(4)]
    assert {(answer.status_code, answer.json()["error_type"]) for answer in answers} == {(502, "outcome_unknown")}
    assert len(sent_to(bad, "DELETE")) + len(sent_to(good, "DELETE")) == 4


def test_without_any_host_nothing_was_sent_and_one_that_is_back_serves_at_once(before_hosts, hosts, fresh):
    bad, good = hosts
    for host in hosts:
        host.refuse()
    fresh()
    for method in METHODS:
        status, kind = send(before_hosts, method)
        assert status == 502 and kind == (None if method == "HEAD" else "service_unavailable")
    good.listen()
    assert [send(before_hosts, "POST") for _ in range(4)] == [(200, None)] * 4
    bad.listen()
    assert len(sent_to(good, "POST")) == 4


def test_operators_are_told_of_this_host_and_readiness_is_that_of_the_others(before_hosts, hosts, fresh):
    bad, _ = hosts
    fresh()
    with contextlib.closing(before_hosts.operator()) as operator:
        assert "\ntasklane_workers_ready 1\n" in operator.get("/metrics").text
        assert operator.get("/status").json()["workers_configured"] == 1
        bad.manner = "close"
        for _ in range(4):
            assert operator.http.get("/readyz").json() == {"status": "ready"}
    assert all(target == "/readyz" for host in hosts for _, target, _ in host.requests)
