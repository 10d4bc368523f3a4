"""FastCGI spoken to a worker directly: whole requests, broken ones, and what these must not do to others."""

import json
import os
import signal

import pytest

from harness import fcgi, tokens
from harness.master import Master
from harness.processes import is_alive, open_files, wait_for

BODY = b'{"title":"a task of seventeen"}'
PADDED = BODY + b" " * 40  # still whole JSON when its end is missing


@pytest.fixture(scope="module")
def master(stack):
    started = Master(stack)
    yield started.start()
    started.stop()


@pytest.fixture
def user(stack):
    sub = tokens.unique("direct")
    return tokens.token(stack.secret, sub)


@pytest.mark.smoke
def test_requests_follow_each_other_on_one_connection(master, user, serves_on):
    with master.connect() as connection:
        for n in range(20):
            answer = connection.ask("POST", "/api/tasks", user, b'{"title":"t%d"}' % n)
            assert answer.status == 201
            assert answer.headers["content-type"].startswith("application/json")
            assert connection.ask("GET", "/healthz").status == 200
    assert len(fcgi.titles(master, user)) == 20


def test_the_end_record_says_complete(master, serves_on):
    with master.connect() as connection:
        kind, request, content = connection.ask("GET", "/healthz").records[-1]
    assert (kind, request, content) == (fcgi.END, 1, b"\0" * 8)


def test_another_request_number_is_answered_with_that_number(master, serves_on):
    with master.connect() as connection:
        answer = connection.ask("GET", "/healthz", request=7)
        assert answer.status == 200
        assert {number for _, number, _ in answer.records} == {7}


@pytest.mark.parametrize("size", [1, 7, 8, 9, 100])
def test_records_may_come_in_pieces(master, user, serves_on, size):
    data = fcgi.request_bytes("POST", "/api/tasks", user, BODY)
    with master.connect() as connection:
        for i in range(0, len(data), size):
            connection.send(data[i : i + size])
        assert connection.answer().status == 201


def test_a_body_in_many_records_is_put_together(master, user, serves_on):
    params = fcgi.head(fcgi.params_of("POST", "/api/tasks", user, BODY))
    body = b"".join(fcgi.record(fcgi.STDIN, BODY[i : i + 1], padding=i % 8) for i in range(len(BODY)))
    with master.connect() as connection:
        connection.send(params + body + fcgi.record(fcgi.STDIN))
        assert connection.answer().status == 201


def test_parameters_in_many_records_are_put_together(master, user, serves_on):
    encoded = fcgi.pairs(fcgi.params_of("POST", "/api/tasks", user, BODY))
    pieces = b"".join(fcgi.record(fcgi.PARAMS, encoded[i : i + 5]) for i in range(0, len(encoded), 5))
    with master.connect() as connection:
        connection.send(fcgi.begin() + pieces + fcgi.record(fcgi.PARAMS) + fcgi.stream(fcgi.STDIN, BODY))
        assert connection.answer().status == 201


def test_without_the_keep_flag_the_connection_is_closed_after_the_answer(master, serves_on):
    with master.connect() as connection:
        assert connection.ask("GET", "/healthz", keep=False).status == 200
        assert connection.is_closed()


@pytest.mark.parametrize(
    "kind, content, reply", [(fcgi.GET_VALUES, {"FCGI_MAX_CONNS": ""}, fcgi.GET_VALUES_RESULT), (77, {}, fcgi.UNKNOWN)]
)
def test_a_management_record_is_answered_and_so_is_the_request_behind_it(master, serves_on, kind, content, reply):
    """nginx sends none."""
    with master.connect() as connection:
        connection.send(fcgi.record(kind, fcgi.pairs(content), request=0) + fcgi.request_bytes("GET", "/healthz"))
        assert connection.read_record()[0] == reply
        assert connection.answer().status == 200


@pytest.mark.parametrize("missing", [1, 40, 50, len(PADDED)])
def test_a_body_shorter_than_its_declared_length_is_not_served(master, user, serves_on, missing):
    params = fcgi.params_of("POST", "/api/tasks", user, PADDED)
    with master.connect() as connection:
        connection.send(fcgi.head(params) + fcgi.stream(fcgi.STDIN, PADDED[: len(PADDED) - missing]))
        fcgi.check_dropped(connection)
    assert fcgi.titles(master, user) == []


def test_a_body_longer_than_its_declared_length_is_not_served_as_if_whole(master, user, serves_on):
    params = fcgi.params_of("POST", "/api/tasks", user, BODY)
    with master.connect() as connection:
        connection.send(fcgi.head(params) + fcgi.stream(fcgi.STDIN, PADDED))
        fcgi.check_dropped(connection)
    assert fcgi.titles(master, user) == []


