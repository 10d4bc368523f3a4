"""What the measurements are held against. A bar counts only when its points were measured."""

from bench.figures import of_limit, rates, ratios, spread
from bench.kinds import WITH_MIX

BY_LIMIT = {("list", 64): 0.90, ("get", 64): 0.90, ("mix", 64): 0.85, ("create", 256): 0.85}
QUOTIENTS = (
    ("never-seen EdDSA tokens / repeating", "eddsa-fresh", "eddsa-repeating", 0.5),
    ("list, 10 ms to the database / without", "far-list", "near-list", 0.5),
    ("create, 10 ms to the database / without", "far-create", "near-create", 0.5),
    ("create, 5 ms a commit / without", "slow-commit", "quick-commit", 0.8),
    ("list, 1.6 million tasks / 100,000", "tasks-1600000", "tasks-100000", 0.9),
)
# name, point, figure, bar: at least so much.
AT_LEAST = (
    ("list, 64 connections, beside slow readers / without", "slow-readers-with", "ratio", 0.95),
    ("throughput beside one that lists 10,000 tasks, net of its cost", "heavy-with", "net", 0.8),
    ("JSON of lists of 1,000 tasks, MB for each second of writing it", "json-writing", "mb_per_s", 500),
    ("JSON of lists of 1,000 tasks, MB for each second of the workers' processor", "long-list", "json_mb_per_worker_second", 500),
)
# name, point, figure, bar: at most so much.
AT_MOST = (
    ("p95 beside one that lists 10,000 tasks, ms", "heavy-with", "p95_ms", 100),
    *((f"p95 of {kind} at 1,000 connections, ms", f"{kind}-1000", "p95_ms", 200) for kind in WITH_MIX),
    *((f"p99 of {kind} at 1,000 connections, ms", f"{kind}-1000", "p99_ms", 300) for kind in WITH_MIX),
    *((f"p95 of {kind} at 1,000 connections, half of what is reached, ms", f"paced-{kind}", "p95_ms", 200) for kind in WITH_MIX),
    *((f"p99 of {kind} at 1,000 connections, half of what is reached, ms", f"paced-{kind}", "p99_ms", 300) for kind in WITH_MIX),
    *((f"p95 of {kind}, 10 ms to the database, ms", f"far-{kind}", "p95_ms", 200) for kind in ("list", "create")),
    ("memory of the pool at 1,000 connections, MB", "list-1000", "memory.rss_mb", 64),
    *((f"database connections, {name}", name, "connections", 4) for name in ("far-list", "far-create", "slow-commit")),
)
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


def judge(points):
    found = []
    for (kind, connections), bar in BY_LIMIT.items():
        found.append((f"{kind}, {connections} connections / L", of_limit(points, kind, connections)[0], bar, True))
    worker, nginx = (rates(points.get("list-64"), f"cpu_us.{part}") for part in ("worker", "nginx"))
    found.append(("processor time per list request, worker / nginx", ratios(worker, nginx), 0.6, False))
    for name, above, below, bar in QUOTIENTS:
        found.append((name, ratios(rates(points.get(above)), rates(points.get(below))), bar, True))
    for above, listed in ((True, AT_LEAST), (False, AT_MOST)):
        found += [(name, spread(rates(points.get(point), figure)), bar, above) for name, point, figure, bar in listed]
    found.append(("failed requests", spread([failures(points)]), 0, False))
    return [judged(*each) for each in found if each[1] is not None]


def told(bar):
    """A bar in one line."""
    figure, sign = bar["figure"], "≥" if bar["above"] else "≤"
    verdict = "ok" if bar["met"] else "MISSED"
    least, most = (f"{figure[end]:.2f}" for end in ("least", "most"))
    return f"{bar['name']}: {figure['median']:.2f} ({least} … {most}), bar {sign} {bar['bar']:g}: {verdict}"
