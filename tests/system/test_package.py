"""What the Debian package holds. Trying it in a bare Debian takes the network and is tests/packaging/try-package."""

import re

import pytest

from harness.installed import VERSION, files_below, mode, package, run, system  # noqa: F401 (fixtures, too)
from harness.stack import PROJECT

SETUP = PROJECT / "packaging/setup"


def test_the_package_says_what_it_needs(package):
    fields = dict(re.findall(r"^ ([A-Z][\w-]+): (.*)$", run("dpkg-deb", "-I", package), re.MULTILINE))
    assert fields["Package"] == "tasklane"
    assert fields["Version"] == VERSION
    assert set(fields["Recommends"].split(", ")) == {"nginx", "postgresql-client", "openssl", "curl", "jq"}, "what setup takes"
    assert "tasklane-web" in fields["Suggests"]
    for library in ("libc6", "libfcgi0", "libpq5", "libpqxx-", "libssl3", "libsodium", "libfmt", "libjemalloc2"):
        assert library in fields["Depends"], library
    assert "systemd-standalone-sysusers | systemd | systemd-sysusers" in fields["Depends"]


def test_the_package_holds_the_system_and_nothing_else(package, system):
    listed = {}
    for line in run("dpkg-deb", "-c", package).splitlines():
        rights, owner, _, _, _, path = line.split(None, 5)
        assert owner == "root/root", line
        if not rights.startswith("d"):
            listed[path.removeprefix("./")] = rights
    # The configuration is made at installation: it is private, and no conffile.
    there = {re.sub(r"^(usr/share/man/.*)", r"\1.gz", path) for path in files_below(system) if not path.startswith("etc/")}
    assert set(listed) == there | {f"usr/share/doc/tasklane/{name}" for name in ("copyright", "changelog.gz")}
    assert {listed[path] for path in listed if path.startswith("usr/bin/")} == {"-rwxr-xr-x"}
    assert {path for path in listed if "w" in listed[path][5:]} == set()


def test_the_packages_own_scripts_are_sound(package, tmp_path):
    run("dpkg-deb", "-e", package, tmp_path)
    assert not (tmp_path / "conffiles").exists()
    scripts = [tmp_path / name for name in ("postinst", "prerm", "postrm")]
    assert {mode(path) for path in scripts} == {0o755}
    run("shellcheck", *scripts, *(PROJECT / "packaging/debian").glob("*.p*"))
    said = "".join(path.read_text() for path in scripts)
    assert not re.search(r"systemctl[^\n]*\b(start|restart|enable)\b", said), "it starts by itself"


def test_lintian_has_nothing_to_say_about_the_package(package):
    assert (PROJECT / "packaging/debian/changelog").read_text().startswith(f"tasklane ({VERSION}) ")
    assert re.findall("^[EW]: .*", run("lintian", "--allow-root", "--fail-on", "none", package), re.MULTILINE) == []


def test_what_setup_is_made_of_is_sound():
    run("shellcheck", "--shell=bash", "--external-sources", "--source-path=SCRIPTDIR", SETUP / "setup")
    run("shellcheck", "--shell=bash", "--exclude=SC2034,SC2154", *SETUP.glob("parts/*.sh"))
    assert [path.name for path in SETUP.rglob("*") if path.is_file() and len(path.read_text().splitlines()) > 80] == []


SCRIPTS = sorted(path for path in (PROJECT / "tests/packaging").iterdir() if path.is_file())


def test_what_they_share_is_sound():
    run("shellcheck", "--exclude=SC2034,SC2154", *(PROJECT / "tests/packaging/lib").iterdir())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_what_tries_the_package_is_sound_and_explains_itself(script):
    run("shellcheck", script)
    assert mode(script) == 0o755
    assert len(script.read_text().splitlines()) <= 80
    assert re.match(rf"Usage: tests/packaging/{script.name}\b", run(script, "--help"))
