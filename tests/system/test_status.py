"""`tasklane status` and `tasklane check`, as a person at a terminal meets them."""

import json
import os
import pty
import signal
import subprocess

import pytest

from harness.processes import killed_at_the_end, wait_for


def tasklane(stack, *words, **more):
    command = [str(stack.binaries / "tasklane"), *words]
    environment = {k: v for k, v in stack.environment.items() if v} | more.pop("env", {})
    return subprocess.run(command, capture_output=True, text=True, timeout=20, env=environment, check=False, **more)


def env_file(stack):
    return ("--env-file", str(stack.state / "tasklane.env"))


@pytest.mark.smoke
def test_status_is_a_table_of_the_workers(stack):
    done = tasklane(stack, "status", *env_file(stack))
    assert done.returncode == 0, done.stderr
    assert f"workers {stack.workers} of {stack.workers}" in done.stdout
    assert "listen queue 0 of " in done.stdout
    for pid in stack.worker_pids():
        assert f" {pid} " in done.stdout
    assert "\x1b" not in done.stdout, "colours in a pipe"


def test_status_shows_the_database_keys_certificate_and_routes(stack, alice):
    alice.create("asked for")
    done = tasklane(stack, "status", *env_file(stack))
    assert "database      connecting " in done.stdout and "role tasklane_api" in done.stdout
    assert "certificate   ends in " in done.stdout and "/api/tasks" in done.stdout
    more = json.loads(tasklane(stack, "status", "--json", *env_file(stack)).stdout)
    assert more["database"]["reachable"] and more["database"]["role"] == "tasklane_api" and not more["database"]["read_only"]
    assert 0 < more["database"]["round_trip_microseconds"] < more["database"]["connect_microseconds"] + 1_000_000
    assert more["certificate_ends_in_seconds"] > 86_400 and more["listen_queue"]["max"] > 0
    assert more["maintenance"] is False and more["read_only"] is False
    assert any(route["route"] == "/api/tasks" and route["requests"] > 0 for route in more["top_routes"])


def test_status_needs_no_configuration_when_the_socket_is_named_and_prints_the_json(stack):
    done = tasklane(stack, "status", "--json", "--socket", stack.settings["FASTCGI_SOCKET"], cwd="/")
    assert done.returncode == 0, done.stderr
    status = json.loads(done.stdout)
    assert sorted(w["pid"] for w in status["workers"]) == stack.worker_pids()
    assert all(w["resident_bytes"] > 1e6 for w in status["workers"])


def test_status_is_111_when_nobody_answers(stack, tmp_path):
    done = tasklane(stack, "status", "--socket", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (111, "")
    assert "cannot reach the workers" in done.stderr


def test_watch_refreshes_in_colour_until_ctrl_c(stack):
    ours, theirs = pty.openpty()
    command = [str(stack.binaries / "tasklane"), "status", "--watch", *env_file(stack)]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    os.set_blocking(ours, False)
    seen = b""

    def shown(times):
        nonlocal seen
        try:
            seen += os.read(ours, 65536)
        except BlockingIOError:
            pass
        return seen.count(b"\x1b[H\x1b[2J") >= times

    try:
        wait_for(lambda: shown(3), "three refreshes")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill(), process.wait(), os.close(ours)
    assert b"\x1b[1mSLOT" in seen


def test_watch_outlives_a_time_without_workers(stack, tmp_path):
    command = [str(stack.binaries / "tasklane"), "status", "--watch", "--socket", str(tmp_path / "none")]
    with killed_at_the_end(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)) as process:
        assert "cannot reach" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()


def test_check_t_finds_a_running_host_in_order(stack):
    done = tasklane(stack, "check", "-t", "--db", *env_file(stack))
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("ok: BETTER_AUTH_SECRET is long", "takes the socket", "TLS_CERTIFICATE is valid for"):
        assert words in done.stdout, done.stdout
    assert "error:" not in done.stdout


@pytest.mark.parametrize(
    "setting, said",
    [
        ({"BETTER_AUTH_SECRET": "0101" * 10}, "openssl rand"),
        ({"FASTCGI_SOCKET": "/nonexistent/tasklane.sock"}, "/nonexistent"),
        ({"TLS_CERTIFICATE": "/nonexistent/cert.pem"}, "TLS_CERTIFICATE /nonexistent"),
        ({"FASTCGI_SOCKET_GROUP": "no-such-group"}, "FASTCGI_SOCKET_GROUP"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_check_t_is_1_with_a_line_that_says_what_to_do(stack, setting, said):
    done = tasklane(stack, "check", "-t", *env_file(stack), env=setting)
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("error:")]
    assert said in line
    assert setting.get("BETTER_AUTH_SECRET", "\0") not in done.stdout


def test_a_secret_that_everybody_knows_is_refused_by_check_and_by_whatever_would_use_it(stack):
    secret = "better-auth-secret-12345678901234567890"
    for command in (["check"], ["token", "--sub", "u"]):
        done = tasklane(stack, *command, *env_file(stack), env={"BETTER_AUTH_SECRET": secret})
        assert done.returncode == 100
        assert "BETTER_AUTH_SECRET is Better Auth's own published default" in done.stderr
        assert secret not in done.stdout + done.stderr


def test_check_capital_t_prints_what_is_in_force_and_no_secret(stack):
    done = tasklane(stack, "check", "-T", *env_file(stack))
    assert done.returncode == 0
    assert f"FASTCGI_SOCKET={stack.settings['FASTCGI_SOCKET']}" in done.stdout
    assert "SLOW_REQUEST_MS=1000" in done.stdout
    for name in ("BETTER_AUTH_SECRET", "DATABASE_URL"):
        assert stack.settings[name] not in done.stdout
        assert f"{name}=set, " in done.stdout
