"""What operators may do to a Tasklane under load, and what its clients may see of it: the bars, with figures."""

import os
import random
import signal
import time

import pytest

from harness.load import Load
from harness.operator import ask, reload, status_of, tasklane
from harness.processes import wait_for
from harness.stack import BUILD

SANITIZED = "asan" in str(BUILD)  # some times slower: fewer rounds, the same promises
RELOADS, UPGRADES, REQUESTS, RATE = (10, 2, 10_000, 400) if SANITIZED else (100, 5, 200_000, 3_000)

pytestmark = pytest.mark.load


@pytest.fixture
def figures(capfd):
    """Prints past pytest's capture."""

    def tell(text):
        with capfd.disabled():
            print(f"\n    {text}", flush=True)

    return tell


def test_reloads_and_upgrades_under_load_fail_no_request_and_lose_no_write(new_stack, figures):
    stack = new_stack(workers=2)
    master = stack.pid("master")
    began = time.monotonic()
    with Load(stack, rate=RATE) as load:
        for number in range(RELOADS):
            if number % 4 == 0:
                reload(stack)  # until no worker of before is left
            else:
                reload_once_ready(stack)  # those of before still drain, several generations of them
            if number % (RELOADS // UPGRADES) == 0:
                status, said = tasklane(stack, "upgrade", "--wait")
                assert status == 0, said
        changed = time.monotonic() - began
        load.wait_until(REQUESTS)
    figures(f"{RELOADS} reloads and {UPGRADES} upgrades in {changed:.0f} s: {load.told()}")
    assert load.report["failures"] == {}
    assert load.report["requests"] >= REQUESTS
    load.check_writes()
    assert stack.pid("master") == master
    assert status_of(stack)["generation"] == RELOADS + UPGRADES + 1


def reload_once_ready(stack):
    before = status_of(stack)["generation"]
    ask(stack, "reload")
    wait_for(lambda: status_of(stack)["generation"] == before + 1, "the next generation to serve")


def test_killed_workers_fail_only_what_they_held_and_are_replaced(new_stack, figures):
    stack = new_stack(workers=2)
    kills, slowest, deaths = (5 if SANITIZED else 20), 0.0, []
    with Load(stack, rate=RATE) as load:
        load.wait_for_more(1000)
        for _ in range(kills):
            victim = random.choice(ready_workers(stack))
            killed = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda: victim not in ready_workers(stack) and len(ready_workers(stack)) == 2, "both slots to be ready")
            deaths.append((killed, time.monotonic()))
            slowest = max(slowest, deaths[-1][1] - killed)
            load.wait_for_more(RATE // 2)
    figures(f"{kills} kills, slots ready again within {slowest:.2f} s: {load.told()}")
    report = load.report
    assert set(report["failures"]) <= {"502", "503"}, load.told()
    assert report["failures_out_of_shape"] == 0, "a failure without CORS headers or not JSON"
    assert sum(report["failures"].values()) <= kills * load.connections
    # The report has milliseconds, the clock more. What was sent to a worker before its successor was there may fail.
    unexplained = [
        (begun, ended) for begun, ended, _ in report["failed"]
        if not any(ended > killed - 0.001 and begun < whole for killed, whole in deaths)
    ]  # fmt: skip
    assert unexplained == [], "failures that no death explains"
    load.check_writes()


def ready_workers(stack):
    return [slot["pid"] for slot in status_of(stack)["slots"] if slot["state"] == "ready"]


def test_a_worker_that_stands_still_is_replaced_and_the_others_go_on(new_stack, figures):
    stack = new_stack(workers=2)
    with Load(stack, rate=RATE // 3) as load:
        load.wait_for_more(500)
        victim = ready_workers(stack)[0]
        os.kill(victim, signal.SIGSTOP)
        stopped, first = time.monotonic(), len(load.progress)
        wait_for(lambda: victim not in ready_workers(stack), "the stopped worker to be noticed")
        meanwhile = load.progress[first:]  # what hung on the stopped one ends after this
        wait_for(lambda: len(ready_workers(stack)) == 2, "a replacement")
        replaced = time.monotonic() - stopped
        load.wait_for_more(500)
    others = max(p99 for *_, p99 in meanwhile)
    figures(f"a stopped worker is replaced after {replaced:.1f} s; the others' p99 stays below {others:.0f} ms: {load.told()}")
    answered = [requests for requests, *_ in meanwhile]
    assert all(later > earlier for earlier, later in zip(answered, answered[1:])), "half a second without an answer"
    load.check_writes()
    assert stack.metrics()["tasklane_worker_kills_total"] == 1
