"""Waiting for conditions, and finding every process that belongs to a folder."""

import os
import random
import signal
import socket
import time
from contextlib import contextmanager
from pathlib import Path


PATIENCE = 60  # seconds: a guard against waiting for ever, which says nothing of how long a thing may take


def wait_for(condition, what, seconds=PATIENCE):
    """The first true value of condition(), polled; fails with `what`, a text or what makes one, past the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what() if callable(what) else what}")
        time.sleep(0.02)


@contextmanager
def undone_by(end):
    """Calls `end` if the block fails: whoever wanted what it starts has nothing yet to end it by."""
    try:
        yield
    except BaseException:
        end()
        raise


@contextmanager
def killed_at_the_end(process):
    """A process that has ended when the block does, however that comes."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def standing_still(*pids):
    """Processes that do nothing while the block lasts."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def links(pid):
    """What a process runs, where it works, and every file that it holds."""
    process = Path(f"/proc/{pid}")
    for link in [process / "exe", process / "cwd", *_listed(process / "fd")]:
        try:
            yield os.readlink(link)
        except OSError:
            pass


def all_pids():
    """Of all that run now. Any of them may end at any moment."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _listed(folder):
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def processes_of(folder):
    """{pid: command line} of every process that runs from, works in or holds a file of `folder`. Not this one."""
    found = {}
    for pid in all_pids():
        if pid == os.getpid():
            continue
        line = command_line(pid)
        if line and (f"{folder}/" in line or any(link.startswith(f"{folder}/") for link in links(pid))):
            found[pid] = line
    return found


def wait_until_gone(folder, told=""):
    """No process of `folder` is left. Fails with what is, how it waits, and what was `told` of it."""

    def left():
        found = processes_of(folder)
        how = {pid: f"{_read(pid, 'wchan')} {_state_and_parent(pid)} {found[pid]}" for pid in found}
        return f"no process left of {how}\n{told}"

    wait_for(lambda: not processes_of(folder), left)


def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""


def _state_and_parent(pid):
    return _read(pid, "stat").rpartition(")")[2].split()[:2]  # [] of one that is gone


def children_of(parent):
    """The pids of a process's living children."""
    found = []
    for pid in all_pids():
        state, ppid = _state_and_parent(pid) or ("Z", 0)
        if int(ppid) == parent and state != "Z":
            found.append(pid)
    return sorted(found)


def is_alive(pid):
    return (_state_and_parent(pid) or "Z")[0] != "Z"


def open_files(pid):
    return len(_listed(Path(f"/proc/{pid}/fd")))


def free_ports():
    """A port that is free on loopback together with the next two (HTTPS, plain, operators), none a client may be given."""
    while True:
        port = random.randrange(20_000, 32_000, 4)  # below Linux's ephemeral ports
        with socket.socket() as first, socket.socket() as second, socket.socket() as third:
            try:
                for number, each in enumerate((first, second, third)):
                    each.bind(("127.0.0.1", port + number))
            except OSError:
                continue
            return port
