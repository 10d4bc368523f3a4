"""HTTP/2 clients that open streams and never end them: what they cost nginx, and the others."""

import re
import statistics
import struct
from pathlib import Path

import pytest

from harness import http2
from harness.background import Background
from harness.flood import statuses, wrk, write_requests
from harness.processes import children_of, wait_for
from harness.wire import own_address

pytestmark = pytest.mark.load

MIB = 1024 * 1024
STREAMS = 100  # of a connection, as nginx announces
CONNECTIONS = 15
RESETS = 9_000


@pytest.fixture
def host(new_stack):
    return new_stack(workers=2)


def memory(host):
    """Bytes of nginx's processes, what they share counted once (proc_pid_smaps(5))."""
    master = host.pid("nginx")
    rolled = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in [master, *children_of(master)]]
    return sum(int(re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE).group(1)) * 1024 for text in rolled)


class Alive(Background):
    """A byte more for every body, every 4 s."""

    def __init__(self, connections):
        self.connections = connections
        super().__init__()

    def work(self):
        while not self.over.wait(4):
            for each in self.connections:
                each.send(b"".join(http2.frame(http2.DATA, 0, stream, b"x") for stream in each.streams))


def p95(host, requests):
    return statistics.median(wrk(host, 16, 2, requests)["p95_ms"] for _ in range(3))


@pytest.mark.parametrize("where", ["loopback", "another address"])
def test_1500_unfinished_bodies_take_little_memory_and_no_time_of_others(host, tmp_path, where):
    source = own_address() if where == "another address" else None
    requests = write_requests(host, tmp_path, 100)
    alone, before = p95(host, requests), memory(host)
    clients = http2.unfinished(host, CONNECTIONS, STREAMS, 250_000, source)
    with Alive(clients):
        taken = memory(host) - before
        beside = p95(host, requests)
        taken = max(taken, memory(host) - before)
    for each in clients:
        each.close()
    print(f"\n{where}: nginx {before / MIB:.0f} MiB before, {taken / MIB:.1f} MiB more; p95 {alone:.1f} ms alone, {beside:.1f} ms beside")
    assert taken <= 64 * MIB
    assert beside <= 2 * alone
    assert host.is_whole()


def cancelled(connection):
    """The frames that open a stream and reset it (CVE-2023-44487)."""
    opened = connection.head("GET", "/api/tasks", http2.END_STREAM)
    return opened + http2.frame(http2.RST_STREAM, 0, connection.streams[-1], http2.CANCEL)


def test_rapid_resets_end_early(host):
    clients = [http2.Connection(host) for _ in range(2)]
    other = host.anonymous()
    for each in clients:
        while len(each.streams) < RESETS and each.send(b"".join(cancelled(each) for _ in range(100))):
            pass
        assert other.get("/healthz").status_code == 200
        last = [struct.unpack(">I", payload[:4])[0] for kind, payload in each.rest() if kind == http2.GOAWAY]
        print(f"\n{len(each.streams)} streams sent, ended behind number {last}")
        assert last and last[0] // 2 < RESETS / 4
        each.close()
    wait_for(lambda: sum(statuses(host, "/api/tasks").values()) < RESETS / 2, "the log")
    assert host.is_whole()
