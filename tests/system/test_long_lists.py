"""Lists of many pages, as a client gets them: byte for byte one array, in bounded memory, and never a shorter one that
looks whole."""

import json
import re
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from harness.processes import killed_at_the_end, wait_for
from harness.relay import Relay
from harness.stack import Stack

FIELDS = ("id", "user_id", "title", "description", "completed", "created_at", "updated_at")
TIME = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
LONG = "repeat('😀', 10000)"
MIB = 1024 * 1024


def fill(stack, user, count, description="null"):
    """Tasks of a user, ten of each moment."""
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into tasks (user_id, title, description, completed, created_at)"
            f" select %s, 'Task №' || n, {description}, n %% 3 = 0, now() - n / 10 * interval '1 s'"
            " from generate_series(1, %s) n",
            (user.sub, count),
        )


def expected(stack, user, condition="true"):
    """The list's bytes, of the rows as they are in the table."""
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"select id, user_id, title, description, completed, {TIME.format('created_at')}, {TIME.format('updated_at')}"
            f" from tasks where user_id = %s and {condition} order by created_at desc, id desc",
            (user.sub,),
        )
        rows = [dict(zip(FIELDS, row)) for row in cursor]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def curl(stack, user, *how):
    """A client that gets the user's list, under way."""
    command = ["curl", "-sS", "--noproxy", "*", "--cacert", str(stack.certificate), "--max-time", "60", *how]
    command += ["-H", f"Authorization: Bearer {user.token}", f"{stack.url}/api/tasks"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def runs_of_further_pages(stack):
    return stack.metric("tasklane_database_statement_runs_total", "statement")["list_more_tasks"]


@pytest.mark.parametrize("count", [127, 128, 129, 384, 385, 3000])
def test_a_list_is_the_table_s_rows_byte_for_byte(stack, alice, count):
    fill(stack, alice, count)
    response = alice.get()
    assert response.content == expected(stack, alice)
    as_it_is = alice.get(headers={"Accept-Encoding": "identity"})
    assert ("content-length" in as_it_is.headers) == (count < 128)
    for query, condition in (("?status=completed", "completed"), ("?status=active", "not completed")):
        assert alice.get(f"/api/tasks{query}").content == expected(stack, alice, condition)


def test_a_list_of_long_texts_is_whole(stack, alice):
    fill(stack, alice, 500, LONG)
    assert alice.get().content == expected(stack, alice)


def test_head_of_a_long_list_reads_one_page_and_tells_no_length(stack, alice):
    fill(stack, alice, 1000)
    before = runs_of_further_pages(stack)
    response = alice.request("HEAD", "/api/tasks")
    assert response.status_code == 200
    assert "content-length" not in response.headers
    assert runs_of_further_pages(stack) == before


@pytest.fixture(scope="module")
def distant():
    """A stack of one worker whose database is far away, so that a list of 1,000 long texts takes seconds; the relay; a user
    with such a list."""
    stack = Stack(workers=1).start()
    try:
        with Relay(stack.state / "pg") as relay:
            relay.put_before(stack)
            user = stack.user("reader")
            fill(stack, user, 1000, LONG)
            yield stack, relay, user
            user.close()
    finally:
        stack.stop()


@pytest.mark.parametrize("http, broken", [("--http1.1", 18), ("--http2", 92)])
def test_a_database_lost_amid_a_list_breaks_the_client_s_body(distant, http, broken):
    stack, relay, user = distant
    before = stack.answered("/api/tasks")
    relay.tell("delay", 20)
    with killed_at_the_end(curl(stack, user, http, "-i")) as client:
        head = client.stdout.read(100_000)
        assert b" 200" in head.splitlines()[0]
        relay.tell("refuse")
        relay.tell("cut")
        rest, said = client.communicate(timeout=60)
    relay.tell("accept")
    relay.tell("delay", 0)
    assert client.returncode == broken, f"curl(1), exit status: {client.returncode}, {said}"
    assert not (head + rest).endswith(b"]")
    after = stack.answered("/api/tasks")
    assert (after["200"], after["503"]) == (before["200"], before["503"] + 1)
    request_id = re.search(rb"(?i)x-request-id: (\w+)", head).group(1).decode()
    log = (stack.log / "tasklane.log").read_text()
    assert any("answer broken off" in line and request_id in line for line in log.splitlines())
    wait_for(lambda: user.get("/api/tasks/999999999").status_code == 404, "the database to be back")


def test_a_client_that_leaves_ends_the_reading(distant):
    stack, relay, user = distant
    whole = runs_of_further_pages(stack)
    with killed_at_the_end(curl(stack, user)) as client:
        client.communicate(timeout=60)
    assert client.returncode == 0
    whole = runs_of_further_pages(stack) - whole
    before = runs_of_further_pages(stack)
    relay.tell("delay", 20)
    with killed_at_the_end(curl(stack, user)) as client:
        client.stdout.read(100_000)
        assert stack.metrics()["tasklane_requests_in_flight"] == 2, "the list and this one"
    wait_for(lambda: stack.metrics()["tasklane_requests_in_flight"] == 1, "the list to end")
    relay.tell("delay", 0)
    assert runs_of_further_pages(stack) - before < whole / 2, f"{whole} pages are all of them"
    assert user.get("/api/tasks/999999999").status_code == 404


@pytest.fixture(scope="module")
def long_list():
    stack = Stack(workers=1).start()
    try:
        user = stack.user("reader")
        fill(stack, user, 5000, LONG)
        yield stack, user
        user.close()
    finally:
        stack.stop()


def kib(pid, field):
    return int(re.search(rf"^{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE).group(1))


@pytest.mark.load  # the sanitizers have an allocator of their own
@pytest.mark.parametrize("at_once, bound", [(1, 16 * MIB), (8, 64 * MIB)])
def test_a_worker_s_memory_does_not_grow_with_a_list(long_list, at_once, bound):
    stack, user = long_list
    (worker,) = stack.worker_pids()
    before = kib(worker, "VmRSS")
    Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak is counted anew, proc(5)
    with ExitStack() as open_ones:
        clients = [
            open_ones.enter_context(killed_at_the_end(curl(stack, user, "-o", "/dev/null", "-w", "%{size_download}")))
            for _ in range(at_once)
        ]
        sizes = [int(client.communicate(timeout=60)[0]) for client in clients]
    assert all(size > 200_000_000 for size in sizes), sizes
    grown = (kib(worker, "VmHWM") - before) * 1024
    print(f"{at_once} lists at once: {grown / MIB:.1f} MiB more")
    assert grown <= bound
    wait_for(lambda: (kib(worker, "VmRSS") - before) * 1024 < bound / 2, "the memory to be given back")
