"""More connections than a test could hold by itself: wrk and slowhttptest, and what the kernel counts meanwhile."""

import json
import re
import resource
import subprocess
import threading
from collections import Counter
from pathlib import Path

from harness import tokens
from harness.processes import children_of, open_files

BENCH = Path(__file__).resolve().parents[2] / "bench"
ESTABLISHED = "01"


def raise_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def connections(port):
    """How many connections the server side of a TCP port has now (proc_net_tcp(5))."""
    wanted = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(1 for f in map(str.split, lines) if f[1].endswith(wanted) and f[3] == ESTABLISHED)


def descriptors(stack):
    """{process: open files} of nginx, its workers, the master and the workers."""
    masters = [stack.pid("nginx"), stack.pid("master")]
    return {pid: open_files(pid) for master in masters for pid in [master, *children_of(master)]}


def write_tokens(stack, folder, users):
    file = folder / "tokens"
    file.write_text("".join(f"{tokens.token(stack.secret, f'flood-{n}')}\n" for n in range(users)))
    return file


def wrk(stack, clients, seconds, token_file, creates=False):
    """GET /api/tasks, or POST, as fast as it goes: ({rate, p50, p95, p99, failed, requests}, wrk's word of sockets)."""
    command = [
        "wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s", "-s", str(BENCH / "requests.lua"), stack.url,
    ]  # fmt: skip
    environment = {"TOKENS": str(token_file), "CREATE": "1" if creates else "", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, env=environment, preexec_fn=raise_limit, capture_output=True, text=True, timeout=seconds + 60, check=False,
    )  # fmt: skip
    found = re.search(r"^figures (.*)$", done.stdout, re.MULTILINE)
    assert done.returncode == 0 and found, done.stdout + done.stderr
    names = ("rate", "p50", "p95", "p99", "failed", "requests")
    errors = re.search(r"Socket errors: (.*)", done.stdout)
    return dict(zip(names, map(float, found.group(1).split()))), errors.group(1) if errors else ""


def statuses(stack, path):
    """{status: how often nginx has answered so}, by its access log."""
    lines = map(json.loads, (stack.log / "nginx-access.log").read_text().splitlines())
    return Counter(line["status"] for line in lines if line["uri"].startswith(path))


class Peak:
    """The most connections that a port had while this was open."""

    def __init__(self, port):
        self.port, self.highest, self.over = port, 0, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.over.wait(0.2):
            self.highest = max(self.highest, connections(self.port))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class SlowClients:
    """slowhttptest in one of its modes, until this is left."""

    MODES = {
        "headers": ["-H", "-i", "4", "-x", "24"],
        "body": ["-B", "-i", "4", "-s", "8192", "-x", "10", "-t", "POST"],
        "reading": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32"],
    }

    def __init__(self, url, mode, clients):
        options = [*self.MODES[mode], "-c", str(clients), "-r", "250", "-l", "60", "-p", "5", "-u", url]
        self.process = subprocess.Popen(
            ["slowhttptest", *options], preexec_fn=raise_limit, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
