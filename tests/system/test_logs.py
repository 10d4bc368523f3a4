"""The workers' own log: slow requests with their phases, ids on every line of a request, levels by reload."""

import contextlib
import json
import os
import re
import signal

import pytest

from harness import fcgi, logs, tokens
from harness.locks import held_tasks
from harness.master import Master
from harness.processes import wait_for

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
PHASES = ("parse_us", "auth_us", "database_wait_us", "database_us", "write_us")


def lines(log, message):
    found = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in found if line["message"] == message]


@pytest.fixture
def user(stack):
    return tokens.token(stack.secret, tokens.unique("logged"))


@pytest.fixture
def lock(stack):
    """lock.enter_context(held_tasks(stack)) once the workers are ready, since they prepare; lock.close() lets go."""
    with contextlib.ExitStack() as held:
        yield held


def test_a_slow_request_has_a_line_with_its_phases(new_master, stack, user, lock):
    master = new_master(SLOW_REQUEST_MS=150, DATABASE_CONNECTIONS=1)
    lock.enter_context(held_tasks(stack))
    with master.connect() as connection, stack.database() as watcher, watcher.cursor() as cursor:
        connection.send(fcgi.request_bytes("GET", "/api/tasks?status=all", user, HTTP_TRACEPARENT=PARENT))

        def waited():
            cursor.execute(
                "select count(*) from pg_locks where not granted"
                " and clock_timestamp() - waitstart > interval '200 milliseconds'"
            )
            return cursor.fetchone()[0]

        wait_for(waited, "the request to be slow")
        lock.close()
        assert connection.answer().status == 200
        assert connection.ask("GET", "/healthz").status == 200
    (line,) = wait_for(lambda: lines(master.log, "slow request"), "the line")
    assert line["level"] == "warning" and line["process"] == "worker"
    assert line["request_id"] == "0123456789abcdef0123456789abcdef" and line["trace_id"] == TRACE
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/tasks", 200)
    assert line["duration_us"] >= 200_000
    assert line["database_us"] >= 200_000
    assert line["database_us"] > line["parse_us"] + line["auth_us"] + line["write_us"]
    assert abs(line["duration_us"] - sum(line[phase] for phase in PHASES)) <= len(PHASES), line
    with master.connect() as connection:
        text = connection.ask("GET", "/metrics").body.decode()
    assert "\ntasklane_slow_requests_total 1\n" in text


def test_waiting_for_a_connection_is_a_phase_of_its_own(new_master, stack, user, lock):
    master = new_master(SLOW_REQUEST_MS=150, DATABASE_CONNECTIONS=1)
    lock.enter_context(held_tasks(stack))
    with master.connect() as first, master.connect() as second:
        first.send(fcgi.request_bytes("GET", "/api/tasks", user, REQUEST_ID="a" * 32))
        wait_for(lambda: in_flight(master) > 0, "the first statement to be sent")
        second.send(fcgi.request_bytes("GET", "/api/tasks", user, REQUEST_ID="b" * 32))
        wait_for(lambda: second.unread() == 0, "the second request to be read")
        with stack.database() as watcher, watcher.cursor() as cursor:
            cursor.execute("select pg_sleep(0.3)")
        lock.close()
        assert (first.answer().status, second.answer().status) == (200, 200)
    found = wait_for(lambda: len(lines(master.log, "slow request")) == 2 and lines(master.log, "slow request"), "both")
    waited = {line["request_id"][0]: line for line in found}
    assert waited["b"]["database_wait_us"] > 200_000 < waited["a"]["database_us"]  # less than the lock was held
    assert waited["b"]["database_wait_us"] > waited["b"]["database_us"], "it waited for a connection"
    assert waited["a"]["database_us"] > waited["a"]["database_wait_us"], "it waited in the database"


def in_flight(master):
    with master.connect() as connection:
        text = connection.ask("GET", "/metrics").body.decode()
    return int(re.search(r"^tasklane_database_statements_in_flight (\d+)", text, re.MULTILINE).group(1))


def test_slow_request_ms_0_logs_every_request_and_counts_none_as_slow(new_master, user):
    master = new_master(SLOW_REQUEST_MS=0)
    with master.connect() as connection:
        assert connection.ask("GET", "/api/tasks", user).status == 200
        assert connection.ask("GET", "/api/tasks", user, HTTP_TRACEPARENT="00-zz").status == 200
        assert connection.ask("GET", "/api/tasks").status == 401
        text = connection.ask("GET", "/metrics").body.decode()
    found = [line for line in lines(master.log, "request") if line["route"] == "/api/tasks"]
    assert [line["status"] for line in found] == [200, 200, 401]
    assert not any("trace_id" in line for line in found), "a traceparent that is none has no trace id"
    assert found[2]["database_us"] == 0 < found[0]["database_us"]
    for line in found:
        assert abs(line["duration_us"] - sum(line[phase] for phase in PHASES)) <= len(PHASES), line
    assert "\ntasklane_slow_requests_total 0\n" in text


