"""The pool: deaths, drains, sockets. Ready is not up; drain is not kill."""

import concurrent.futures
import json
import os
import platform
import re
import signal
import socket
import threading
from pathlib import Path

import pytest

from harness import fcgi, tokens
from harness.locks import held_tasks, wait_for_waiting
from harness.operator import reload
from harness.processes import is_alive, wait_for


class Load:
    """Clients that ask all the time, each holding one request; counts what came back."""

    def __init__(self, stack, clients=8):
        self.stack, self.clients = stack, clients
        self.answers, self.stopping = [], threading.Event()
        self.pool = concurrent.futures.ThreadPoolExecutor(clients)

    def _client(self, number):
        api = self.stack.user(f"load{number}")
        while not self.stopping.is_set():
            response = api.get() if number % 2 else api.post({"title": "under load"})
            self.answers.append(response.status_code)
        made = sum(1 for _ in api.tasks())
        api.close()
        return made

    def __enter__(self):
        self.futures = [self.pool.submit(self._client, n) for n in range(self.clients)]
        self.wait_for_more(50)
        return self

    def wait_for_more(self, count):
        target = len(self.answers) + count
        wait_for(
            lambda: len(self.answers) >= target or any(f.done() for f in self.futures), f"{count} more answers"
        )

    def __exit__(self, *_):
        self.stopping.set()
        self.made = sum(f.result() for f in self.futures)
        self.pool.shutdown()

    def failures(self):
        return [status for status in self.answers if status not in (200, 201)]


def test_a_killed_worker_fails_only_what_it_held_and_is_replaced(stack):
    victim, other = stack.worker_pids()
    with Load(stack) as load:
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: stack.is_whole() and victim not in stack.worker_pids(), "a new worker")
        (newcomer,) = set(stack.worker_pids()) - {other}
        wait_for(lambda: serves(stack, newcomer), "the new worker to be ready")
        load.wait_for_more(load.clients)  # what was under way at the death has been told of
        failures = load.failures()
        load.wait_for_more(100)
    assert load.failures() == failures, "failures long after the death"
    assert len(failures) <= load.clients, failures
    assert set(failures) <= {502}, failures
    assert stack.worker_pids() != [victim, other] and is_alive(other)
    created = load.answers.count(201)
    assert (
        created <= load.made <= created + load.clients
    ), "an acknowledged write is there, an unacknowledged one may be"


def serves(stack, pid):
    """Ready by its own word: it is in the shared numbers."""
    api = stack.operator()
    try:
        return pid in {worker["pid"] for worker in api.get("/status").json()["workers"]}
    finally:
        api.close()


@pytest.mark.load  # the sanitizers have an allocator of their own
def test_the_memory_of_a_flood_is_given_back(new_master, stack):
    master = new_master(workers=1)
    (worker,) = master.worker_pids()
    user = tokens.token(stack.secret, tokens.unique("flood"))
    before = resident_bytes(worker)
    connections = [master.connect() for _ in range(1000)]
    with held_tasks(stack):
        for connection in connections:
            connection.send(fcgi.request_bytes("GET", "/api/tasks", user))
        wait_for(lambda: all(each.unread() == 0 for each in connections), "all requests to be read")
    assert {each.answer().status for each in connections} == {200}
    most = resident_bytes(worker)
    assert most > before + 5_000_000, "a flood is one"
    wait_for(lambda: resident_bytes(worker) < (before + most) / 2, f"less memory than {most} bytes, {before} before")
    for each in connections:
        each.close()


def resident_bytes(pid):
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_with_a_worker_for_each_processor_each_stays_on_its_own(new_master):
    processors = os.sched_getaffinity(0)
    master = new_master(workers=len(processors))

    def places():
        return sorted(sorted(os.sched_getaffinity(pid)) for pid in master.worker_pids() if is_alive(pid))

    assert places() == [[one] for one in sorted(processors)]
    victim = master.worker_pids()[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not is_alive(victim), "its end")
    wait_for(lambda: places() == [[one] for one in sorted(processors)], "its successor in its place")


@pytest.mark.parametrize("settings", [{"WORKER_CPU_AFFINITY": "off"}, {"workers": 1}])
def test_otherwise_the_kernel_places_the_workers(new_master, settings):
    processors = os.sched_getaffinity(0)
    master = new_master(**{"workers": len(processors), **settings})
    assert all(os.sched_getaffinity(pid) == processors for pid in master.worker_pids())


def test_a_worker_interrupts_nobody_unless_its_master_was_told_how_to_run(new_master):
    master = new_master(workers=2)
    assert {os.sched_getscheduler(pid) for pid in master.worker_pids()} == {os.SCHED_BATCH}
    assert os.sched_getscheduler(master.pid) == os.SCHED_OTHER, "a master has to come in between"
    os.sched_setscheduler(master.pid, os.SCHED_IDLE, os.sched_param(0))
    reload(master)
    wait_for(lambda: len(master.worker_pids()) == 2, "the workers of before to be gone")
    assert {os.sched_getscheduler(pid) for pid in master.worker_pids()} == {os.SCHED_IDLE}


