"""The ledger: every write is recorded as acknowledged, failed or unknown while everything that can happen to a database
happens at random; then all of it is read back."""

import os
import random
import time
from pathlib import Path

import pytest

from harness.faults import FAULTS, Site
from harness.load import Load
from harness.postgres import wait_until_connected
from harness.processes import wait_for

SECONDS = float(os.environ.get("TASKLANE_LEDGER_SECONDS", "60"))
CONTRACT = Path(__file__).resolve().parents[2] / "docs/openapi.yaml"
KEYS = "Idempotency-Key" in CONTRACT.read_text()

pytestmark = pytest.mark.load


@pytest.fixture
def site(new_stack):
    with Site(new_stack(workers=2)) as ready:
        yield ready
        ready.heal()


def shuffled(chance):
    """The faults in random order, again and again."""
    while True:
        yield from chance.sample(FAULTS, len(FAULTS))


def let_pass(seconds):
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun >= seconds, "time to pass", seconds + 5)


def inject(site, load, chance):
    """Faults until the time is over; what happened, in order."""
    happened, over = [], time.monotonic() + SECONDS
    for fault in shuffled(chance):
        if time.monotonic() > over:
            return happened
        let_pass(chance.uniform(0.2, 1.5))
        load.phase("fault")
        with fault.begin(site):
            let_pass(fault.seconds)
        wait_until_connected(site.stack)
        load.phase("calm")
        happened.append(fault.name)


def twice_or_of_another_user(site):
    """As the database itself has it: titles are one of a kind, and end with their user's number."""
    ours = "from tasks where title like 'task % of user %'"
    return (
        site.postgres.execute(f"select user_id, title {ours} group by 1, 2 having count(*) > 1", dbname="tasklane"),
        site.postgres.execute(
            f"select user_id {ours} group by 1 having count(distinct substring(title from 'user ([0-9]+)')) > 1",
            dbname="tasklane",
        ),
    )


def told(happened, report):
    writes = {name: report[f"{name}_writes"] for name in ("acknowledged", "failed", "unknown")}
    lines = [
        f"{len(happened)} faults in {SECONDS:.0f} s: {', '.join(happened)}",
        f"{report['requests']} requests; writes: {writes}; with a key: {KEYS}, settled by a retry {report['settled']}, "
        f"replayed {report['replayed']}",
        f"acknowledged but absent {report['lost']}, twice {report['duplicates']}, another user's {report['cross_user']}, "
        f"changed without acknowledgement or doubt {report['unexplained']}, contradictions {report['wrong']}",
        f"longest gap {report['longest_gap_ms']} ms",
    ]
    for phase in ("calm", "fault"):
        p = report[phase]
        lines.append(f"{phase}: {p['requests']} answers, p50 {p['p50_ms']} ms, p95 {p['p95_ms']} ms, p99 {p['p99_ms']} ms")
    return "".join(f"\n    {line}" for line in lines)


def test_no_acknowledged_write_is_lost_whatever_happens_to_the_database(site, capfd):
    seed = int(os.environ.get("TASKLANE_SEED") or random.randrange(1_000_000))
    with capfd.disabled():
        print(f"\n    TASKLANE_SEED={seed}", flush=True)
    with Load(site.stack, connections=100, rate=1000, keys=KEYS) as load:
        happened = inject(site, load, random.Random(seed))
        site.heal()
        load.wait_for_more(1000)
    report = load.report
    with capfd.disabled():
        print(told(happened, report), flush=True)
    load.check_writes()
    assert twice_or_of_another_user(site) == ([], [])
    assert report["failures_out_of_shape"] == 0
    assert {kind.split(" ", 1)[1] for _, _, kind in report["failed"]} <= {"503 service_unavailable", "503 outcome_unknown"}
    assert not [kind for _, _, kind in report["failed"] if kind.startswith("GET") and kind.endswith("unknown")]
    assert report["acknowledged_writes"] > 1000 and report["unknown_writes"] > 0, "hardly anything has been tried"


def test_the_ledger_notices_a_lie(new_stack):
    """Writes that are taken back, made twice or given to another user behind the API's back."""
    stack = new_stack(workers=1)
    with Load(stack, connections=20, rate=100) as load:
        load.wait_for_more(200)
        with stack.database("superuser") as connection, connection.cursor() as cursor:
            cursor.execute("select user_id from tasks group by 1 having count(*) > 1 order by random() limit 3")
            robbed, doubled, mixed = (user for (user,) in cursor.fetchall())
            cursor.execute("delete from tasks where user_id = %s", [robbed])
            cursor.execute("insert into tasks (user_id, title) select user_id, title from tasks where user_id = %s", [doubled])
            cursor.execute("insert into tasks (user_id, title) select %s, title from tasks where user_id = %s", [mixed, doubled])
    report = load.report
    assert report["lost"] + report["wrong"] > 0, load.told()
    assert report["duplicates"] > 0 and report["unexplained"] > 0, load.told()
    assert report["cross_user"] > 0, load.told()


def test_the_ledger_reads_lists_that_come_in_chunks(new_stack):
    stack = new_stack(workers=1)
    with Load(stack, connections=4, rate=40) as load:
        load.wait_for_more(40)
        with stack.database("superuser") as connection, connection.cursor() as cursor:
            cursor.execute(
                "insert into tasks (user_id, title)"
                " select (select min(user_id) from tasks), 'from elsewhere' from generate_series(1, 100)"
            )
    assert (load.report["unexplained"], load.report["lost"], load.report["wrong"]) == (100, 0, 0), load.told()
