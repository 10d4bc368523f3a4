"""What the measurements are held against: ratios within a round, so that they say the same of any machine, and counts. A bar
counts only when its points were measured."""

from bench.figures import mean_ms, of_limit, rates, ratios, spread
from bench.kinds import WITH_MIX

BY_LIMIT = {("list", 64): 0.90, ("get", 64): 0.90, ("mix", 64): 0.85, ("create", 64): 0.90, ("create", 256): 0.85}
BESIDE_LIMITS = (*((kind, 64) for kind in WITH_MIX), ("create", 256))
# name, (point, figure), (point, figure), bar: the first to the second is at least so much.
AT_LEAST = (
    ("never-seen EdDSA tokens / repeating ones", ("eddsa-fresh", "rate"), ("hs256-repeating", "rate"), 0.5),
    ("list, 10 ms to the database / without", ("far-list", "rate"), ("near-list", "rate"), 0.5),
    ("create, 10 ms to the database / without", ("far-create", "rate"), ("near-create", "rate"), 0.5),
    ("create, 5 ms a commit / without", ("slow-commit", "rate"), ("quick-commit", "rate"), 0.8),
    ("list, 1.6 million tasks / 100,000", ("tasks-1600000", "rate"), ("tasks-100000", "rate"), 0.9),
)
# The same, at most.
AT_MOST = (
    ("processor time of a list, worker / nginx", ("list-64", "cpu_us.worker"), ("list-64", "cpu_us.nginx"), 0.6),
    *((f"p95 of {kind} at half of capacity, 1,000 connections / a lone request's p50", (f"open-{kind}-50", "p95_ms"),
       (f"{kind}-1", "p50_ms"), 10) for kind in WITH_MIX),
    ("p95 beside a client that lists 10,000 tasks / without", ("heavy-with", "p95_ms"), ("heavy-without", "p95_ms"), 4),
    ("p95 beside a client that lists 200 MB / without", ("huge-with", "p95_ms"), ("huge-without", "p95_ms"), 3),
)  # fmt: skip
# name, point, figure, bar
FIGURES_AT_LEAST = (
    ("list, 64 connections, beside slow readers / without", "slow-readers-with", "ratio", 0.95),
    ("throughput beside a client that lists 10,000 tasks, net of its cost", "heavy-with", "net", 0.8),
    ("throughput beside a client that lists 200 MB, net of its cost", "huge-with", "net", 0.9),
)
FIGURES_AT_MOST = (
    ("time to write the JSON of 1,000 tasks / memcpy of it", "json-writing", "memcpys", 25),
    ("worker's processor time for a list of 1,000 tasks / memcpy of its JSON", "long-list", "memcpys", 120),
    ("memory of the pool at 1,000 connections, MB", "list-1000", "memory.rss_mb", 64),
    *((f"database connections, {name}", name, "connections", 4) for name in ("far-list", "far-create", "slow-commit")),
)
FAR_FACTOR, FAR_MS = 1.5, 20  # two ways of 5 ms, for a request and for the batch before it
MAY_BE_UNAVAILABLE = tuple(f"{kind}-4000" for kind in WITH_MIX)  # past the workers' bound


def judged(name, figure, bar, above):
    """`figure` is a spread; its median counts."""
    met = figure["median"] >= bar if above else figure["median"] <= bar
    return {"name": name, "figure": figure, "bar": bar, "above": above, "met": met}


def failures(points):
    """Requests that failed, of all rounds. 503 is a failure where nothing is past its bound."""
    count = 0
    for name, point in points.items():
        for figure in ("failed", "heavy_failed", *(() if name in MAY_BE_UNAVAILABLE else ("unavailable",))):
            count += sum(rate or 0 for rate in rates(point, figure))
    return count


def closest(points):
    """Throughput / L of the kind whose median is the highest: no limit is one that is passed."""
    every = [of_limit(points, *each)[0] for each in BESIDE_LIMITS]
    return max((each for each in every if each), key=lambda each: each["median"], default=None)


def to_the_mean(points, kind, connections):
    """p95 in a closed loop, to the mean."""
    point = points.get(f"{kind}-{connections}")
    return ratios(rates(point, "p95_ms"), [rate and mean_ms(connections, rate) for rate in rates(point)])


def far_away(points, kind):
    """p95 with 10 ms to the database, to what it may be."""
    near = rates(points.get(f"near-{kind}"), "p95_ms")
    return ratios(rates(points.get(f"far-{kind}"), "p95_ms"), [each and FAR_FACTOR * each + FAR_MS for each in near])


def quotient(points, above, below):
    return ratios(*(rates(points.get(point), figure) for point, figure in (above, below)))


def judge(points):
    found = [(f"{kind}, {connections} connections / L", of_limit(points, kind, connections)[0], bar, True)
             for (kind, connections), bar in BY_LIMIT.items()]  # fmt: skip
    found.append(("the kind that is closest to its L", closest(points), 1, False))
    for above, listed in ((True, AT_LEAST), (False, AT_MOST)):
        found += [(name, quotient(points, *which), bar, above) for name, *which, bar in listed]
    for kind in WITH_MIX:
        found.append((f"p95 of {kind} at 1,000 connections / the mean", to_the_mean(points, kind, 1000), 1.5, False))
    for kind in ("list", "create"):
        name = f"p95 of {kind}, 10 ms to the database / ({FAR_FACTOR} times that without + {FAR_MS} ms)"
        found.append((name, far_away(points, kind), 1, False))
    for above, listed in ((True, FIGURES_AT_LEAST), (False, FIGURES_AT_MOST)):
        found += [(name, spread(rates(points.get(point), figure)), bar, above) for name, point, figure, bar in listed]
    found.append(("failed requests", spread([failures(points)]), 0, False))
    return [judged(*each) for each in found if each[1] is not None]


def told(bar):
    """A bar in one line."""
    figure, sign = bar["figure"], "≥" if bar["above"] else "≤"
    verdict = "ok" if bar["met"] else "MISSED"
    least, most = (f"{figure[end]:.2f}" for end in ("least", "most"))
    return f"{bar['name']}: {figure['median']:.2f} ({least} … {most}), bar {sign} {bar['bar']:g}: {verdict}"
