"""logrotate moves the log away, and a reload opens it anew: nothing is copied, truncated or lost."""

import grp
import os
import pwd
import subprocess

import pytest

from harness.operator import reload
from harness.processes import wait_for
from harness.run import new_folder
from harness.stack import Stack


@pytest.fixture
def stack(new_stack):
    return new_stack(workers=2)


def rotate(stack, path):
    """As docs/operations/seeing.md says, with the reload done by the test."""
    service = os.stat(f"/proc/{stack.pid('master')}")
    folder = new_folder()
    configuration = folder / "tasklane"
    configuration.write_text(
        f"{path} {{\n  rotate 7\n  missingok\n  notifempty\n  create 0640 {pwd.getpwuid(service.st_uid).pw_name} {grp.getgrgid(service.st_gid).gr_name}\n  su root root\n}}\n"
    )
    configuration.chmod(0o644)
    done = subprocess.run(
        ["/usr/sbin/logrotate", "--force", "--state", str(folder / "state"), str(configuration)], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="logrotate gives the new file to the service's user, which takes root")
def test_a_rotated_log_is_written_anew_after_a_reload(stack):
    log = stack.log / "tasklane.log"
    before = log.read_text()
    old_inode = log.stat().st_ino
    rotate(stack, log)
    assert log.stat().st_ino != old_inode
    reload(stack)
    wait_for(lambda: "worker ready" in log.read_text(), "the new file to be written")
    rotated = (stack.log / "tasklane.log.1").read_text()
    assert rotated.startswith(before)
    both = rotated + log.read_text()
    assert both.count('"message":"worker ready"') == 4, "two workers of each generation, each told once"
    size = len(rotated)
    reload(stack)
    assert (stack.log / "tasklane.log.1").stat().st_size == size, "nobody writes into the old file"
