"""More connections than a test could hold by itself: wrk and slowhttptest, and what the kernel counts meanwhile."""

import json
import os
import re
import resource
import signal
import subprocess
from collections import Counter
from pathlib import Path

from harness import replay, tokens
from harness.background import Background
from harness.processes import children_of, links, open_files, wait_for

BENCH = Path(__file__).resolve().parents[2] / "bench"
ESTABLISHED, LISTENING = "01", "0A"
GENERATOR_THREADS = max(2, os.cpu_count() // 2)


def raise_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def sockets(state):
    """The columns of every TCP socket in this state (proc_net_tcp(5)); both ends of a connection on loopback are here."""
    rows = map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
    return [row for row in rows if row[3] == state]


def established():
    return sockets(ESTABLISHED)


def connections(port):
    """How many connections the server side of a TCP port has now."""
    return sum(1 for row in established() if row[1].endswith(f":{port:04X}"))


def listeners(port):
    """How many sockets listen on a TCP port."""
    return sum(1 for row in sockets(LISTENING) if row[1].endswith(f":{port:04X}"))


def descriptors(stack):
    """{process: open files} of nginx, its workers, the master and the workers."""
    masters = [stack.pid("nginx"), stack.pid("master")]
    return {pid: open_files(pid) for master in masters for pid in [master, *children_of(master)]}


def write_requests(stack, folder, users):
    """A file of one GET /api/tasks for each of some users."""
    made = (tokens.token(stack.secret, f"flood-{n}") for n in range(users))
    return replay.write(folder / "requests", (replay.request("GET", "/api/tasks", token) for token in made))


def wrk_command(port, clients, seconds, requests, expected=None, turn=False):
    """(command, environment) of wrk with the requests of a file, as fast as it goes. wrk_figures reads what it says, of the
    statuses only with those `expected`."""
    threads = min(GENERATOR_THREADS, clients)
    command = [
        "wrk", f"-t{threads}", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(BENCH / "replay.lua"),
        f"https://127.0.0.1:{port}",
    ]  # fmt: skip
    order = "turn" if turn else "random"
    environment = {"REQUESTS": str(requests), "THREADS": str(threads), "ORDER": order}
    return command, environment | ({"EXPECTED": expected} if expected else {})


def wrk_figures(output):
    """What replay.lua has told, with the rate, and "failed": what got no answer, or one of an unexpected status but 503."""
    told = json.loads(output.strip().splitlines()[-1])
    told["rate"] = told["requests"] / told.pop("seconds")
    told["failed"] = sum(told[name] for name in ("wrong", "connect", "read", "write", "timeout"))
    return told


def wrk(stack, clients, seconds, requests):
    """The figures of wrk, to its end."""
    command, environment = wrk_command(stack.port, clients, seconds, requests, "200")
    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"], **environment}, preexec_fn=raise_limit, capture_output=True, text=True,
        timeout=seconds + 60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return wrk_figures(done.stdout)


def reconfigure(stack, was, now):
    """Changes nginx's configuration, wherever it says so, and returns once it is in force."""
    files = [file for file in (stack.state / "nginx").rglob("*.conf") if was in file.read_text()]
    assert files, f"nothing says {was}"
    for file in files:
        file.write_text(file.read_text().replace(was, now))
    before = children_of(stack.pid("nginx"))
    os.kill(stack.pid("nginx"), signal.SIGHUP)
    wait_for(lambda: children_of(stack.pid("nginx")) and not {*before} & {*children_of(stack.pid("nginx"))}, "nginx's reload")


def tell_of_clients(stack):
    """From here on nginx's error log tells of every client that it gives up."""
    reconfigure(stack, "nginx-error.log error", "nginx-error.log info")


def given_up(stack):
    """Clients whose request was not there 10 s after they had come: they are cut off without an answer."""
    said = (stack.log / "nginx-error.log").read_text()
    return len(re.findall(r"client timed out .* while (?:SSL handshaking|waiting for request)", said))


def statuses(stack, path):
    """{status: how often nginx has answered so}, by its access log."""
    lines = map(json.loads, (stack.log / "nginx-access.log").read_text().splitlines())
    return Counter(line["status"] for line in lines if line["uri"].startswith(path))


class Peak(Background):
    """The most connections that a port had while this was open."""

    def __init__(self, port):
        self.port, self.highest = port, 0
        super().__init__()

    def work(self):
        while not self.over.wait(0.2):
            self.highest = max(self.highest, connections(self.port))


class SlowClients:
    """slowhttptest in one of its modes, until this is left. It does not come back when it was cut off, and has a connection
    more than was asked for now and then, by which it looks whether the server is there (-p)."""

    MODES = {
        "headers": ["-H", "-i", "4", "-x", "24"],
        "body": ["-B", "-i", "4", "-s", "8192", "-x", "10", "-t", "POST"],
        "reading": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32"],
    }

    def __init__(self, url, mode, clients):
        options = [*self.MODES[mode], "-c", str(clients), "-r", str(clients), "-l", "600", "-p", "5", "-u", url]
        self.process = subprocess.Popen(
            ["slowhttptest", *options], preexec_fn=raise_limit, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def held(self):
        """How many of its connections are open at both ends."""
        inodes = {row[9] for row in established()}
        return sum(1 for link in links(self.process.pid) if link.removeprefix("socket:[").rstrip("]") in inodes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(60)
