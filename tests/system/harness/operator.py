"""The operator's command on a stack or a master, and what it answers."""

import json
import socket
import subprocess


def tasklane(server, *arguments, timeout=130):
    """(exit status, what it said) of `tasklane …` with the server's configuration."""
    env_file = server.env_file if hasattr(server, "env_file") else server.state / "tasklane.env"
    environment = {k: v for k, v in server.environment.items() if v}
    for name in ("FASTCGI_SOCKET", "WORKERS", "DATABASE_URL", "DATABASE_URL_DIRECT"):
        environment.pop(name, None)
    done = subprocess.run(
        [str(server.binaries / "tasklane"), *arguments, "--env-file", str(env_file)], env=environment, timeout=timeout,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def reload(server):
    """Reloads and waits; returns the generation that serves."""
    status, said = tasklane(server, "reload", "--wait")
    assert status == 0, said
    return int(said.removeprefix("done generation "))


def ask(server, line):
    """What the master answers on its control socket."""
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(15)
        control.connect(f"{server.settings['FASTCGI_SOCKET']}.control")
        control.sendall(line.encode() + b"\n")
        return b"".join(iter(lambda: control.recv(65_536), b"")).decode()


def status_of(server):
    return json.loads(ask(server, "status"))
