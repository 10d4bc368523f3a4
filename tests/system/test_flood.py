"""Many connections at once, and many that never get on: the bars for a host in the open."""

import contextlib
import json

import pytest

from harness import logs
from harness.flood import Peak, SlowClients, descriptors, given_up, reconfigure, statuses, tell_of_clients, wrk, write_requests
from harness.operator import tasklane
from harness.processes import wait_for

CLIENTS = 5_000
SLOW = 1_000  # of each kind
SPARE = 20  # of each kind: one whose connection fails does not come back

pytestmark = pytest.mark.load


@pytest.fixture
def host(new_stack):
    return new_stack(workers=2)


def shares(host):
    """How many requests each worker has answered."""
    return [worker["requests_total"] for worker in json.loads(tasklane(host, "status", "--json")[1])["workers"]]


def test_5000_connections_get_only_2xx_429_or_503_and_leave_no_descriptor_behind(host, tmp_path):
    requests = write_requests(host, tmp_path, 1_000)
    tell_of_clients(host)
    before, asked = descriptors(host), shares(host)
    with Peak(host.port) as peak:
        figures = wrk(host, CLIENTS, 25, requests)

    def settled():
        after = descriptors(host)
        return set(after) == set(before) and all(after[pid] <= before[pid] + 8 for pid in before)

    wait_for(settled, "every process to hold as many files as before")
    after = descriptors(host)
    share = [now - then for now, then in zip(shares(host), asked)]
    counts = statuses(host, "/api/tasks")
    del counts["499"]  # nginx's own note of a client that left: wrk's at its end
    print(f"\n{peak.highest} connections at once, answered by status: {dict(counts)}, {given_up(host)} too slow to ask; "
          f"p95 {figures['p95_ms']:.0f} ms; open files {sum(before.values())} before, {sum(after.values())} afterwards; by worker {share}")  # fmt: skip
    assert peak.highest >= CLIENTS * 0.98
    # What wrk calls a timeout is a client that has not been able to ask yet; one left to hang would be a 504 below.
    cut = figures["connect"] + figures["read"] + figures["write"]
    assert cut <= given_up(host), f"cut off, though nginx had not waited 10 s for them: {figures}"
    assert set(counts) <= {"200", "429", "503"}, counts
    assert counts["200"] >= CLIENTS / 10
    assert host.is_whole(), "no worker died of it"
    assert min(share) > sum(share) / 10, "one worker had nearly all connections"
    said = logs.texts(host.log)["nginx-error.log"]
    assert "worker_connections are not enough" not in said and "Resource temporarily unavailable" not in said


def test_3000_slow_clients_do_not_slow_the_others_down(host, tmp_path):
    """1,000 of each kind, all there from the first of the others' requests to the last: nginx, which cuts slow headers and
    bodies off after 10 s, is more patient here: a busy machine is late with the next byte. Headers go to the plain port,
    where they are cheap."""
    for what in ("header", "body"):
        reconfigure(host, f"client_{what}_timeout 10s;", f"client_{what}_timeout 120s;")
    requests = write_requests(host, tmp_path, 200)
    alone = wrk(host, 32, 3, requests)
    plain = f"http://127.0.0.1:{host.plain_port}"
    slow, counts = {}, []
    with contextlib.ExitStack() as open_now:
        for mode, url in (("body", f"{host.url}/api/tasks"), ("reading", f"{host.url}/openapi.json"), ("headers", plain)):
            slow[mode] = open_now.enter_context(SlowClients(url, mode, SLOW + SPARE))
            wait_for(lambda: slow[mode].held() >= SLOW + SPARE / 2, lambda: f"slow {mode}: {slow[mode].held()}", 300)
        counts.append({mode: clients.held() for mode, clients in slow.items()})
        beside = wrk(host, 32, 5, requests)
        counts.append({mode: clients.held() for mode, clients in slow.items()})
    print(f"\nslow clients held at first and at last: {counts}; beside them {beside['requests']:.0f} requests, "
          f"{beside['rate']:.0f}/s, p50 {beside['p50_ms']}, p95 {beside['p95_ms']}, p99 {beside['p99_ms']} ms, {beside['failed']:.0f} "
          f"failed; without them {alone['rate']:.0f}/s, p95 {alone['p95_ms']} ms")  # fmt: skip
    assert all(held >= SLOW for each in counts for held in each.values())
    assert beside["failed"] + beside["unavailable"] == 0
    # The others are as many at any time: what each of them waits is their number by the rate (Little's law).
    assert beside["rate"] > alone["rate"] / 4
