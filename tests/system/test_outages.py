"""Every outage from the list, under a light load of all methods: what fails, how it is told, for how long, and what is
left in the database. The relay counts how often the workers knock."""

import re
import time
from pathlib import Path

import pytest

from harness.background import Background
from harness.faults import FAULTS, Site, room_for
from harness.load import Load
from harness.postgres import connections, wait_until_connected
from harness.processes import wait_for
from harness.stack import BUILD, Stack

LIMITS = Path(__file__).resolve().parents[2] / "app/base/limits.h"
SANITIZED = "asan" in str(BUILD)  # some times slower
DEADLINE = 8  # s, of a worker for one request
LATE = 0.5  # s, that a machine takes
CLIENTS = 32


@pytest.fixture(scope="module")
def site():
    stack = Stack(workers=2).start()
    try:
        with Site(stack) as ready:
            yield ready
            ready.heal()
    finally:
        stack.stop()


@pytest.fixture
def healthy(site):
    site.heal()
    wait_until_connected(site.stack)
    yield site
    site.heal()


class Readiness(Background):
    """Asks /readyz all the time: `said` has (asked at, told at, status)."""

    def __init__(self, stack):
        self.api, self.said = stack.anonymous(), []
        super().__init__()

    def work(self):
        while not self.over.wait(0.05):
            asked = time.monotonic()
            status = self.api.get("/readyz").status_code
            self.said.append((asked, time.monotonic(), status))

    def since(self, moment):
        """When readiness was told that was asked for after this moment."""
        return next((told for asked, told, status in self.said if asked > moment and status == 200), None)

    def __exit__(self, *how):
        super().__exit__(*how)
        self.api.close()


class Outage:
    """One fault under load, from its begin to the recovery from it."""

    def __init__(self, site, fault):
        self.site, self.fault = site, fault

    def observe(self):
        with Load(self.site.stack, connections=CLIENTS, rate=300) as load, Readiness(self.site.stack) as readiness:
            self.counts, self.metrics = self.site.relay.counts(), self.site.stack.metrics()
            self.begun = time.monotonic()
            with self.fault.begin(self.site):
                self.in_force = time.monotonic()
                wait_for(lambda: time.monotonic() - self.in_force >= self.fault.seconds, "the fault to last", self.fault.seconds + 5)
                if self.fault.down:
                    wait_for(lambda: connections(self.site.stack)["ready"] == 0 or self.fault.name == "stalled",
                             "the metrics to tell of no connection")  # fmt: skip
                    wait_for(lambda: any(at > self.in_force and s == 503 for at, _, s in readiness.said), "an unready answer")
                self.knocks = self.site.relay.counts()["connections"] - self.counts["connections"]
                self.held = time.monotonic() - self.begun
            self.healed = time.monotonic()
            self.ready = wait_for(lambda: readiness.since(self.healed), "readiness")
            if self.fault.lingers:
                sessions, read_only = self.site.postgres.sessions, set(self.site.read_only)
                wait_for(lambda: read_only.isdisjoint(sessions()), "the last read-only session to be replaced")
            self.connected = wait_until_connected(self.site.stack)
            load.wait_for_more(100)
            self.compare_metrics()
        self.report, self.readiness = load.report, readiness.said
        self.load = load
        return self

    def compare_metrics(self):
        """What the metrics count is what the relay counts, but for a connection begun between the two looks at them."""
        counted = self.fault.name != "refused by the network"
        wait_for(lambda: self.looks_alike() or not counted, lambda: f"{self.tried} attempts to be the relay's {self.knocked}")

    def looks_alike(self):
        after, counts = self.site.stack.metrics(), self.site.relay.counts()

        def grown(name):
            return after[f"tasklane_database_{name}_total"] - self.metrics[f"tasklane_database_{name}_total"]

        self.tried, self.lost = grown("connects"), grown("connection_losses")
        self.knocked = sum(sign * (counts[name] - self.counts[name]) for name, sign in (("connections", 1), ("cancels", -1)))
        return self.tried == self.knocked

    def told(self):
        kinds = {}
        for _, _, kind in self.report["failed"]:
            kinds[kind] = kinds.get(kind, 0) + 1
        slowest = max((ended - begun for begun, ended, _ in self.report["failed"]), default=0)
        last = max((begun for begun, _, _ in self.report["failed"]), default=self.healed) - self.healed
        return (
            f"{self.fault.name}: {self.report['requests']} requests, failed {kinds}; slowest failure {slowest:.1f} s, "
            f"longest gap {self.report['longest_gap_ms']} ms, last failure {max(last, 0):.2f} s after Postgres was back, "
            f"ready after {self.ready - self.healed:.2f} s, {self.knocks} connection attempts in {self.held:.1f} s"
        )


