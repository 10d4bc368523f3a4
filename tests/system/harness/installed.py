"""An installation and the Debian package of the build under test. Nothing is installed on this machine."""

import re
import stat
import subprocess
from pathlib import Path

import pytest

from .stack import BUILD, PROJECT, clean_environment

VERSION = re.search(r"VERSION ([\d.]+)", (PROJECT / "CMakeLists.txt").read_text().split("project(")[1]).group(1)


def run(*command, status=0, **environment):
    done = subprocess.run(
        [str(word) for word in command], env={**clean_environment(), "LC_ALL": "C.UTF-8", **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == status, f"{command}: exit status {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installation below a prefix of its own."""
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """An installation as a system's, in a folder that stands for /."""
    folder = tmp_path_factory.mktemp("system")
    run("cmake", "--install", BUILD, "--prefix", "/usr", DESTDIR=str(folder))
    return folder


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    said = run(PROJECT / "scripts/package", "--no-build", "--no-web", "--build", BUILD, "--out", tmp_path_factory.mktemp("package"))
    path = Path(said.splitlines()[-1])
    assert path.is_file()
    return path
