"""A second web app beside a stack's own, to which nginx turns: how the web app's settings change without a pause."""

import os
import shlex
import signal
import subprocess

import httpx

from harness.better_auth import node
from harness.configuration import change
from harness.processes import children_of, free_ports, is_alive, wait_for


def settings_of(file):
    pairs = (line.partition("=") for line in file.read_text().splitlines())
    return {name: "".join(shlex.split(value)) for name, sep, value in pairs if sep}


def replace_web_app(stack, **changes):
    """Starts one with these settings changed (None: not set), turns nginx to it, and stops the one that served."""
    port = free_ports()
    file = stack.state / "frontend.env"
    settings = {**settings_of(file), **changes, "PORT": str(port)}
    text = "".join(f"{name}='{value}'\n" for name, value in settings.items() if value is not None)
    file.write_text(text)  # in place: its owner and mode stay
    old = stack.pid("frontend")
    _start(stack, port)
    change(stack, FRONTEND_UPSTREAM=f"127.0.0.1:{port}")
    _turn_nginx(stack)
    os.kill(old, signal.SIGTERM)
    wait_for(lambda: not is_alive(old), "the old web app to end")


def _start(stack, port):
    app, state = stack.state / "frontend/app", stack.state
    with (state / "log/frontend.log").open("a") as log:
        process = subprocess.Popen(
            [node(), f"--env-file={state / 'frontend.env'}", "server.js"], cwd=app, stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
            env={"HOME": str(state), "PATH": os.environ["PATH"], "NODE_ENV": "production", "NEXT_TELEMETRY_DISABLED": "1"},
        )  # fmt: skip
    (state / "run/frontend.pid").write_text(f"{process.pid}\n")  # scripts/down finds it by this
    wait_for(lambda: process.poll() is not None or _answers(port), "the second web app to answer")
    assert process.poll() is None, (state / "log/frontend.log").read_text()[-2000:]


def _answers(port):
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/auth/ok", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _turn_nginx(stack):
    """Renders nginx's configuration again and reloads it; returns when the workers of before are gone."""
    nginx, state = stack.pid("nginx"), stack.state
    share, before = state / "app/share/tasklane", children_of(nginx)
    render = [
        "nginx-config", "--alone", "--templates", share / "nginx", "--out", state / "nginx", "--docs", share / "docs",
        "--env-file", state / "tasklane.env",
    ]  # fmt: skip
    subprocess.run([stack.binaries / "tasklane", *render], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    os.kill(nginx, signal.SIGHUP)
    wait_for(lambda: not set(before) & set(children_of(nginx)), "nginx's workers of before to end")
