"""What is measured. A point is measured once in every round, and yields figures under one name or several: what is to
be compared with each other is measured right after each other.

Names: KIND-CONNECTIONS through nginx; A-KIND-CONNECTIONS the same before workers that do nothing; B-KIND-CONNECTIONS the
same statements in pgbench, in batches as large as the workers' were just before. The kinds are those of kinds.py."""

from dataclasses import dataclass, field
from typing import Callable

from bench import neighbours, split
from bench.bars import BESIDE_LIMITS
from bench.kinds import WITH_MIX
from bench.load import closed, json_writing, open_loop
from bench.pipeline import MeanBatch, pgbench
from bench.proc import Memory
from bench.verify import sample, verified

CONNECTIONS = {
    "list": (16, 64, 256, 1000, 4000), "get": (64, 1000), "create": (64, 256, 1000), "toggle": (64, 1000),
    "mix": (16, 64, 256, 1000, 4000),
}  # and 1, in paced()
OPEN_LOOP = {"list": (25, 50, 75, 90), "get": (50,), "create": (50,), "toggle": (50,), "mix": (50,)}  # percent of capacity
EACH_WAY_MS, FAR_RUNS, HUGE_RUNS = 5, 4, 4
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
    be less than a twentieth of all, or they would be what p95 tells."""
    return {1000: 5, 4000: 8}.get(connections, 1)


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
    closed(rig.main, "list", 64, 2, "hs256-repeating")
    for name in ("hs256-repeating", "hs256-fresh", "eddsa-fresh"):
        found[name] = closed(rig.main, "list", 64, seconds, name, turn=name.endswith("fresh"))
    closed(rig.main, "mix", 64, 1)  # the workers know the others' tokens again
    sample(rig.main, "list")
    return found


def long_list(rig, seconds):
    """Lists of 1,000 tasks, 16 connections, and the making of one alone. "memcpys": how many times as long a worker's
    processor takes for one, with all its work, as memcpy of the body."""
    alone = json_writing(seconds)
    with verified(rig.long, "long"):
        figures = closed(rig.long, "list", 16, seconds, "long")
    body = rig.long.body_bytes("long")
    figures["json_mb_per_s"] = figures["rate"] * body / 1e6
    figures["memcpys"] = figures["cpu_us"]["worker"] / (body / alone["memcpy_mb_per_s"])
    return {"long-list": figures, "json-writing": alone}


def next_to(what, runs):
    """`runs`: of so many seconds is each of the four, so that some of these lists come to their end in it."""
    def measure(rig, seconds):
        return neighbours.beside(rig, seconds * runs, what)

    return Point(what, measure, 4 * runs, [f"{what}-{how}" for how in ("without", "alone", "with")])


def distance(rig, seconds):
    far, found = rig.far, {}
    for kind in ("list", "create"):
        for name, delay in (("near", 0), ("far", EACH_WAY_MS)):
            rig.relay.tell("delay", delay)
            with verified(far, kind):
                found[f"{name}-{kind}"] = closed(far, kind, 1000, seconds * FAR_RUNS)
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


def paced(kind):
    """A lone client; then an open loop, 1,000 connections, at parts of what the closed loop reaches with 64 just before: what
    clients find who do not all ask again the moment they have an answer."""
    names = [f"open-{kind}-{share}" for share in OPEN_LOOP[kind]]

    def measure(rig, seconds):
        with verified(rig.main, kind):
            found = {f"{kind}-1": closed(rig.main, kind, 1, seconds)}
            reached = found[f"reached-{kind}"] = closed(rig.main, kind, 64, seconds)
            for name, share in zip(names, OPEN_LOOP[kind]):
                found[name] = open_loop(rig.main, reached["rate"] * share / 100, 1000, seconds, kind)
        return found

    yields = [f"{kind}-1", f"reached-{kind}", *names]
    return Point(f"paced-{kind}", measure, len(yields), yields)


def every_point():
    points = []
    for kind in WITH_MIX:
        points.append(paced(kind))
        for connections in CONNECTIONS[kind]:
            held = (kind, connections) in BESIDE_LIMITS
            points.append((beside_limits if held else through)(kind, connections))
    points += [
        Point("tokens", tokens, 4, ["hs256-repeating", "hs256-fresh", "eddsa-fresh"]),
        Point("long-list", long_list, 2, ["long-list", "json-writing"]),
        *([Point("worker-split", split.split, 1)] if split.runs() else []),
        Point("distance", distance, 4 * FAR_RUNS, [f"{where}-{kind}" for kind in ("list", "create") for where in ("near", "far")]),
        Point("slow-commits", slow_commits, 2, ["quick-commit", "slow-commit"]),
        Point("tasks", sizes, 2, ["tasks-100000", "tasks-1600000"]),
        next_to("heavy", 1),
        next_to("huge", HUGE_RUNS),
        Point("slow-readers", neighbours.slow_readers, 4, ["slow-readers-without", "slow-readers-with"]),
    ]
    for point in points:
        point.yields = point.yields or [point.name]
    return points