def test_a_content_length_that_is_no_number_is_not_served(master, user, serves_on):
    """Such lengths, case by case: tests/unit/fastcgi_framing_test.cpp."""
    params = {**fcgi.params_of("POST", "/api/tasks", user, BODY), "CONTENT_LENGTH": "abc"}
    with master.connect() as connection:
        connection.send(fcgi.head(params) + fcgi.stream(fcgi.STDIN, BODY))
        fcgi.check_dropped(connection)
    assert fcgi.titles(master, user) == []


def test_a_request_aborted_in_mid_body_is_not_served(master, user, serves_on):
    with master.connect() as connection:
        connection.send(fcgi.head(fcgi.params_of("POST", "/api/tasks", user, PADDED)))
        connection.send(fcgi.record(fcgi.STDIN, BODY) + fcgi.record(fcgi.ABORT))
        fcgi.check_dropped(connection)
    assert fcgi.titles(master, user) == []


@pytest.mark.parametrize("at", ["nothing", "header", "begin", "params", "body"])
def test_a_client_that_leaves_early_disturbs_nobody(master, user, serves_on, at):
    data = {
        "nothing": b"",
        "header": fcgi.begin()[:4],
        "begin": fcgi.begin(),
        "params": fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.pairs({"REQUEST_METHOD": "POST"})),
        "body": fcgi.head(fcgi.params_of("POST", "/api/tasks", user, BODY))
        + fcgi.record(fcgi.STDIN, BODY[:3]),
    }[at]
    with master.connect() as connection:
        connection.send(data)
        wait_for(lambda: connection.unread() == 0, "the worker to read it")
    assert fcgi.titles(master, user) == []


def test_a_client_that_leaves_without_its_answer_disturbs_nobody(master, user, serves_on):
    for _ in range(20):
        with master.connect() as connection:
            connection.send(fcgi.request_bytes("POST", "/api/tasks", user, BODY))
    wait_for(lambda: len(fcgi.titles(master, user)) == 20, "the writes that were sent whole")


def test_a_request_that_never_ends_is_dropped(master, user, serves_on):
    with master.connect() as connection:
        connection.send(
            fcgi.head(fcgi.params_of("POST", "/api/tasks", user, BODY)) + fcgi.record(fcgi.STDIN, BODY[:5])
        )
        fcgi.check_dropped(connection)
    assert fcgi.titles(master, user) == []


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD, signal.SIGWINCH]
)
def test_a_signal_does_not_cut_a_body_short(new_master, user, number):
    """A reader that takes an interrupted read for an end would serve the 13 bytes that came before it."""
    master = new_master()
    (worker,) = master.worker_pids()
    with master.connect() as connection:
        connection.send(fcgi.head(fcgi.params_of("POST", "/api/tasks", user, BODY)))
        connection.send(fcgi.record(fcgi.STDIN, BODY[:13]))
        wait_for(lambda: connection.unread() == 0, "the worker to read what is there of the body")
        os.kill(worker, number)
        wait_for(lambda: not pending(worker, number) or number in blocked(worker), "the signal to arrive")
        connection.send(fcgi.stream(fcgi.STDIN, BODY[13:]))
        answer = connection.answer()
    assert answer.status == 201
    assert json.loads(answer.body)["title"] == "a task of seventeen"
    if number == signal.SIGTERM:
        wait_for(lambda: not is_alive(worker), "the drained worker to leave")


def mask(pid, name):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        bits = next(int(line.split()[1], 16) for line in file if line.startswith(name))
    return {n for n in range(1, 65) if bits >> (n - 1) & 1}


def blocked(pid):
    return mask(pid, "SigBlk")


def pending(pid, number):
    return number in mask(pid, "ShdPnd") | mask(pid, "SigPnd")


def test_closed_connections_are_forgotten(master, serves_on):
    (worker,) = master.worker_pids()
    connections = [master.connect() for _ in range(100)]
    try:
        assert {connection.ask("GET", "/healthz").status for connection in connections} == {200}
        held = open_files(worker)
    finally:
        for connection in connections:
            connection.close()
    wait_for(lambda: open_files(worker) <= held - 100, "the descriptors to be back")


def test_an_idle_connection_holds_up_nobody(master, serves_on):
    idle = [master.connect() for _ in range(50)]
    with master.connect() as connection:
        for _ in range(20):
            assert connection.ask("GET", "/healthz").status == 200
    for connection in idle:
        assert connection.ask("GET", "/healthz").status == 200
        connection.close()


def test_unknown_parameters_are_ignored(master, user, serves_on):
    more = {
        "HTTP_X_USER": "root",
        "SCRIPT_NAME": "/api/tasks/1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "": "",
        "X" * 300: "y" * 3000,
    }
    with master.connect() as connection:
        assert connection.ask("POST", "/api/tasks", user, BODY, **more).status == 201
    assert fcgi.titles(master, user) == ["a task of seventeen"]