def test_a_failed_statement_is_logged_under_its_request_id(new_master, stack, user):
    master = new_master()
    with stack.database() as owner, owner.cursor() as cursor:
        cursor.execute("alter table tasks rename to tasks_away")
    try:
        with master.connect() as connection:
            answer = connection.ask("GET", "/api/tasks", user, REQUEST_ID="c" * 32, HTTP_TRACEPARENT=PARENT)
    finally:
        with stack.database() as owner, owner.cursor() as cursor:
            cursor.execute("alter table tasks_away rename to tasks")
    assert answer.status == 500
    (line,) = lines(master.log, "a statement failed")
    assert (line["request_id"], line["trace_id"]) == ("c" * 32, TRACE)
    assert line["statement"] == "list_tasks" and re.fullmatch("[0-9A-Z]{5}", line["sqlstate"])


def test_a_reload_changes_the_level_and_what_is_slow(new_master, user):
    master = new_master(LOG_LEVEL="error")
    with master.connect() as connection:
        assert connection.ask("GET", "/api/tasks", user).status == 200
    assert '"process":"worker"' not in master.log.read_text()
    master.settings |= {"LOG_LEVEL": "info", "SLOW_REQUEST_MS": 0}
    master.write_settings(0o600)
    before = set(master.worker_pids())
    master.signal(signal.SIGHUP)
    wait_for(lambda: master.is_whole() and not before & set(master.worker_pids()), "the new generation")
    assert lines(master.log, "ready"), "the new workers log at the new level"
    with master.connect() as connection:
        assert connection.ask("GET", "/api/tasks", user).status == 200
    wait_for(lambda: lines(master.log, "request"), "a line by the new bound, right behind the answer")


def test_under_the_journal_every_line_begins_with_its_priority(new_master):
    master = new_master()
    (worker,) = master.worker_pids()
    with open(f"/proc/{worker}/environ", "rb") as file:
        assert b"JOURNAL_STREAM=" not in file.read(), "this test's own environment"
    old = master.log.read_text().splitlines()
    assert old and all(line.startswith("{") for line in old), old
    stat = master.log.stat()
    master.environment["JOURNAL_STREAM"] = f"{stat.st_dev}:{stat.st_ino}"
    master.signal(signal.SIGTERM)
    master.process.wait(60)
    written = len(master.log.read_text().splitlines())
    master.start()
    os.kill(master.worker_pids()[0], signal.SIGKILL)
    wait_for(lambda: "SIGKILL" in master.log.read_text() and master.is_whole(), "the restart")
    new = master.log.read_text().splitlines()[written:]
    assert new and all(re.match(r"<[3467]>\{", line) for line in new), new
    (ended,) = [line for line in new if "worker exited" in line]
    assert ended.startswith("<4>")
    json.loads(ended[3:])


def test_one_request_has_one_id_in_the_answer_and_in_both_logs(new_stack):
    stack = new_stack(workers=1, SLOW_REQUEST_MS="0")
    api = stack.user()
    request_id = api.get(headers={"traceparent": PARENT}).headers["x-request-id"]
    api.get(headers={"traceparent": 'x"\\ff'})
    api.close()
    wait_for(lambda: len(lines(stack.log / "tasklane.log", "request")) >= 2, "the worker's lines")
    found = [line for line in lines(stack.log / "tasklane.log", "request") if line["request_id"] == request_id]
    assert [line["trace_id"] for line in found] == [TRACE]
    assert logs.access_line(stack.log, request_id)["traceparent"] == PARENT


def test_a_log_that_nobody_reads_stops_nobody_and_the_lost_lines_are_counted(stack):
    """A supervisor's log pipe whose reader is stuck."""
    master = Master(stack, workers=1, SLOW_REQUEST_MS=0)
    file, master.log = master.log, master.folder / "pipe"
    os.mkfifo(master.log)
    reader = os.open(master.log, os.O_RDONLY | os.O_NONBLOCK)

    def read():
        try:
            return os.read(reader, 1 << 20).decode().splitlines()
        except BlockingIOError:
            return []

    try:
        master.launch()
        master.log = file
        wait_for(master.serves, "the worker")
        with master.connect() as connection:
            for _ in range(1000):  # some 300 bytes each, of which a pipe holds 64 KiB
                assert connection.ask("GET", "/healthz").status == 200
        (victim,) = master.worker_pids()
        os.kill(victim, signal.SIGKILL)  # the master has something to say, too
        wait_for(lambda: victim not in master.worker_pids() and master.is_whole() and master.serves(), "the successor")
        assert 0 < len(read()) < 1000
        assert master.serves()
        told = wait_for(lambda: [json.loads(line) for line in read() if "log lines were lost" in line], "the log to go on")
        assert told[0]["lines"] > 0
    finally:
        os.close(reader)
        master.stop()
