"""Under a service manager: its socket outlives the master, and it is told what goes on."""

import concurrent.futures
import os
import signal
import threading

import pytest

from harness import fcgi
from harness.activation import Activated
from harness.operator import reload, tasklane
from harness.processes import is_alive, links, wait_for


@pytest.fixture
def activated(stack):
    started = []

    def start(**how):
        started.append(Activated(stack, **how))
        return started[-1].start()

    yield start
    for each in reversed(started):
        each.stop()


def test_the_inherited_socket_is_used_kept_and_not_passed_on_twice(activated):
    master = activated(workers=1)
    inode = os.stat(master.socket).st_ino
    (worker,) = master.worker_pids()
    inherited = f"socket:[{os.fstat(master.listener.fileno()).st_ino}]"
    assert [list(links(pid)).count(inherited) for pid in (master.pid, worker)] == [1, 1]
    with open(f"/proc/{worker}/environ", encoding="ascii") as file:
        names = {each.partition("=")[0] for each in file.read().split("\0")}
    assert not names & {"LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"}
    reload(master)
    assert tasklane(master, "upgrade", "--wait")[0] == 0
    assert list(links(master.pid)).count(inherited) == 1
    master.signal(signal.SIGTERM)
    assert master.process.wait(60) == 0
    assert os.stat(master.socket).st_ino == inode
    master.start()


def test_clients_wait_while_a_killed_master_is_replaced(activated, capfd):
    master = activated(workers=2)
    refused, served, stopping = [], [], threading.Event()

    def ask():
        while not stopping.is_set():
            try:
                with master.connect() as connection:
                    assert connection.ask("GET", "/healthz").status == 200
                    served.append(master.pid)
            except OSError as error:
                refused.append(error)
            except fcgi.Closed:
                pass  # it was taken, and its worker told to go with its master

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(ask) for _ in range(8)]
        try:
            for _ in range(3):
                before, count = master.worker_pids(), len(served)
                master.kill()
                wait_for(lambda: not any(is_alive(pid) for pid in before), "the workers to follow")
                master.launch()
                wait_for(lambda: master.pid in served[count:] and master.is_whole(), "an answer of its successor")
                wait_for(lambda: len(served) > count + 50, "more answers")
        finally:
            stopping.set()
        for future in futures:
            future.result()
    with capfd.disabled():
        print(f"\n    3 kills of the master: {len(refused)} of {len(served)} connections refused")
    assert refused == []


def test_the_service_notifier_is_told_what_goes_on(activated):
    master = activated(workers=2, watchdog_seconds=0.4)
    master.wait_until_told("READY=1")
    master.wait_until_told("STATUS=generation 1: 2 of 2 workers ready")
    since = master.heard[master.heard.index("READY=1") :]
    assert "2 of 2" in next(each for each in since if each.startswith("STATUS=")), "whoever waits finds all workers"
    master.wait_until_told("WATCHDOG=1")
    master.heard.clear()
    reload(master)
    master.wait_until_told("READY=1")
    begun = next(i for i, each in enumerate(master.heard) if each.startswith("RELOADING=1\nMONOTONIC_USEC="))
    assert begun < master.heard.index("READY=1")
    master.heard.clear()
    good = dict(master.settings)
    master.settings["WORKERS"] = "many"
    master.write_settings(0o600)
    assert tasklane(master, "reload", "--wait")[0] == 1
    master.wait_until_told("the last reload failed: WORKERS must be")
    assert any(each.startswith("RELOADING=1") for each in master.heard) and "READY=1" in master.heard
    master.settings = good
    master.write_settings(0o600)
    master.heard.clear()
    assert tasklane(master, "upgrade", "--wait")[0] == 0
    master.wait_until_told("STATUS=generation 2: 2 of 2 workers ready")
    master.heard.clear()
    master.wait_until_told("WATCHDOG=1")
    master.signal(signal.SIGTERM)
    assert master.process.wait(60) == 0
    assert "STOPPING=1" in master.told()
    master.start()


def test_a_socket_elsewhere_than_configured_is_refused(activated, stack):
    master = activated(workers=1)
    master.signal(signal.SIGTERM)
    assert master.process.wait(60) == 0
    there = master.settings["FASTCGI_SOCKET"]
    master.settings["FASTCGI_SOCKET"] = f"{there}.other"
    master.write_settings(0o600)
    master.launch()
    assert master.process.wait(60) == 100
    assert "the inherited socket listens at" in master.log.read_text()
    master.settings["FASTCGI_SOCKET"] = there
    master.write_settings(0o600)
    master.start()
