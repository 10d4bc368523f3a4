"""A new program in place of the running one: same process, same socket, no request lost."""

import os
import shutil
import signal

import pytest

from harness.operator import reload, status_of, tasklane
from harness.processes import open_files, wait_for


def image(pid):
    return os.stat(f"/proc/{pid}/exe").st_ino


def replace(path):
    """Another file of the same content, as an installation puts it there."""
    new = path.with_name(path.name + ".new")
    shutil.copy2(path, new)
    new.rename(path)
    return path.stat().st_ino


def test_replaced_files_and_a_reload_run_the_new_worker(new_stack):
    stack = new_stack(workers=1)
    new = replace(stack.binaries / "tasklane-worker")
    reload(stack)
    (worker,) = [slot["pid"] for slot in status_of(stack)["slots"] if slot["state"] == "ready"]
    assert image(worker) == new


def test_an_upgrade_executes_the_new_master_in_the_same_process(new_stack):
    stack = new_stack(workers=2)
    master, before = stack.pid("master"), stack.worker_pids()
    api = stack.user("upgrade")
    task = api.create("before")
    for generation in (2, 3):
        new = replace(stack.binaries / "tasklane-master")
        assert tasklane(stack, "upgrade", "--wait") == (0, f"done generation {generation}\n")
        assert image(master) == new
        assert stack.pid("master") == master and status_of(stack)["pid"] == master
    assert api.tasks()[0]["id"] == task["id"]
    wait_for(lambda: not set(before) & set(stack.worker_pids()), "the old workers to leave")
    assert stack.metrics()["tasklane_master_upgrades_total"] == 2
    held = open_files(master)
    tasklane(stack, "upgrade", "--wait")
    wait_for(lambda: open_files(master) <= held, "no descriptor to be left over from an upgrade")
    api.close()


@pytest.mark.parametrize(
    "text, why",
    [
        ("#!/bin/sh\necho 'the state of another version' >&2\nexit 1\n", "the state of another version"),
        ("no program", "cannot execute"),
        ("#!/bin/sh\nexec sleep 60\n", "did not answer in time"),
        (None, "cannot execute"),
    ],
    ids=["refuses", "no program", "hangs", "missing"],
)
def test_a_new_master_that_cannot_take_over_leaves_the_old_one(new_stack, text, why):
    stack = new_stack(workers=1)
    program = stack.binaries / "tasklane-master"
    kept = program.rename(program.with_name("kept"))
    if text:
        program.write_text(text)
        program.chmod(0o755)
    before = stack.worker_pids()
    status, said = tasklane(stack, "upgrade", "--wait")
    program.unlink(missing_ok=True)
    kept.rename(program)
    assert status == 1 and why in said, said
    assert stack.worker_pids() == before and stack.anonymous().get("/healthz").status_code == 200
    assert tasklane(stack, "upgrade", "--wait") == (0, "done generation 2\n")


def test_an_upgrade_with_a_broken_configuration_keeps_the_workers_and_says_so(new_master):
    master = new_master(workers=2)
    before, good = master.worker_pids(), dict(master.settings)
    master.settings["WORKERS"] = "many"
    master.write_settings(0o600)
    status, said = tasklane(master, "upgrade", "--wait")
    assert status == 1 and "upgraded, but: WORKERS must be" in said
    assert master.worker_pids() == before and master.serves()
    os.kill(before[0], signal.SIGKILL)  # the new program watches the workers of the old one
    master.settings = good
    master.write_settings(0o600)
    wait_for(lambda: master.is_whole() and before[0] not in master.worker_pids(), "a successor")
    assert reload(master) > 1


def test_sigusr2_upgrades(new_master):
    master = new_master()
    master.signal(signal.SIGUSR2)
    wait_for(lambda: "master took over" in master.log.read_text(), "the upgrade")
    wait_for(lambda: status_of(master)["generation"] == 2, "its reload")


def test_a_stop_right_behind_an_upgrade_is_not_lost(new_master):
    master = new_master(workers=2)
    master.signal(signal.SIGUSR2)
    wait_for(lambda: "executing the new" in master.log.read_text(), "the exec")
    master.signal(signal.SIGTERM)
    assert master.process.wait(60) == 0
