"""schemathesis (PyPI) in a folder of its own beside the builds: a development tool that nothing else needs."""

import subprocess
import sys

import pytest

from harness.build import PROJECT

VERSION = "4.32.5"
FOLDER = PROJECT / "build" / f"schemathesis-{VERSION}"
INSTALL_PATIENCE = 180  # s


def program():
    """Its path. Skips the test, with the reason, where it cannot be installed."""
    found = FOLDER / "bin/schemathesis"
    whole = FOLDER / "whole"  # made when all of it is there
    if not whole.exists():
        for step in (
            [sys.executable, "-m", "venv", "--clear", FOLDER],
            [FOLDER / "bin/pip", "install", "--quiet", "--disable-pip-version-check", f"schemathesis=={VERSION}"],
        ):
            try:
                done = subprocess.run(
                    step, capture_output=True, text=True, timeout=INSTALL_PATIENCE, check=False, cwd=PROJECT
                )
            except subprocess.TimeoutExpired:
                pytest.skip(f"schemathesis {VERSION} cannot be installed within {INSTALL_PATIENCE} s")
            if done.returncode != 0:
                why = (done.stderr or done.stdout).strip().splitlines()
                pytest.skip(f"schemathesis {VERSION} cannot be installed: {why[-1] if why else 'no reason told'}")
        whole.touch()
    return found
