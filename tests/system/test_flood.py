"""Many connections at once, and many that never get on: the bars for a host in the open."""

import contextlib

import pytest

from harness import logs
from harness.flood import Peak, SlowClients, connections, descriptors, statuses, wrk, write_tokens
from harness.processes import wait_for

CLIENTS = 5_000
SLOW = 1_000  # of each kind

pytestmark = pytest.mark.load


@pytest.fixture
def host(new_stack):
    return new_stack(workers=2)


def test_5000_connections_get_only_2xx_429_or_503_and_leave_no_descriptor_behind(host, tmp_path):
    token_file = write_tokens(host, tmp_path, 1_000)
    before = descriptors(host)
    with Peak(host.port) as peak:
        figures, errors = wrk(host, CLIENTS, 25, token_file)

    def settled():
        after = descriptors(host)
        return set(after) == set(before) and all(after[pid] <= before[pid] + 8 for pid in before)

    wait_for(settled, "every process to hold as many files as before", 30)
    after = descriptors(host)
    counts = statuses(host, "/api/tasks")
    del counts["499"]  # nginx's own note of a client that left: wrk's at its end
    print(f"\n{peak.highest} connections at once, answered by status: {dict(counts)}; p95 {figures['p95']:.0f} ms; "
          f"open files {sum(before.values())} before, {sum(after.values())} afterwards")  # fmt: skip
    assert peak.highest >= CLIENTS * 0.98
    assert errors == "", "not connected, cut, or not answered within 30 s"
    assert set(counts) <= {"200", "429", "503"}, counts
    assert counts["200"] >= CLIENTS / 10
    assert host.is_whole(), "no worker died of it"
    said = logs.texts(host.log)["nginx-error.log"]
    assert "worker_connections are not enough" not in said and "Resource temporarily unavailable" not in said


def test_3000_slow_clients_do_not_slow_the_others_down(host, tmp_path):
    """1,000 of each kind. Slow headers come last: nginx ends them after 10 s."""
    token_file = write_tokens(host, tmp_path, 200)
    alone, _ = wrk(host, 32, 3, token_file)
    with contextlib.ExitStack() as open_now:
        for path, mode in (("/api/tasks", "body"), ("/openapi.json", "reading")):
            open_now.enter_context(SlowClients(host.url + path, mode, SLOW))
        wait_for(lambda: connections(host.port) >= 1.9 * SLOW, "slow bodies and readers", 40)
        open_now.enter_context(SlowClients(host.url + "/openapi.json", "headers", SLOW))
        wait_for(lambda: connections(host.port) >= 2.6 * SLOW, "slow headers", 20)
        there = connections(host.port)
        beside, _ = wrk(host, 32, 6, token_file)
        left = connections(host.port)
    print(f"\nbeside {there} slow clients ({left} at the end): {beside['requests']:.0f} requests, {beside['rate']:.0f}/s, "
          f"p50 {beside['p50']}, p95 {beside['p95']}, p99 {beside['p99']} ms, {beside['failed']:.0f} failed; "
          f"without them {alone['rate']:.0f}/s, p95 {alone['p95']} ms")  # fmt: skip
    assert beside["failed"] == 0
    assert beside["p95"] < 200
    assert left >= 1.5 * SLOW, "the slow clients had gone meanwhile"
