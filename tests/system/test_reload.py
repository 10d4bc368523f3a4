"""Reload: the new generation is ready before the old one goes; whatever is wrong with it, the old one stays."""

import concurrent.futures
import signal

import pytest

from harness import tokens
from harness.operator import ask, reload, status_of, tasklane
from harness.processes import is_alive, wait_for


@pytest.mark.smoke
def test_a_reload_replaces_every_worker_and_keeps_the_master(new_master):
    master = new_master(workers=2)
    before = master.worker_pids()
    assert reload(master) == 2
    wait_for(lambda: not set(before) & set(master.worker_pids()), "the old workers to leave")
    assert master.serves() and master.is_whole()
    status = status_of(master)
    assert status["pid"] == master.process.pid and status["generation"] == 2 and status["state"] == "serving"
    assert status["last_reload"]["outcome"] == "done"
    assert [slot["state"] for slot in status["slots"]] == ["ready", "ready"]


def test_a_reload_takes_over_the_number_of_workers_and_the_log_level(new_master):
    master = new_master(workers=1)
    master.settings.update(WORKERS=3, LOG_LEVEL="error")
    master.write_settings(0o600)
    reload(master)
    wait_for(lambda: len(master.worker_pids()) == 3, "three workers")
    size = master.log.stat().st_size
    master.settings.update(WORKERS=1)
    master.write_settings(0o600)
    reload(master)
    wait_for(lambda: len(master.worker_pids()) == 1, "one worker")
    assert master.log.stat().st_size == size, "an information was logged at level error"
    master.workers = 1


@pytest.mark.parametrize(
    "change, why",
    [
        ({"WORKERS": "many", "LOG_LEVEL": "loud"}, ["WORKERS must be", "LOG_LEVEL must be"]),
        ({"AUTH_JWKS": "/nowhere/keys.json"}, ["AUTH_JWKS cannot be used: /nowhere/keys.json: No such file or directory"]),
        ({"DATABASE_URL": "postgresql://u:p/w@host/d"}, ["DATABASE_URL cannot be used", "unescaped /"]),
        ({"DATABASE_URL": "postgresql://u@host/d?connect_timeout=soon"}, ["DATABASE_URL cannot be used", "connect_timeout"]),
        ({"BETTER_AUTH_SECRET": "short"}, ["BETTER_AUTH_SECRET has 5 bytes"]),
    ],
)
def test_a_broken_configuration_leaves_the_old_generation_and_is_told(new_master, change, why):
    master = new_master(workers=2)
    before, good = master.worker_pids(), dict(master.settings)
    master.settings.update(change)
    master.write_settings(0o600)
    status, said = tasklane(master, "reload", "--wait")
    assert status == 1, said
    assert all(each in said for each in why), said
    checked, told = tasklane(master, "check")  # and would have been told before
    assert checked == 100 and all(each in told for each in why), told
    wait_for(lambda: master.worker_pids() == before, "the new workers to leave again")
    assert master.serves()
    last = status_of(master)["last_reload"]
    assert last["outcome"] == "failed" and all(each in last["reason"] for each in why)
    log = master.log.read_text()
    assert "reload failed" in log and all(each in log for each in why)
    with master.connect() as connection:
        metrics = connection.ask("GET", "/metrics").body.decode()
    assert 'tasklane_reloads_total{outcome="failed"} 1' in metrics and "tasklane_last_reload_failed 1" in metrics
    master.settings = good
    master.write_settings(0o600)
    reload(master)
    with master.connect() as connection:
        assert "tasklane_last_reload_failed 0" in connection.ask("GET", "/metrics").body.decode()


def test_a_changed_socket_needs_a_restart(new_master):
    master = new_master()
    before = master.worker_pids()
    master.settings["FASTCGI_SOCKET"] = f"{master.socket}2"
    master.write_settings(0o600)
    master.signal(signal.SIGHUP)
    wait_for(lambda: "cannot change" in master.log.read_text(), "the refusal")
    master.settings["FASTCGI_SOCKET"] = str(master.socket)
    master.write_settings(0o600)
    assert master.worker_pids() == before and "restart" in status_of(master)["last_reload"]["reason"]


