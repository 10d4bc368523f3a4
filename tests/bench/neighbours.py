"""What one client's demands cost the others: 64 normal ones with lists of 10 tasks, on a database of long lists."""

import socket
import ssl

from bench import proc
from bench.load import Wrk, closed
from bench.verify import sample, verified
from harness import wire
from harness.background import Background

NORMAL = 64
SLOW_READERS = 8
SLOW_BYTES, SLOW_PAUSE_S = 512, 0.1  # each reader: 5 KB a second, of some 200 KB


def servers(figures):
    """Processor seconds of nginx, worker and Postgres for one request."""
    return sum(figures["cpu_us"][part] for part in ("nginx", "worker", "postgres")) / 1e6


def heavy(rig, seconds):
    """One client that lists 10,000 tasks in a loop, alone and beside the normal ones.

    "net" is the normal ones' throughput to what they should have left. What a heavy request costs nginx, worker and
    Postgres in processor seconds is measured while it runs alone; times its rate beside the others, over the machine's
    cores, it is the part of the machine that it is entitled to. The rest, as a part of their throughput without it, is
    theirs. (The heavy client's own processor time, on the same machine, is not subtracted.) Without it they are measured
    before and after, since the machine's speed drifts."""
    sample(rig.long, "list")
    without = closed(rig.long, "list", NORMAL, seconds)
    alone = closed(rig.long, "list", 1, seconds, "heavy")
    beside = Wrk(rig.long, "heavy", 1, seconds)
    try:
        normal = closed(rig.long, "list", NORMAL, seconds)
    finally:
        itself = beside.end()
    undisturbed = (without["rate"] + closed(rig.long, "list", NORMAL, seconds)["rate"]) / 2
    sample(rig.long, "list")
    share = servers(alone) * itself["rate"] / proc.CORES
    normal |= {
        "heavy_rate": itself["rate"], "heavy_failed": itself["failed"], "heavy_share": share,
        "ratio": normal["rate"] / undisturbed, "net": normal["rate"] / (undisturbed * (1 - share)),
    }  # fmt: skip
    return {"heavy-without": without, "heavy-alone": alone, "heavy-with": normal}


class SlowReader(Background):
    """A client that reads a list a few bytes at a time, until this is left; `read` counts its bytes."""

    def __init__(self, seeded, request):
        self.seeded, self.request = seeded, request
        self.read, self.broken = 0, None
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
            with self._connect() as connection:
                connection.sendall(self.request)
                while not self.over.wait(SLOW_PAUSE_S):
                    piece = connection.recv(SLOW_BYTES)
                    if not piece:
                        raise ConnectionError("nginx has closed it")
                    self.read += len(piece)
        except (OSError, ssl.SSLError) as error:
            self.broken = error


def slow_readers(rig, seconds):
    """Some clients that read a list of 1,000 tasks at 5 KB a second, beside the normal ones, who are measured without them
    before and after."""
    without = closed(rig.long, "list", NORMAL, seconds)
    readers = [SlowReader(rig.long, rig.long.first_request("long")) for _ in range(SLOW_READERS)]
    for reader in readers:
        reader.__enter__()
    try:
        with verified(rig.long, "list"):
            with_them = closed(rig.long, "list", NORMAL, seconds)
    finally:
        for reader in readers:
            reader.__exit__()
    body = rig.long.body_bytes("long")
    assert all(reader.broken is None and 0 < reader.read < body for reader in readers), "a slow reader was none"
    undisturbed = (without["rate"] + closed(rig.long, "list", NORMAL, seconds)["rate"]) / 2
    return {
        "slow-readers-without": without,
        "slow-readers-with": {**with_them, "ratio": with_them["rate"] / undisturbed},
    }
