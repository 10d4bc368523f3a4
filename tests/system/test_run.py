"""The run itself: nothing outlives it, and it does not matter how it was started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.processes import is_alive, wait_for
from harness.run import NAME

HERE = Path(__file__).parent
IGNORED = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)  # in a background job the first two, under nohup the third
NOT_OF_THIS_RUN = (NAME, "PYTEST_XDIST_WORKER", "TASKLANE_KEEP")


def ignore():
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)


def run_of_its_own(script, **how):
    """A process that is the owner of another run."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OF_THIS_RUN}
    return subprocess.Popen(
        [sys.executable, "-c", "import subprocess\nfrom harness import run\n" + script], cwd=HERE, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **how,
    )  # fmt: skip


def test_what_is_left_at_the_end_is_killed_and_told():
    with run_of_its_own("left = subprocess.Popen(['sleep', '60'])\nprint(run.end_what_is_left(), left.wait(30))") as process:
        said = process.communicate(timeout=60)[0]
    assert "'sleep 60'" in said and said.endswith(" -9\n"), said


def test_what_the_tests_start_ignores_no_signal_though_the_run_does():
    script = "run.set_signals()\nsubprocess.run(['grep', 'SigIgn', '/proc/self/status'])"
    with run_of_its_own(script, preexec_fn=ignore) as process:
        mask = int(process.communicate(timeout=60)[0].split()[1], 16)
    assert [number for number in IGNORED if mask >> (number - 1) & 1] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_what_it_holds(number):
    script = (
        "import time\nrun.set_signals()\n"
        "held = subprocess.Popen(['tail', '-f', '/dev/null'], cwd=run.new_folder())\n"
        "print(run.RUN, held.pid, flush=True)\ntime.sleep(60)"
    )
    with run_of_its_own(script, stderr=subprocess.DEVNULL, preexec_fn=ignore) as process:
        folder, held = process.stdout.readline().split()
        process.send_signal(number)
        process.send_signal(number)  # an impatient second one cuts nothing short
        assert process.wait(60) != 0
    wait_for(lambda: not is_alive(held), "what it held to end")
    assert not Path(folder).exists()