def test_two_reloads_at_once_both_come_true(new_master):
    master = new_master(workers=2)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        generations = sorted(pool.map(lambda _: reload(master), range(2)))
    assert generations == [2, 3]
    assert status_of(master)["generation"] == 3


def test_a_storm_of_reloads_becomes_few_and_ends_with_one_that_saw_the_last_change(new_master):
    master = new_master(workers=2)
    for _ in range(60):
        master.signal(signal.SIGHUP)
        assert master.serves()
    master.settings["WORKERS"] = 1
    master.write_settings(0o600)
    last = reload(master)
    assert last < 40, "reloads asked for while one was under way were not put together"
    wait_for(lambda: len(master.worker_pids()) == 1, "the last change to be in force")
    master.workers = 1


def test_a_reload_during_shutdown_is_refused_and_changes_nothing(new_master, stack):
    master = new_master(workers=2, DRAIN_TIMEOUT_SECONDS=3600)
    with master.connect() as connection:
        assert connection.ask("GET", "/healthz").status == 200  # it is kept: the pool drains
        master.signal(signal.SIGTERM)
        wait_for(lambda: status_of(master)["state"] == "stopping", "the drain to begin")
        assert ask(master, "reload wait") == "failed: the master is stopping\n"
        assert ask(master, "upgrade wait") == "failed: the master is stopping\n"
        master.signal(signal.SIGHUP)
        token = tokens.token(stack.secret, tokens.unique("late"))
        assert connection.ask("GET", "/api/tasks", token).status == 200
    assert master.process.wait(60) == 0


def test_a_shutdown_during_a_reload_tells_who_waits(new_master):
    master = new_master(workers=2, own_programs=True)
    worker = master.binaries / "tasklane-worker"
    worker.unlink()
    worker.write_text("#!/bin/sh\nexec sleep 600\n")  # never ready: the reload cannot be over before the shutdown
    worker.chmod(0o755)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tasklane, master, "reload", "--wait")
        wait_for(lambda: "reload started" in master.log.read_text(), "the reload to begin")
        master.signal(signal.SIGTERM)
        assert waiting.result() == (1, "tasklane: failed: the master is stopping\n")
    assert master.process.wait(60) == 0


def test_a_worker_binary_that_crashes_at_start_leaves_the_old_generation(new_stack):
    stack = new_stack(workers=1)
    worker = stack.binaries / "tasklane-worker"
    kept = worker.rename(worker.with_name("kept"))
    for text, why in (("#!/bin/sh\nkill -SEGV $$\n", "SIGSEGV"), (None, "cannot execute")):
        if text:
            worker.write_text(text)
            worker.chmod(0o755)
        status, said = tasklane(stack, "reload", "--wait")
        assert status == 1 and why in said, said
        assert stack.anonymous().get("/healthz").status_code == 200
        worker.unlink(missing_ok=True)
    kept.rename(worker)
    assert reload(stack) == 4


@pytest.mark.parametrize("how", [{"WORKER_REQUESTS_MAX": 20}, {"WORKER_RSS_MAX": 1}], ids=["requests", "memory"])
def test_a_worker_that_is_due_retires_when_its_successor_is_ready(new_master, how):
    master = new_master(workers=1, **how)
    with master.connect() as connection:
        for _ in range(25):
            assert connection.ask("GET", "/healthz").status == 200
        old = connection.peer_pid()  # too large from the start, the first may have been gone already
        wait_for(lambda: "its successor gets ready first" in master.log.read_text(), "the retirement")
        wait_for(lambda: "worker drains" in master.log.read_text(), "the hand-over")
        assert is_alive(old) and connection.ask("GET", "/healthz").status == 200
    wait_for(lambda: not is_alive(old), "the old worker to leave")
    assert master.serves()
    if "WORKER_RSS_MAX" in how:  # every worker is larger: no second one before the first is gone, and so on
        assert len(master.worker_pids()) <= 2
        master.workers = len(master.worker_pids())
