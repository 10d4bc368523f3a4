"""What must not start does not start, says why by name, and disturbs nothing that runs."""

import signal
import socket
import stat
import subprocess

import pytest

from harness.flood import listeners
from harness.master import Master
from harness.processes import children_of, is_alive, processes_of, wait_for


@pytest.fixture
def unstarted(stack):
    """A master that is prepared and not started; the test ends it if it starts it."""
    made = []

    def make(**settings):
        made.append(Master(stack, **settings))
        return made[-1]

    yield make
    for each in made:
        if hasattr(each, "process"):
            each.stop()


def test_all_mistakes_of_the_configuration_are_told_at_once_by_name(unstarted):
    wrong = {
        "DATABASE_URL": "mysql://root:hunter2@host/db", "BETTER_AUTH_SECRET": "short-secret",
        "AUTH_JWKS": "relative.json",
        "WORKERS": "0", "HTTPS_PORT": "99999", "CORS_ORIGINS": "https://app.example.com/path", "LOG_LEVEL": "loud",
        "AUTH_LEEWAY_SECONDS": "x", "FASTCGI_SOCKET": "relative.sock",
    }  # fmt: skip
    master = unstarted(**wrong)
    status, said = master.run_to_its_end()
    assert status == 100
    lines = said.splitlines()
    for name in wrong:
        assert sum(line.startswith(f"tasklane-master: {name} ") for line in lines) == 1, f"{name}\n{said}"
    assert "hunter2" not in said and "short-secret" not in said
    assert not master.socket.exists()
    assert processes_of(master.folder) == {}


def test_a_missing_database_url_is_told(unstarted):
    status, said = unstarted(DATABASE_URL=None, DATABASE_URL_DIRECT=None).run_to_its_end()
    assert status == 100
    assert "DATABASE_URL" in said


def test_a_file_of_secrets_that_others_can_read_is_refused(unstarted):
    master = unstarted()
    master.write_settings(0o604)
    status, said = master.run_to_its_end()
    assert status == 100
    assert str(master.env_file) in said
    assert not master.socket.exists()


def test_a_named_file_that_is_missing_is_refused(unstarted):
    master = unstarted()
    master.env_file.unlink()
    status, said = master.run_to_its_end()
    assert status == 100
    assert str(master.env_file) in said


def test_the_environment_wins_over_the_file(unstarted):
    master = unstarted(WORKERS="zero")
    master.environment["WORKERS"] = "2"
    master.workers = 2
    master.start()


def test_a_live_socket_is_refused_and_its_owner_untouched(new_master, unstarted):
    first = new_master()
    status, said = unstarted(FASTCGI_SOCKET=first.socket).run_to_its_end()
    assert status == 111, said
    assert str(first.socket) in said
    assert first.serves()


def test_a_stale_socket_is_replaced(unstarted):
    master = unstarted()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(master.socket))
    master.start()


def test_a_socket_left_by_a_killed_master_is_replaced(unstarted):
    master = unstarted().start()
    workers = master.worker_pids()
    master.signal(signal.SIGKILL)
    master.process.wait(60)
    wait_for(lambda: not any(is_alive(w) for w in workers), "the workers to follow their master")
    assert master.socket.exists()
    master.start()


def test_a_file_that_is_no_socket_is_refused_and_left_alone(unstarted):
    master = unstarted()
    master.socket.write_text("precious")
    status, said = master.run_to_its_end()
    assert status == 100, said
    assert str(master.socket) in said
    assert master.socket.read_text() == "precious"


def test_each_process_of_nginx_has_a_queue_of_its_own(stack):
    assert listeners(stack.port) == len(children_of(stack.pid("nginx")))


def test_a_second_nginx_on_the_same_ports_is_refused(stack, tmp_path):
    """The plain port tells, whose queue they share."""
    for folder in ("log", "run", "tmp"):
        (tmp_path / folder).mkdir()
    before = listeners(stack.port)
    command = ["nginx", "-e", "stderr", "-p", f"{tmp_path}/", "-c", stack.state / "nginx/nginx.conf", "-g", "daemon off;"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert f":{stack.plain_port} failed (98: Address already in use)" in done.stderr
    assert listeners(stack.port) == before


def test_the_socket_has_the_configured_mode(unstarted):
    master = unstarted(FASTCGI_SOCKET_MODE="0600").start()
    assert stat.S_IMODE(master.socket.stat().st_mode) == 0o600


def test_a_socket_folder_that_is_missing_is_told(unstarted, tmp_path):
    path = tmp_path / "missing" / "tasklane.sock"
    status, said = unstarted(FASTCGI_SOCKET=path).run_to_its_end()
    assert status == 111, said
    assert str(path) in said


def test_help_and_version_need_no_configuration(stack, tmp_path):
    for program in ("tasklane-master", "tasklane-worker", "tasklane"):
        for option in ("--help", "--version"):
            done = subprocess.run(
                [stack.binaries / program, option],
                cwd=tmp_path,
                env={},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert program in done.stdout
        wrong = subprocess.run(
            [stack.binaries / program, "--no-such"], cwd=tmp_path, env={}, capture_output=True, check=False
        )
        assert wrong.returncode == 2


@pytest.mark.smoke
def test_the_master_links_none_of_the_workers_libraries(stack):
    linked = subprocess.run(
        ["ldd", stack.binaries / "tasklane-master"], capture_output=True, text=True, check=True
    ).stdout
    for library in ("libpq", "libpqxx", "libssl", "libcrypto", "libsodium", "libfcgi", "libjemalloc"):
        assert library not in linked
