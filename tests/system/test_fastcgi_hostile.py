"""Records that no web server sends, from whoever may open the workers' socket: each is dropped or answered by the FastCGI
specification 1.0, and no worker crashes or is held up. Case by case: tests/unit/fastcgi_request_reader_test.cpp."""

import contextlib
import struct
import threading
import time

import pytest

from harness import fcgi, tokens
from harness.bounds import limits_of_the_code
from harness.master import Master
from harness.processes import wait_for

BODY = b'{"title":"a task of seventeen"}'
LIMITS = limits_of_the_code()
DRIP_TIMEOUT = LIMITS["kFastcgiIoTimeout"] / 1000


@pytest.fixture(scope="module")
def master(stack):
    started = Master(stack)
    yield started.start()
    started.stop()


@pytest.fixture
def user(stack):
    return tokens.token(stack.secret, tokens.unique("hostile"))


HUGE = struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF)
NONSENSE = {
    "lengths past the record": fcgi.begin()
    + fcgi.record(fcgi.PARAMS, struct.pack(">II", 0x8000_FFFF, 0x8000_FFFF) + b"X"),
    "lengths that overflow": fcgi.begin()
    + fcgi.record(fcgi.PARAMS, HUGE + b"A" * 64)
    + fcgi.record(fcgi.PARAMS),
    "another version": b"\x02" + fcgi.begin()[1:],
    "a parameter of 2 GiB": fcgi.begin()
    + fcgi.stream(fcgi.PARAMS, b"\x0e\xff\xff\xff\xf0REQUEST_METHOD" + b"x" * 1000),
    "parameters without an end": fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\0" * 60_000) * 3,
    "body before parameters": fcgi.begin() + fcgi.record(fcgi.STDIN, b"x" * 20),
    "short begin": fcgi.record(fcgi.BEGIN, b"\0\1"),
    "http": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "zeros": b"\0" * 4096,
    "ones": b"\xff" * 4096,
}


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_dropped_and_the_worker_lives(master, serves_on, nonsense):
    with master.connect() as connection:
        connection.send(NONSENSE[nonsense])
        with pytest.raises(fcgi.Closed):
            connection.send(fcgi.request_bytes("GET", "/healthz"))
            connection.answer()
        assert connection.is_closed()


def test_values_that_are_asked_for_again_and_again_are_told_once(master, serves_on):
    with master.connect() as connection:
        asked = fcgi.pairs({"FCGI_MPXS_CONNS": ""}) * 10 + fcgi.pairs({"FCGI_MAX_REQS": ""}) * 10
        connection.send(fcgi.record(fcgi.GET_VALUES, asked, request=0))
        kind, request, content = connection.read_record()
        assert (kind, request) == (fcgi.GET_VALUES_RESULT, 0)
        assert content == fcgi.pairs({"FCGI_MAX_REQS": "8192", "FCGI_MPXS_CONNS": "0"})
        assert connection.ask("GET", "/healthz").status == 200


def test_records_that_are_no_request_are_answered_a_bounded_number_of_times(master, serves_on):
    with master.connect() as connection:
        connection.send(fcgi.record(77, b"", request=0) * 1000)
        for _ in range(LIMITS["kFastcgiRepliesMax"]):
            assert connection.read_record()[0] == fcgi.UNKNOWN
        fcgi.check_dropped(connection)


def test_a_second_request_at_the_same_time_is_refused_and_the_first_is_answered(master, user, serves_on):
    data = fcgi.request_bytes("POST", "/api/tasks", user, BODY)
    with master.connect() as connection:
        connection.send(data[:-8] + fcgi.request_bytes("DELETE", "/api/tasks/1", user, request=2) + data[-8:])
        assert connection.read_record() == (fcgi.END, 2, bytes([0, 0, 0, 0, fcgi.CANT_MPX_CONN, 0, 0, 0]))
        answer = connection.answer()
        assert answer.status == 201
        assert {number for _, number, _ in answer.records} == {1}
        assert connection.ask("GET", "/healthz").status == 200


def test_another_role_is_refused_and_the_connection_kept(master, serves_on):
    with master.connect() as connection:
        connection.send(fcgi.record(fcgi.BEGIN, struct.pack(">HB5x", 3, 1)) + fcgi.stream(fcgi.PARAMS, b""))
        assert connection.read_record() == (fcgi.END, 1, bytes([0, 0, 0, 0, fcgi.UNKNOWN_ROLE, 0, 0, 0]))
        assert connection.ask("GET", "/healthz").status == 200


def test_connections_that_drip_hold_up_no_worker_and_are_dropped(new_master, user):
    master = new_master(workers=2)
    data = fcgi.request_bytes("POST", "/api/tasks", user, BODY)
    with contextlib.ExitStack() as opened:
        slow = [opened.enter_context(master.connect()) for _ in range(4)]
        drips = [threading.Thread(target=drip, args=(each, data)) for each in slow]
        for each in drips:
            each.start()
        wait_for(lambda: sum(each.unread() == 0 for each in slow) == len(slow), "the workers to read what drips")
        asked = 0
        while any(each.is_alive() for each in drips):
            begun = time.monotonic()
            with master.connect() as connection:
                assert connection.ask("GET", "/healthz").status == 200
            assert time.monotonic() - begun < DRIP_TIMEOUT / 2
            asked += 1
        assert asked > 10
    assert fcgi.titles(master, user) == []


def drip(connection, data):
    """A byte at a time, many in each wait for a read, until the connection is closed."""
    pause = threading.Event()
    for i in range(len(data)):
        try:
            connection.socket.send(data[i : i + 1])
        except OSError:
            return
        pause.wait(DRIP_TIMEOUT / 20)
    raise AssertionError("a request that took many times its time was read")
