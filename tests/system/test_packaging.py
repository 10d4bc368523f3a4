"""What an installation lays out. Nothing is installed on this machine."""

import os
import re
import shlex
import shutil
import subprocess

import pytest

from harness.installed import files_below, mode, prefix, run, system  # noqa: F401 (fixtures, too)
from harness.run import new_folder
from harness.stack import BUILD, PROJECT, clean_environment

SECRETS = ["DATABASE_URL", "BETTER_AUTH_SECRET", "BETTER_AUTH_SECRETS"]
MANUALS = sorted((PROJECT / "packaging/man").iterdir())
NAMES = re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)


# The layout

VERIFY = ["common", "deployment", "checks", "tokens", *(f"integration{part}" for part in ("", "_page", "_parts", "_session"))]
SETUP = PROJECT / "packaging/setup"
SYSTEM = {
    *(f"usr/bin/tasklane{suffix}" for suffix in ("", "-master", "-worker")),
    "etc/tasklane/tasklane.env", "usr/lib/systemd/system/tasklane.service", "usr/lib/systemd/system/tasklane.socket",
    "usr/lib/systemd/system/tasklane@.service", "usr/lib/systemd/system/tasklane@.socket", "usr/lib/sysusers.d/tasklane.conf",
    "usr/lib/tmpfiles.d/tasklane.conf", "usr/share/bash-completion/completions/tasklane", "usr/share/tasklane/env.example",
    "usr/share/tasklane/tasklane.env", "usr/share/tasklane/scripts/verify",
    *(f"usr/share/tasklane/scripts/lib/{part}.sh" for part in VERIFY),
    *(f"usr/share/tasklane/scripts/verify.d/{path.name}" for path in (PROJECT / "scripts/verify.d").iterdir()),
    *(f"usr/libexec/tasklane/{path.relative_to(SETUP)}" for path in SETUP.rglob("*") if path.is_file()),
    *(f"usr/share/man/man{path.suffix[1:]}/{path.name}" for path in MANUALS),
    *(f"usr/share/tasklane/sql/{path.name}" for path in (PROJECT / "sql").iterdir()),
    *(f"usr/share/tasklane/nginx/{path.name}" for path in (PROJECT / "nginx").glob("*.template")),
    "usr/share/tasklane/docs/openapi.yaml", "usr/share/tasklane/docs/openapi.json",
    "usr/share/tasklane/docs/tasks.schema.json", "usr/share/tasklane/docs/errors.schema.json", "usr/share/tasklane/docs/OPERATIONS.md",
}  # fmt: skip


def test_a_system_has_everything_in_its_place(system):
    assert files_below(system) >= SYSTEM
    others = files_below(system) - SYSTEM
    assert {path for path in others if not path.startswith("usr/share/tasklane/")} == set()


def test_every_link_of_an_installed_document_leads_somewhere(system):
    pages = sorted((system / "usr/share/tasklane/docs").rglob("*.md"))
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text())]
    links = [(page, link) for page, link in links if not re.match("[a-z]+:", link)]
    assert len(links) > 100
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_an_installed_verify_explains_itself(system):
    assert run(system / "usr/share/tasklane/scripts/verify", "--help").startswith("Usage: scripts/verify")


def test_everything_stays_below_a_prefix_of_its_own(prefix):
    assert files_below(prefix) >= {path.removeprefix("usr/") for path in SYSTEM}
    for path in (prefix / "lib").rglob("tasklane*"):
        if path.is_file():
            assert not re.search(r"(?<!\S)(\S+=)?/(usr|etc)/", path.read_text()), path