def test_while_a_worker_keeps_dying_the_others_serve(new_master):
    """Each restart comes more slowly than the one before: tests/unit/supervisor_pool_test.cpp, in virtual time."""
    master = new_master(workers=2)
    keep, *_ = master.worker_pids()
    whole = {"status": "ready", "workers": {"configured": 2, "ready": 2, "waiting": 0, "refused": 0}}
    told = []
    killed = set()  # a dead one can be killed again until the master has reaped it
    degraded = {"status": "degraded", "workers": {"configured": 2, "ready": 1, "waiting": 1, "refused": 0}}

    def kill_the_other():
        for pid in set(master.worker_pids()) - {keep}:
            try:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            except ProcessLookupError:
                pass
        told.append(readiness(master))
        return len(killed) >= 4 and degraded in told

    wait_for(kill_the_other, lambda: f"four deaths of {killed} and {degraded} in {told[-3:]}")
    assert is_alive(keep)
    wait_for(lambda: readiness(master) == whole, "the pool to be whole again")


def readiness(master):
    """What /readyz says, which is 200 as long as anybody serves."""
    with master.connect() as connection:
        answer = connection.ask("GET", "/readyz")
    assert answer.status == 200
    return json.loads(answer.body)


# A branch to itself, on the processors that the product is built for.
FOREVER = {"x86_64": b"\xeb\xfe", "aarch64": b"\x00\x00\x00\x14"}[platform.machine()]


def spin(pid):
    """Puts an endless loop where the worker goes on once it has something to do (proc(5): syscall, mem)."""
    at = wait_for(lambda: system_call(pid), "the worker to wait for something to do")
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(int(at, 16))
        memory.write(FOREVER)


def system_call(pid):
    """Where a process goes on behind the system call that it waits in."""
    words = Path(f"/proc/{pid}/syscall").read_text().split()
    return words[-1] if len(words) > 2 else None


def test_a_worker_in_an_endless_loop_is_noticed_and_replaced_and_the_other_serves(new_master):
    master = new_master(workers=2)
    victim, other = master.worker_pids()
    spin(victim)
    wait_for(lambda: {state_of(victim) for _ in range(50)} == {"R"}, "it to spin, and wait for nothing any more")
    wait_for(lambda: not is_alive(victim), "it to be noticed")
    assert '"reason":"stopped turning"' in master.log.read_text()
    wait_for(lambda: master.is_whole() and master.serves(), "its successor")
    assert other in master.worker_pids()


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.smoke
def test_sigterm_drains_and_loses_no_request_in_flight(new_master, stack):
    master = new_master(workers=2)
    user = tokens.token(stack.secret, tokens.unique("drain"))
    connections = [master.connect() for _ in range(8)]
    with held_tasks(stack):
        for connection in connections:
            connection.send(fcgi.request_bytes("POST", "/api/tasks", user, b'{"title":"in flight"}'))
        wait_for_waiting(stack)
        wait_for(lambda: all(c.unread() == 0 for c in connections), "all requests to be read")
        master.signal(signal.SIGTERM)
        wait_for(lambda: not accepts(master.socket), "the draining pool to refuse new connections")
        assert any(is_alive(pid) for pid in master.worker_pids()), "one may have had no connection and be gone"
    for connection in connections:
        assert connection.answer().status == 201
        connection.close()
    assert master.process.wait(60) == 0


def accepts(path):
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
            return True
        except OSError:
            return False


def test_a_drained_worker_serves_its_kept_connections_until_nginx_closes_them(new_master):
    master = new_master()
    (worker,) = master.worker_pids()
    with master.connect() as connection:
        assert connection.ask("GET", "/healthz").status == 200
        os.kill(worker, signal.SIGTERM)
        wait_for(lambda: '"draining"' in master.log.read_text(), "the drain to begin")
        for _ in range(3):
            assert connection.ask("GET", "/healthz").status == 200
        assert is_alive(worker)
    wait_for(lambda: not is_alive(worker), "the worker to leave once its last connection is closed")
    wait_for(lambda: master.is_whole() and master.serves(), "its successor")


def test_what_does_not_drain_in_time_is_killed(new_master):
    master = new_master(DRAIN_TIMEOUT_SECONDS=1)
    with master.connect() as connection:
        assert connection.ask("GET", "/healthz").status == 200
        master.signal(signal.SIGTERM)
        assert master.process.wait(60) == 1
    said = master.log.read_text()
    assert 0 < said.find("worker drains") < said.find("worker killed"), said
    assert not master.socket.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_while_stopping_kills_at_once(new_master, number):
    master = new_master(DRAIN_TIMEOUT_SECONDS=3600)
    with master.connect() as connection:
        assert connection.ask("GET", "/healthz").status == 200
        master.signal(number)
        wait_for(lambda: not accepts(master.socket), "the drain to begin")
        assert master.process.poll() is None
        master.signal(number)
        assert master.process.wait(60) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_an_idle_pool_stops_at_once_with_success(new_master, number):
    master = new_master(workers=2, DRAIN_TIMEOUT_SECONDS=3600)
    master.signal(number)
    assert master.process.wait(60) == 0
    assert not master.socket.exists()


def test_workers_do_not_outlive_a_killed_master(new_master):
    master = new_master(workers=2)
    workers = master.worker_pids()
    master.signal(signal.SIGKILL)
    master.process.wait(60)
    wait_for(lambda: not any(is_alive(w) for w in workers), "the workers to follow their master")
    master.socket.unlink(missing_ok=True)


def test_a_worker_holds_nothing_but_what_it_needs(new_master):
    master = new_master()
    (worker,) = master.worker_pids()
    names = [os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")]
    needed = r"(socket|pipe):\[\d+\]|anon_inode:\[\w+\]|/dev/null|/memfd:.*|" + re.escape(str(master.log))
    assert [name for name in names if not re.fullmatch(needed, name)] == []
    with open(f"/proc/{worker}/status", encoding="ascii") as file:
        status = file.read()
    assert "Threads:\t1\n" in status