def kinds(outage):
    return {kind for _, _, kind in outage.report["failed"]}


def limit_seconds(name):
    value, unit = re.search(rf"\b{name} = (\d+)(ms|s);", LIMITS.read_text()).groups()
    return int(value) / (1000 if unit == "ms" else 1)


def knocks_allowed(seconds):
    """Each of four connections: at once, then after the shortest delay, doubled up to the longest, less half of it."""
    delay, most = limit_seconds("kReconnectDelayMin"), limit_seconds("kReconnectDelayMax")
    spent, times = 0.0, 2
    while spent < seconds:
        spent, delay, times = spent + delay / 2, min(2 * delay, most), times + 1
    return 4 * times


def check_promptness(outage):
    """The bars of docs/RELIABILITY.md: a machine that does nothing else, the release build."""
    failed, back = outage.report["failed"], outage.healed + outage.fault.recovery + LATE
    assert max((ended - begun for begun, ended, _ in failed), default=0) < DEADLINE + LATE, outage.told()
    assert outage.report["max_ms"] < 1000 * (DEADLINE + LATE), outage.told()
    assert [each for each in failed if each[0] > back - 0.5] == [], outage.told()
    assert outage.connected < back + 1, "the last connection comes back late"
    assert outage.ready < back, outage.told()


@pytest.mark.timed
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_outage(healthy, fault, capfd):
    outage = Outage(healthy, fault).observe()
    with capfd.disabled():
        print(f"\n    {outage.told()}", flush=True)
    report, failed = outage.report, outage.report["failed"]
    outage.load.check_writes()

    # The contract's 503, in shape, and honest: what is only read is never in doubt.
    assert kinds(outage) <= {
        *(f"{method} 503 service_unavailable" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
        *(f"{method} 503 outcome_unknown" for method in ("POST", "PUT", "PATCH", "DELETE") if fault.unknown),
    }, outage.told()
    assert report["failures_out_of_shape"] == 0
    if fault.cut:
        twice = {"GET 503 service_unavailable"} if fault.cut == "all" else set()
        assert all(kind.endswith("outcome_unknown") for kind in kinds(outage) - twice), "only what was in flight may fail"
        assert [each for each in failed if each[0] > outage.in_force or each[1] < outage.begun] == [], "not in flight at the cut"

    # Bounded: every answer comes from a worker (nginx, whose patience is longer, would say 504, which is none of the
    # above), and nothing that began once the last connection was back fails.
    assert [each for each in failed if each[0] > outage.connected] == [], outage.told()
    assert outage.knocks <= knocks_allowed(outage.held), outage.told()

    # Told: not ready while nothing is served, which is until Postgres begins to come back.
    if fault.down:
        unready = min(at for at, _, status in outage.readiness if at > outage.in_force and status == 503)
        mended = outage.begun + outage.held
        assert [s for at, told, s in outage.readiness if at > unready and told < mended and s != 503] == []
    if not SANITIZED:
        check_promptness(outage)
    if fault.cut or fault.down:
        # A stall is noticed by a missing reply: a connection that had sent nothing stays as it is.
        assert outage.lost >= (1 if fault.name == "stalled" else 4), "connections that were lost"


def test_a_full_disk_fails_only_what_needs_room(healthy):
    """Those that share a batch with it notice nothing."""
    api = healthy.stack.user()
    task = api.create()
    with Load(healthy.stack, connections=CLIENTS, rate=300) as load:
        with healthy.disk.full():
            wait_for(lambda: room_for(api) == 503, "a page that cannot be had")
            for _ in range(20):
                assert room_for(api) == 503
            assert api.get().status_code == 200
            assert api.delete(f"/api/tasks/{task['id']}").status_code == 204, "what needs no room is done"
        assert room_for(api) == 201
    api.close()
    # A change makes a new version of its row, which needs room, too.
    wanted = {f"{method} 503 service_unavailable" for method in ("POST", "PUT", "PATCH")}
    assert {kind for _, _, kind in load.report["failed"]} <= wanted, load.told()
    load.check_writes()