def test_the_configuration_is_private_and_never_overwritten(prefix):
    configuration = prefix / "etc/tasklane/tasklane.env"
    assert mode(configuration) == 0o640
    assert mode(prefix / "etc/tasklane/credentials") == 0o700
    assert configuration.read_text() == (PROJECT / "packaging/tasklane.env").read_text()
    configuration.write_text("WORKERS=3\n")
    (prefix / "etc/tasklane/credentials/DATABASE_URL").write_text("postgresql://kept")
    (prefix / "etc/tasklane/credentials/DATABASE_URL").chmod(0o600)
    run("cmake", "--install", BUILD, "--prefix", prefix)
    assert configuration.read_text() == "WORKERS=3\n"
    assert (prefix / "etc/tasklane/credentials/DATABASE_URL").read_text() == "postgresql://kept"


def test_the_example_names_no_setting_that_is_not_one():
    text = (PROJECT / "packaging/tasklane.env").read_text()
    assert {name for name in re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)} <= set(NAMES)


# systemd


def settings(unit):
    found = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("name", ["tasklane.service", "tasklane.socket", "tasklane@.service", "tasklane@.socket"])
def test_systemd_finds_nothing_wrong_with_a_unit(prefix, name):
    said = run("systemd-analyze", "verify", prefix / "lib/systemd/system" / name, MANPATH=f"{prefix}/share/man:")
    assert [line for line in said.splitlines() if "tasklane" in line] == []


def web_units(folder):
    """The web app's units, as scripts/package fills them in."""
    template = (PROJECT / "packaging/systemd/tasklane-web.service.in").read_text()
    for name, user, below in (("tasklane-web.service", "", ""), ("tasklane-web@.service", "-%i", "/%i")):
        filled = template.replace("@NODE@", "/usr/bin/env").replace("@USER@", user).replace("@FOLDER@", below)
        (folder / name).write_text(filled)


@pytest.mark.parametrize("name", ["tasklane-web.service", "tasklane-web@.service"])
def test_systemd_finds_nothing_wrong_with_a_unit_of_the_web_app(tmp_path, name):
    web_units(tmp_path)
    said = run("systemd-analyze", "verify", "--man=no", tmp_path / name)
    assert [line for line in said.splitlines() if "tasklane" in line] == []


@pytest.mark.parametrize("name", ["tasklane.service", "tasklane-web.service"])
def test_the_service_is_exposed_to_little(prefix, tmp_path, name):
    web_units(tmp_path)
    units = tmp_path if "web" in name else prefix / "lib/systemd/system"
    said = run("systemd-analyze", "security", "--offline=true", units / name)
    exposure = float(re.search(rf"exposure level for {re.escape(name)}: ([\d.]+)", said).group(1))
    print(f"exposure {exposure}")
    assert exposure < 2.0, said


def test_the_units_agree_with_the_code(prefix):
    limits = (PROJECT / "app/base/limits.h").read_text().replace("'", "")
    service = settings(prefix / "lib/systemd/system/tasklane.service")
    socket = settings(prefix / "lib/systemd/system/tasklane.socket")
    assert socket["Backlog"] == re.findall(r"kListenBacklog = (\d+)", limits)
    assert socket["ListenStream"] == ["/run/tasklane/tasklane.sock"]
    assert socket["SocketMode"] == ["0660"]
    assert service["Type"] == ["notify"] and service["NotifyAccess"] == ["main"]
    codes = dict(re.findall(r"(kExit\w+) = (\d+)", (PROJECT / "app/base/exit_codes.h").read_text()))
    assert set(service["RestartPreventExitStatus"][0].split()) == {codes["kExitConfiguration"], codes["kExitUsage"]}
    assert int(service["TimeoutStopSec"][0].rstrip("s")) > 30, "the drain's default deadline"
    assert service["ExecStart"][0].split()[0] == f"{prefix}/bin/tasklane-master"
    assert os.access(service["ExecStart"][0].split()[0], os.X_OK)
    # The owner's URL is for migrations; the service does not get it.
    assert [value.split(":")[0] for value in service["LoadCredential"]] == SECRETS
    assert [value.split(":")[0] for value in service["SetCredential"]] == SECRETS


