"""The folder of one test run, and its end: what is made is made below it, and nothing of it outlives the run."""

import atexit
import os
import shutil
import signal
import tempfile
from pathlib import Path

from harness.processes import children_of, command_line, processes_of

KEEP = os.environ.get("TASKLANE_KEEP") == "1"
NAME = "TASKLANE_TEST_RUN"  # how xdist's processes know their run's folder
OWNER = NAME not in os.environ
# Short: a unix socket's path has 107 bytes.
RUN = Path(os.environ.get(NAME) or tempfile.mkdtemp(prefix="tasklane-test-"))
os.environ[NAME] = str(RUN)
BASE = RUN / os.environ.get("PYTEST_XDIST_WORKER", "main")  # of this process
BASE.mkdir(exist_ok=True)
for each in (RUN, BASE):
    each.chmod(0o755)  # the services run as other users when the tests run as root


def new_folder():
    folder = Path(tempfile.mkdtemp(dir=BASE, prefix=""))
    folder.chmod(0o755)
    return folder


def end_what_is_left():
    """Kills what this process has started and not ended; returns {pid: command line}."""
    left = processes_of(BASE)
    left |= {pid: command_line(pid) for pid in children_of(os.getpid())}
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return left


def close():
    """At the end of the process that the run was started as, however it came to it."""
    for pid in processes_of(RUN):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    if not KEEP:
        shutil.rmtree(RUN, ignore_errors=True)


if OWNER:
    atexit.register(close)


def pass_over(*_):
    """Like SIG_IGN, but not inherited by what the tests start."""


def interrupt(*_):
    """The first SIGINT or SIGTERM ends the run, with every fixture torn down; a second one must not cut that short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_over)
    for pid in children_of(os.getpid()):
        if "execnet" in command_line(pid):  # xdist's: a terminal tells them, too, kill(1) tells this process alone
            os.kill(pid, signal.SIGTERM)
    raise KeyboardInterrupt


def set_signals():
    """However the run was started. In a background job SIGINT and SIGQUIT come ignored, under nohup SIGHUP does, and
    what is ignored is inherited: what the tests start shall have the defaults."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, pass_over)
