"""scripts/up and scripts/down, as a newcomer uses them."""

import contextlib
import os
import re
import signal
import subprocess

import pytest

from harness import logs
from harness.processes import command_line, killed_at_the_end, processes_of, wait_for, wait_until_gone
from harness.stack import PROJECT, Stack


@pytest.mark.smoke
def test_up_prints_the_url_a_token_and_a_curl_line_that_works(stack):
    assert stack.url in stack.up_output
    assert (stack.state / "url").read_text().strip() == stack.url
    line = next(x for x in stack.up_output.splitlines() if re.search(r"\bcurl\b", x))
    done = subprocess.run(
        ["bash", "-c", line.strip()], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, line + done.stderr
    assert done.stdout.startswith("["), done.stdout


def test_the_configuration_in_force_is_private(stack):
    assert (stack.state / "tasklane.env").stat().st_mode & 0o077 == 0
    assert (stack.state / "tls/key.pem").stat().st_mode & 0o077 == 0


def test_a_second_up_on_the_same_state_says_so_and_changes_nothing(stack, alice):
    task = alice.create()
    before, settings = sorted(processes_of(stack.state)), stack.settings
    done = stack.run("up", "--detach")
    assert done.returncode == 0 and "already" in done.stdout.lower(), done.stdout
    assert sorted(processes_of(stack.state)) == before
    assert stack.settings == settings
    assert alice.tasks() == [task]


def test_a_second_up_tells_that_postgres_was_upgraded_under_it(stack):
    noted = stack.state / "run/postgres.version"
    program, version = noted.read_text().splitlines()
    assert "upgrade" not in stack.run("up", "--detach").stdout and version.startswith("postgres (PostgreSQL) ")
    before = noted.read_text()
    try:
        noted.write_text(f"{program}\npostgres (PostgreSQL) 15.0\n")
        done = stack.run("up", "--detach")
        told = f"postgres (PostgreSQL) 15.0 runs and {version} is installed: new connections may fail until scripts/down"
        assert done.returncode == 0 and told in done.stdout, done.stdout
        noted.write_text("/nowhere/postgres\npostgres (PostgreSQL) 14.0\n")
        assert "15" not in stack.run("up", "--detach").stdout.partition("runs and no server is installed")[0]
    finally:
        noted.write_text(before)
    assert "is installed" not in stack.run("up", "--detach").stdout


def test_two_instances_run_side_by_side_and_down_ends_its_own_alone(stack, alice):
    task = alice.create()
    before = set(processes_of(stack.state))
    second = Stack(workers=1, from_nothing=True).start()
    try:
        assert second.settings["BETTER_AUTH_SECRET"] != stack.settings["BETTER_AUTH_SECRET"]
        other = second.user(sub=alice.sub)
        assert other.tasks() == [], "the two share a database"
        assert other.create()["title"] == "A task"
        other.token = alice.token
        assert other.get().status_code == 401, "the two share a secret"
        other.close()
    finally:
        second.stop()
    assert before <= set(processes_of(stack.state))
    assert alice.tasks() == [task]


def test_data_outlive_down_and_up(new_stack):
    again = new_stack(workers=1)
    api = again.user()
    task = api.create()
    assert again.run("down").returncode == 0
    assert processes_of(again.state) == {}
    assert again.run("up", "--detach").returncode == 0
    assert api.tasks() == [task], "another secret or another database"
    api.close()


def test_down_without_anything_running_is_content(stack, tmp_path):
    script = PROJECT / "scripts/down"
    done = subprocess.run(
        [script, "--state", tmp_path / "none"], capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_foreign_process_under_a_stale_pid_is_left_alone(stack, tmp_path):
    state = tmp_path / "state"
    (state / "run").mkdir(parents=True)
    with killed_at_the_end(subprocess.Popen(["sleep", "60"])) as bystander:
        for name in ("master", "nginx"):
            (state / f"run/{name}.pid").write_text(f"{bystander.pid}\n")
        subprocess.run(
            [PROJECT / "scripts/down", "--state", state], timeout=30, stdin=subprocess.DEVNULL, check=False
        )
        assert bystander.poll() is None, "down ended a process that up did not start"


@pytest.mark.parametrize(
    "number, moment",
    [(signal.SIGINT, "starting master"), (signal.SIGINT, "/readyz"), (signal.SIGINT, "showing the logs"),
     (signal.SIGTERM, "showing the logs")],
)  # fmt: skip
def test_ctrl_c_in_the_foreground_stops_everything(tmp_path, number, moment):
    front, output = Stack(workers=1), tmp_path / "output"
    with output.open("w") as file:
        up = subprocess.Popen(
            front.command("up"), env=front.environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=file,
            stderr=file, start_new_session=True,
        )  # fmt: skip
    with contextlib.ExitStack() as ends:
        ends.callback(front.stop)
        ends.enter_context(killed_at_the_end(up))
        wait_for(lambda: moment in output.read_text() or up.poll() is not None, f"up to be {moment}", 90)
        assert up.poll() is None, output.read_text()
        if moment == "showing the logs":
            api = front.user()
            api.create()
            api.close()
        if number == signal.SIGINT:
            os.killpg(up.pid, number)  # as a terminal does: the whole foreground group
        else:
            up.send_signal(number)
        wait_for(lambda: up.poll() is not None, lambda: f"{output.read_text()}\n{logs.tail(front.log)}")
        said = output.read_text()  # on a busy machine up may have come further than the moment
        assert up.returncode == (0 if "showing the logs" in said else 128 + number), said
        wait_until_gone(front.state, said)


def test_a_mistake_in_the_configuration_starts_nothing():
    wrong = Stack(workers=1, LOG_LEVEL="loud", CORS_ORIGINS="*", BETTER_AUTH_SECRET="short")
    done = wrong.run("up", "--detach")
    try:
        assert done.returncode == 100, done.stdout
        for name in ("LOG_LEVEL", "CORS_ORIGINS", "BETTER_AUTH_SECRET"):
            assert name in done.stdout
        assert not [
            line for line in processes_of(wrong.state).values() if "nginx" in line or "tasklane" in line
        ]
    finally:
        wrong.run("down")
    assert processes_of(wrong.state) == {}


def test_a_port_in_use_is_told_and_nothing_stays_behind(stack):
    blocked = Stack(workers=1)
    blocked.port, blocked.plain_port = stack.port, stack.plain_port
    done = blocked.run("up", "--detach")
    try:
        assert done.returncode != 0
        assert str(stack.port) in done.stdout
    finally:
        blocked.run("down")
    assert processes_of(blocked.state) == {}
    api = stack.anonymous()
    assert api.get("/healthz").status_code == 200
    api.close()


def test_a_database_of_ones_own_is_used(stack, new_stack):
    """With DATABASE_URL set no private Postgres is made; two instances on one database share its tasks."""
    shared = {
        n: stack.settings[n]
        for n in ("DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET")
        if n in stack.settings
    }
    second = new_stack(workers=1, **shared)
    assert not (second.state / "postgres").exists()
    api = second.user()
    twin = stack.user(sub=api.sub)
    task = api.create()
    assert twin.tasks() == [task]
    api.close(), twin.close()


def test_only_the_documented_ports_are_open_and_only_on_loopback(stack):
    listening = set()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            listening |= {
                (f[1], f[9]) for f in (line.split() for line in file.readlines()[1:]) if f[3] == "0A"
            }
    inodes = set()
    for pid in processes_of(stack.state):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            links = []
        inodes |= {link[8:-1] for link in links if link.startswith("socket:[")}
    own = {address for address, inode in listening if inode in inodes}
    assert {int(a.rpartition(":")[2], 16) for a in own} == {stack.port, stack.plain_port, stack.port + 2}
    assert all(a.startswith("0100007F") for a in own)


def test_no_worker_of_nginx_runs_as_root_with_the_api_behind_it(stack):
    workers = [pid for pid in processes_of(stack.state) if command_line(pid).startswith("nginx: worker")]
    assert workers and 0 not in {os.stat(f"/proc/{pid}").st_uid for pid in workers}
