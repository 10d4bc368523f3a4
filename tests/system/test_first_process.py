"""The master as a container's first process: no signal has a default action there, and orphans become its children."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from harness import fcgi, tokens
from harness.locks import held_tasks, wait_for_waiting
from harness.master import Master
from harness.operator import reload, status_of, tasklane
from harness.processes import PATIENCE, children_of, command_line, is_alive, wait_for


class FirstProcess(Master):
    """In a process namespace of its own, seen from outside."""

    def command(self):
        # Propagation stays: it can only be changed where / is a mount point, which it is not in a chroot.
        own = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "unchanged"]
        return [*own, *super().command()]

    @property
    def pid(self):
        return next(iter(children_of(self.process.pid)), 0)

    def adopt_orphans(self, count):
        """Leaves so many processes inside whose parent has ended; returns them."""
        before = set(self.worker_pids())
        script = "for n in $(seq $0); do sleep 300 & done"
        enter = ["nsenter", "--target", str(self.pid), "--pid", "sh", "-c", script, str(count)]
        subprocess.run(enter, check=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
        wait_for(lambda: len(set(self.worker_pids()) - before) == count, "the orphans to be the master's")
        return set(self.worker_pids()) - before


@pytest.fixture
def first(stack):
    master = FirstProcess(stack, workers=2).start()
    assert status_of(master)["pid"] == 1
    yield master
    master.stop()


def test_an_orphan_is_reaped_and_leaves_no_zombie(first):
    workers = first.worker_pids()
    orphans = first.adopt_orphans(5)
    assert all(command_line(pid) == "sleep 300" for pid in orphans)
    for pid in orphans:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans), "nothing to be left of them")
    assert first.worker_pids() == workers and first.serves(), "it is no worker's death"
    assert "worker exited" not in first.log.read_text()


def test_a_dead_worker_is_replaced(first):
    victim, other = first.worker_pids()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: first.is_whole() and victim not in first.worker_pids(), "its successor")
    assert not Path(f"/proc/{victim}").exists()
    assert is_alive(other)


def test_reloads_and_upgrades_work(first):
    assert reload(first) == 2
    assert tasklane(first, "upgrade", "--wait")[0] == 0
    first.signal(signal.SIGHUP)
    wait_for(lambda: status_of(first)["generation"] == 4, "the reload")
    wait_for(lambda: first.is_whole() and first.serves(), "one generation alone")
    assert status_of(first)["pid"] == 1


def test_sigterm_drains_and_an_orphan_does_not_keep_it(first, stack):
    (orphan,) = first.adopt_orphans(1)
    user = tokens.token(stack.secret, tokens.unique("first"))
    with first.connect() as connection:
        with held_tasks(stack):
            connection.send(fcgi.request_bytes("POST", "/api/tasks", user, b'{"title":"in flight"}'))
            wait_for_waiting(stack)
            first.signal(signal.SIGTERM)
            wait_for(lambda: '"draining"' in first.log.read_text(), "the drain to begin")
        assert connection.answer().status == 201
    assert first.process.wait(60) == 0
    assert not is_alive(orphan), "the kernel ends a namespace with its first process"
