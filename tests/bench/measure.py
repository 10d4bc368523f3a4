"""Writes with a slow commit, and a distant database: measure.py writes|distance ROUNDS SECONDS. Ratios of runs that
take turns on one machine; exit status 1 when a median misses its bar. scripts/bench runs it."""

import os
import re
import statistics
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))

from harness import tokens
from harness.flood import wrk
from harness.postgres import Postgres
from harness.relay import Relay
from harness.stack import Stack, new_folder

BENCH = Path(__file__).parent
COMMIT_MICROSECONDS = 5000
EACH_WAY_MS = 5


class Connections:
    """The most database connections of the workers while this was open."""

    def __init__(self, postgres):
        self.postgres, self.most, self.over = postgres, 0, threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.over.wait(0.5):
            now = self.postgres.execute("select count(*) from pg_stat_activity where usename = 'tasklane_api'")
            self.most = max(self.most, now[0][0])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def seeded(stack):
    subprocess.run(["psql", stack.settings["DATABASE_URL_DIRECT"], "-qX", "-f", str(BENCH / "seed.sql")], check=True)
    file = new_folder() / "tokens"
    file.write_text("".join(f"{tokens.token(stack.secret, f'user-{n}', 86_400)}\n" for n in range(1, 10_001)))
    return file


def pgbench(stack, seconds):
    """The same INSERT, 64 clients, no HTTP."""
    command = ["pgbench", "-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", str(seconds), "-f", str(BENCH / "create.pgbench")]
    found = subprocess.run([*command, stack.settings["DATABASE_URL_DIRECT"]], capture_output=True, text=True, check=True)
    return float(re.search(r"^tps = ([\d.]+)", found.stdout, re.MULTILINE).group(1))


def load():
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def judge(name, values, bar, above=True):
    median = statistics.median(values)
    met = median >= bar if above else median <= bar
    print(f"{name}: median {median:.2f}, bar {'≥' if above else '≤'} {bar:g}: {'ok' if met else 'MISSED'}", flush=True)
    return met


def told(number, *figures):
    print(f"{number:5d} " + " ".join(f"{each:>11}" for each in figures) + f"   {load()}", flush=True)


def writes(stack, file, rounds, seconds):
    postgres = Postgres(stack)
    slow = (f"alter system set commit_delay = {COMMIT_MICROSECONDS}", "alter system set commit_siblings = 0")
    postgres.execute(*slow, "select pg_reload_conf()")
    ratios, failed = [], 0
    print("round  pgbench 64    POST 256       ratio      p95/ms connections   load of the machine")
    with Connections(postgres) as used:
        for number in range(1, rounds + 1):
            alone = pgbench(stack, seconds)
            through, _ = wrk(stack, 256, seconds, file, creates=True)
            ratios.append(through["rate"] / alone)
            failed += through["failed"]
            told(number, f"{alone:.0f}", f"{through['rate']:.0f}", f"{ratios[-1]:.2f}", through["p95"], used.most)
    return [
        judge("POST / pgbench", ratios, 1.2),
        judge("database connections", [used.most], 4, above=False),
        judge("failed requests", [failed], 0, above=False),
    ]


def distance(stack, file, rounds, seconds):
    ratios, p95s, failed = {"GET": [], "POST": []}, {"GET": [], "POST": []}, 0
    print("round      method     without   10 ms off       ratio      p95/ms connections   load of the machine")
    with Relay(stack.state / "pg") as relay, Connections(Postgres(stack)) as used:
        relay.put_before(stack)
        used.most = 0  # a reload has two generations for a moment
        for number in range(1, rounds + 1):
            for method in ("GET", "POST"):
                relay.tell("delay", 0)
                near, _ = wrk(stack, 1000, seconds, file, creates=method == "POST")
                relay.tell("delay", EACH_WAY_MS)
                far, _ = wrk(stack, 1000, seconds, file, creates=method == "POST")
                ratios[method].append(far["rate"] / near["rate"])
                p95s[method].append(far["p95"])
                failed += near["failed"] + far["failed"]
                figures = (f"{near['rate']:.0f}", f"{far['rate']:.0f}", f"{ratios[method][-1]:.2f}", far["p95"])
                told(number, method, *figures, used.most)
    return [
        *(judge(f"{method} 10 ms off / without", ratios[method], 0.5) for method in ratios),
        *(judge(f"{method} p95 in ms", p95s[method], 200, above=False) for method in p95s),
        judge("database connections", [used.most], 4, above=False),
        judge("failed requests", [failed], 0, above=False),
    ]


def main():
    what = {"writes": writes, "distance": distance}[sys.argv[1]]
    rounds, seconds = map(int, sys.argv[2:])
    stack = Stack(workers=2).start()
    try:
        bars = what(stack, seeded(stack), rounds, seconds)
    finally:
        stack.stop()
    return 0 if all(bars) else 1


if __name__ == "__main__":
    sys.exit(main())
