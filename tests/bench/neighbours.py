"""What one client's demands cost the others: 64 normal ones with lists of 10 tasks, on a database of long lists."""

import socket
import ssl
from contextlib import ExitStack

from bench import proc
from bench.load import Wrk, closed, together
from bench.verify import sample, verified
from harness import wire
from harness.background import Background

NORMAL = 64
SLOW_READERS = 8
SLOW_BYTES, SLOW_PAUSE_S = 512, 0.1  # each reader: 5 KB a second, of some 200 KB


def servers(figures):
    """Processor seconds of nginx, worker and Postgres for one request."""
    return sum(figures["cpu_us"][part] for part in ("nginx", "worker", "postgres")) / 1e6


def beside(rig, seconds, what):
    """One client that asks for a list of `what` in a loop, alone and beside the normal ones: "heavy" is 10,000 tasks, "huge"
    5,000 with the longest descriptions, 200 MB.

    "net" is the normal ones' throughput to what they should have left. What a heavy request costs nginx, worker and
    Postgres in processor seconds is measured while it runs alone; times its rate beside the others, over the machine's
    cores, it is the part of the machine that it is entitled to. The rest, as a part of their throughput without it, is
    theirs. (The heavy client's own processor time, on the same machine, is not subtracted.) Without it they are measured
    before and after, since the machine's speed drifts."""
    sample(rig.long, "list")
    without = closed(rig.long, "list", NORMAL, seconds)
    alone = closed(rig.long, "list", 1, seconds, what)
    neighbour = Wrk(rig.long, what, 1, seconds)
    try:
        normal = closed(rig.long, "list", NORMAL, seconds)
    finally:
        itself = neighbour.end()
    without = together([without, closed(rig.long, "list", NORMAL, seconds)])
    sample(rig.long, "list")
    share = servers(alone) * itself["rate"] / proc.CORES
    normal |= {
        "heavy_rate": itself["rate"], "heavy_failed": itself["failed"], "heavy_share": share,
        "ratio": normal["rate"] / without["rate"], "net": normal["rate"] / (without["rate"] * (1 - share)),
    }  # fmt: skip
    return {f"{what}-without": without, f"{what}-alone": alone, f"{what}-with": normal}


class SlowReaders(Background):
    """Clients that read a list a few bytes at a time, until this is left; `read` counts each one's bytes. One thread reads for
    all: threads of their own would wake each other, and interrupt what is measured, hundreds of times a second."""

    def __init__(self, seeded, request, count):
        self.seeded, self.request = seeded, request
        self.read, self.broken = [0] * count, None
        super().__init__()

    def _connect(self):
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # before connecting: it is the window
        raw.settimeout(10)
        raw.connect(("127.0.0.1", self.seeded.port))
        context = wire.tls_context(self.seeded.stack.certificate)
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def work(self):
        try:
            with ExitStack() as open_ones:
                connections = [open_ones.enter_context(self._connect()) for _ in self.read]
                for connection in connections:
                    connection.sendall(self.request)
                while not self.over.wait(SLOW_PAUSE_S):
                    for number, connection in enumerate(connections):
                        piece = connection.recv(SLOW_BYTES)
                        if not piece:
                            raise ConnectionError("nginx has closed it")
                        self.read[number] += len(piece)
        except (OSError, ssl.SSLError) as error:
            self.broken = error


def slow_readers(rig, seconds):
    """Some clients that read a list of 1,000 tasks at 5 KB a second, beside the normal ones. With them and without them in
    turns, since the machine's speed changes by more than they cost."""
    body = rig.long.body_bytes("long")
    runs = {"without": [], "with": []}
    for beside in ("without", "with", "with", "without"):
        with ExitStack() as stack:
            if beside == "with":
                readers = stack.enter_context(SlowReaders(rig.long, rig.long.first_request("long"), SLOW_READERS))
            stack.enter_context(verified(rig.long, "list"))
            runs[beside].append(closed(rig.long, "list", NORMAL, seconds))
        if beside == "with":
            assert readers.broken is None and all(0 < each < body for each in readers.read), "a slow reader was none"
    without, with_them = together(runs["without"]), together(runs["with"])
    ratio = with_them["rate"] / without["rate"]
    return {"slow-readers-without": without, "slow-readers-with": {**with_them, "ratio": ratio}}
