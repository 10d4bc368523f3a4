"""`tasklane setup` from installation to purge, in a Debian of its own beside another site, without systemd. The first time takes debootstrap, the network and a minute more."""

import os
import subprocess

import pytest

from harness.stack import BUILD, PROJECT, clean_environment


pytestmark = pytest.mark.load  # the package is the release build's


def may_unshare():
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "true"]
    return os.geteuid() == 0 and subprocess.run(command, check=False).returncode == 0


@pytest.mark.skipif(not may_unshare(), reason="takes root, and the right to make namespaces")
def test_a_host_is_set_up_verified_and_left_as_it_was(tmp_path):
    environment = clean_environment()
    packed = subprocess.run(
        [PROJECT / "scripts/package", "--no-build", "--build", BUILD, "--out", tmp_path], env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert packed.returncode == 0, packed.stdout + packed.stderr
    done = subprocess.run(
        [PROJECT / "tests/packaging/try-setup", *sorted(tmp_path.glob("*.deb"))], env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
