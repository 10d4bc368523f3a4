"""What is measured. A point is measured once in every round, and yields figures under one name or several: what is to
be compared with each other is measured right after each other.

Names: KIND-CONNECTIONS through nginx; A-KIND-CONNECTIONS the same before workers that do nothing; B-KIND-CONNECTIONS the
same statements in pgbench, in batches as large as the workers' were just before. The kinds are those of kinds.py."""

from dataclasses import dataclass, field
from typing import Callable

from bench import neighbours, split
from bench.kinds import WITH_MIX
from bench.load import closed, json_writing, open_loop
from bench.pipeline import MeanBatch, pgbench
from bench.proc import Memory
from bench.verify import sample, verified

CONNECTIONS = (1, 16, 64, 256, 1000, 4000)
BESIDE_LIMITS = (*((kind, 64) for kind in WITH_MIX), ("create", 256))
OPEN_LOOP_SHARES = (25, 50, 75, 90)  # percent of the closed loop's throughput
EACH_WAY_MS = 5
COMMIT_MICROSECONDS = 5000
SHORT = ("list-64", "get-64", "create-256", "list-1000")


@dataclass
class Point:
    name: str
    measure: Callable  # (rig, seconds) -> {name: figures}
    runs: int = 1  # of so many seconds
    yields: list = field(default_factory=list)  # names, when they are others


def patience(connections):
    """By how much a run is longer: the first answers of so many connections, which wait for everybody's TLS handshake, must
    be less than a hundredth of all, or they would be what p99 tells."""
    return 8 if connections >= 1000 else 1


def through(kind, connections):
    def measure(rig, seconds):
        seconds *= patience(connections)
        with verified(rig.main, kind), Memory(rig.main.parts["worker"]) as memory, MeanBatch(rig.main) as batch:
            figures = closed(rig.main, kind, connections, seconds)
        return {name: {**figures, "memory": memory.peak, "batch": batch.size}}

    name = f"{kind}-{connections}"
    return Point(name, measure, patience(connections))


def beside_limits(kind, connections):
    """A, the real thing and B. The batches of B are as large, and on as many connections, as the workers' were."""
    real = through(kind, connections)
    front, database = f"A-{real.name}", f"B-{real.name}"

    def measure(rig, seconds):
        found = {front: closed(rig.at_once, kind, connections, seconds), **real.measure(rig, seconds)}
        batch = found[real.name]["batch"]
        found[database] = pgbench(rig.main, kind, batch, rig.main.connections(), seconds)
        return found

    return Point(real.name, measure, 3, [front, real.name, database])


def tokens(rig, seconds):
    """List, 64 connections. Repeating tokens are known to the workers when the clock starts; those never seen are new
    with every request."""
    found = {}
    sample(rig.main, "list")
    for algorithm in ("hs256", "eddsa"):
        closed(rig.main, "list", 64, 2, f"{algorithm}-repeating")
        found[f"{algorithm}-repeating"] = closed(rig.main, "list", 64, seconds, f"{algorithm}-repeating")
        found[f"{algorithm}-fresh"] = closed(rig.main, "list", 64, seconds, f"{algorithm}-fresh", turn=True)
    closed(rig.main, "mix", 64, 1)  # the workers know the others' tokens again
    sample(rig.main, "list")
    return found


def long_list(rig, seconds):
    """Lists of 1,000 tasks, 16 connections. "json_mb_per_worker_second": a megabyte is 10^6 bytes of body; the second is
    one of the workers' processor, all of their work in it."""
    with verified(rig.long, "long"):
        figures = closed(rig.long, "list", 16, seconds, "long")
    body = rig.long.body_bytes("long")
    figures["json_mb_per_s"] = figures["rate"] * body / 1e6
    figures["json_mb_per_worker_second"] = body / figures["cpu_us"]["worker"]
    return {"long-list": figures}


def distance(rig, seconds):
    far, found = rig.far, {}
    for kind in ("list", "create"):
        for name, delay in (("near", 0), ("far", EACH_WAY_MS)):
            rig.relay.tell("delay", delay)
            with verified(far, kind):
                found[f"{name}-{kind}"] = closed(far, kind, 1000, seconds * patience(1000))
            found[f"{name}-{kind}"]["connections"] = far.connections()
    rig.relay.tell("delay", 0)
    return found


def slow_commits(rig, seconds):
    """Creating at 256 connections, and the same where each commit takes 5 ms."""
    found = {}
    for name, seeded in (("quick-commit", rig.main), ("slow-commit", rig.slow)):
        with verified(seeded, "create"):
            found[name] = closed(seeded, "create", 256, seconds)
        found[name]["connections"] = seeded.connections()
    return found


def sizes(rig, seconds):
    """List, 64 connections: 10,000 tokens of users all over tables of 100,000 and 1.6 million tasks."""
    found = {}
    for tasks, seeded in ((100_000, rig.main), (1_600_000, rig.large)):
        with verified(seeded, "list"):
            found[f"tasks-{tasks}"] = closed(seeded, "list", 64, seconds)
    return found


def fixed_rates(rig, seconds):
    """Open loop at parts of what the closed loop reaches just before, 256 connections."""
    with verified(rig.main, "list"):
        reached = closed(rig.main, "list", 256, seconds)
    found = {"open-closed": reached}
    for share in OPEN_LOOP_SHARES:
        found[f"open-{share}"] = open_loop(rig.main, reached["rate"] * share / 100, 256, seconds)
    sample(rig.main, "list")
    return found


def paced(rig, seconds):
    """Open loop, 1,000 connections, each kind at half of what the closed loop reaches with 64 just before: what clients find
    who do not all ask again the moment they have an answer."""
    found = {}
    for kind in WITH_MIX:
        with verified(rig.main, kind):
            reached = closed(rig.main, kind, 64, seconds)
            half = open_loop(rig.main, reached["rate"] / 2, 1000, seconds, kind)
        found |= {f"reached-{kind}": reached, f"paced-{kind}": half}
    return found


def every_point():
    points = []
    for kind in WITH_MIX:
        for connections in CONNECTIONS:
            beside = (kind, connections) in BESIDE_LIMITS
            points.append((beside_limits if beside else through)(kind, connections))
    compounds = [
        Point("tokens", tokens, 6, [f"{a}-{use}" for a in ("hs256", "eddsa") for use in ("repeating", "fresh")]),
        Point("long-list", long_list),
        Point("json-writing", lambda rig, seconds: {"json-writing": json_writing(seconds)}),
        *([Point("worker-split", split.split, 2)] if split.runs() else []),
        Point("distance", distance, 4 * patience(1000), [f"{where}-{kind}" for kind in ("list", "create") for where in ("near", "far")]),
        Point("slow-commits", slow_commits, 2, ["quick-commit", "slow-commit"]),
        Point("tasks", sizes, 2, ["tasks-100000", "tasks-1600000"]),
        Point("heavy", neighbours.heavy, 4, ["heavy-without", "heavy-alone", "heavy-with"]),
        Point("slow-readers", neighbours.slow_readers, 8, ["slow-readers-without", "slow-readers-with"]),
        Point("open", fixed_rates, 5, ["open-closed", *(f"open-{share}" for share in OPEN_LOOP_SHARES)]),
        Point("paced", paced, 2 * len(WITH_MIX), [f"{name}-{kind}" for kind in WITH_MIX for name in ("reached", "paced")]),
    ]
    for point in points + compounds:
        point.yields = point.yields or [point.name]
    return points + compounds