def test_users_and_folders_are_made_by_systemds_own_tools(prefix, tmp_path):
    (tmp_path / "etc").mkdir()
    sysusers = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", prefix / "lib/sysusers.d/tasklane.conf")
    assert "tasklane" in sysusers
    lines = (prefix / "lib/tmpfiles.d/tasklane.conf").read_text().splitlines()
    assert "d /run/tasklane 0755 tasklane tasklane -" in lines


# The manual and the completion


@pytest.mark.parametrize("page", MANUALS, ids=lambda path: path.name)
def test_a_manual_page_is_clean(page):
    # Pages of other packages need not be installed here.
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
    assert lint.stdout == "", lint.stdout
    said = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
        env={**os.environ, "MANROFFSEQ": "", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0 and said.stderr == "", said.stderr
    assert page.stem in run("lexgrog", page)


def commands(tasklane):
    return set(re.findall(r"^  ([a-z][a-z-]*) ", run(tasklane, "--help"), re.MULTILINE))


def test_the_manual_tells_every_command_option_and_setting(prefix):
    page = (PROJECT / "packaging/man/tasklane.1").read_text()
    told = set(re.findall(r"^\.It Cm (\S+)", page, re.MULTILINE))
    assert commands(prefix / "bin/tasklane") <= told
    for command in commands(prefix / "bin/tasklane"):
        for option in re.findall(r"^  (?:-\w, )?--([a-z-]+)", run(prefix / "bin/tasklane", command, "--help"), re.MULTILINE):
            assert f"Fl -{option}" in page, f"{command} --{option}"
    page = (PROJECT / "packaging/man/tasklane.env.5").read_text()
    told = set(re.findall(r"[A-Z_]+", " ".join(re.findall(r"^\.It Ev (.+)$", page, re.MULTILINE))))
    assert told == set(NAMES)


def completed(prefix, *words):
    line = shlex.join([str(prefix / "bin/tasklane"), *words])
    script = (
        f"source {prefix}/share/bash-completion/completions/tasklane; COMP_WORDS=({line}); COMP_CWORD={len(words)};"
        " _tasklane; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    return set(run("bash", "-c", script).split())


def test_completion_knows_what_the_command_knows(prefix):
    assert completed(prefix, "") == commands(prefix / "bin/tasklane") | {"--help", "--version"}
    assert completed(prefix, "mig") == {"migrate"}
    assert completed(prefix, "token", "--") == {"--sub", "--ttl", "--env-file", "--help"}
    assert completed(prefix, "migrate", "--sql", f"{prefix}/sh") == {f"{prefix}/share"}
    run("shellcheck", "--shell=bash", PROJECT / "packaging/tasklane.bash")


# Secrets in files of their own


def test_a_secret_comes_from_a_file_that_the_environment_or_systemd_names(prefix, tmp_path):
    tasklane = prefix / "bin/tasklane"
    (tmp_path / "DATABASE_URL").write_text("postgresql://tasklane_api:hunter2@db/tasks\n")
    (tmp_path / "BETTER_AUTH_SECRET").write_text("k" * 32 + "\n")
    for path in tmp_path.iterdir():
        path.chmod(0o600)
    unset = ["env", "--unset=DATABASE_URL", "--unset=BETTER_AUTH_SECRET", tasklane]
    named = {f"{path.name}_FILE": str(path) for path in tmp_path.iterdir()}
    for given in (named, {"CREDENTIALS_DIRECTORY": str(tmp_path)}):
        said = run(*unset, "check", "--show", **given)
        assert "BETTER_AUTH_SECRET=set, 32 bytes\n" in said and "hunter2" not in said
        assert run(*unset, "token", "--sub", "alice", **given).count(".") == 2
    (tmp_path / "DATABASE_URL").chmod(0o644)
    for given, name in ((named, "DATABASE_URL_FILE"), ({"CREDENTIALS_DIRECTORY": str(tmp_path)}, "DATABASE_URL")):
        assert run(*unset, "check", status=100, **given).startswith(f"tasklane: {name}: {tmp_path}/DATABASE_URL: has mode 0644")


@pytest.fixture
def installed():
    """A configured installation of the command alone."""
    files = {
        "tasklane.env": "WORKERS=3\nFASTCGI_SOCKET=/run/none.sock\n",
        "credentials/DATABASE_URL": "postgresql://tasklane_api:hunter2@127.0.0.1:1/tasks\n",
        "credentials/DATABASE_URL_DIRECT": "postgresql://tasklane_owner:hunter2@127.0.0.1:2/tasks\n",
    }
    folder = new_folder()
    (folder / "etc/tasklane/credentials").mkdir(mode=0o700, parents=True)
    for name, text in files.items():
        (folder / "etc/tasklane" / name).write_text(text)
        (folder / "etc/tasklane" / name).chmod(0o600)
    (folder / "bin").mkdir()
    shutil.copy(BUILD / "app/tasklane", folder / "bin")
    (folder / "share/tasklane").mkdir(parents=True)
    (folder / "share/tasklane/sql").symlink_to(PROJECT / "sql")
    return folder


def in_a_fresh_shell(tasklane, *words, user=None):
    """(exit status, what it said); without any name of ours, in a folder with another project's .env."""
    folder = tasklane.parents[1] / "project"
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_text("WORKERS=5\n")
    (folder / ".env").chmod(0o600)
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    done = subprocess.run(
        [*as_user, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", tasklane, *words], cwd=folder,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_a_fresh_root_shell_finds_the_configuration_and_the_secrets(installed):
    tasklane = installed / "bin/tasklane"
    status, said = in_a_fresh_shell(tasklane, "check", "--show")
    assert status == 0 and "WORKERS=3\n" in said and "DATABASE_URL=set" in said, said
    status, said = in_a_fresh_shell(tasklane, "check", "--db")
    assert status == 111 and "port 1 failed" in said, said
    status, said = in_a_fresh_shell(tasklane, "migrate")
    assert status == 111 and "port 2 failed" in said, said
    for command in ("status", "pool", "reload", "upgrade"):
        status, said = in_a_fresh_shell(tasklane, command)
        assert status == 111 and "/run/none.sock" in said, said


def test_status_needs_the_socket_alone(installed):
    tasklane = installed / "bin/tasklane"
    with (installed / "etc/tasklane/tasklane.env").open("a") as file:
        file.write("WORKERS=many\nnot a line\n")
    (installed / "etc/tasklane/credentials/DATABASE_URL").unlink()
    assert in_a_fresh_shell(tasklane, "check")[0] == 100
    for command in ("status", "pool"):
        status, said = in_a_fresh_shell(tasklane, command)
        assert status == 111 and "/run/none.sock" in said and "line" not in said, said


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to be another user")
def test_another_user_is_told_what_it_cannot_read(installed):
    tasklane, folder = installed / "bin/tasklane", installed / "etc/tasklane"
    status, said = in_a_fresh_shell(tasklane, "check", user=65534)
    assert status == 100 and f"this user cannot read {folder}/tasklane.env: run this as root" in said, said
    status, said = in_a_fresh_shell(tasklane, "status", user=65534)
    assert status == 111 and f"{folder}/tasklane.env: Permission denied" in said, said
    assert "asking at /run/tasklane/tasklane.sock" in said, said
    os.chown(folder / "tasklane.env", 0, 65534)
    (folder / "tasklane.env").chmod(0o640)
    status, said = in_a_fresh_shell(tasklane, "check", user=65534)
    assert status == 100 and "DATABASE_URL is not set" in said, said
    assert f"this user cannot read the secrets in {folder}/credentials: run this as root" in said, said


def test_nginx_is_configured_without_a_database(prefix, tmp_path):
    for more, made in ([], {"tasklane.conf"}), (["--alone"], {"tasklane.conf", "nginx.conf"}):
        run("env", "--unset=DATABASE_URL", prefix / "bin/tasklane", "nginx-config", "--out", tmp_path, *more)
        assert {path.name for path in tmp_path.iterdir()} == made
