"""What docs/PERFORMANCE.md tells of the run that is published: what a user gets, what it costs, how it grows, which bars are
missed. Each is between marks of the page, such as <!-- gets --> and <!-- /gets -->, where --publish and --render put it."""

import re

from bench import bars
from bench.figures import of_limit, rates, ratios
from bench.kinds import WITH_MIX
from bench.table import PARTS, heading, lines, median

PAGE = "PERFORMANCE.md"  # beside the folder of the results
NAMES = {"list": "list of 10 tasks", "get": "one task", "create": "create", "toggle": "toggle", "mix": "mix, 80 % reads"}
# What grows: its name; point, figure; point, figure of what it is compared with.
GROWTH = (
    ("Lists/s with 1,000 connections, to 64", ("list-1000", "rate"), ("list-64", "rate")),
    ("Lists/s with 4,000 connections, to 64", ("list-4000", "rate"), ("list-64", "rate")),
    ("Lists/s with 1.6 million tasks in the table, to 100,000", ("tasks-1600000", "rate"), ("tasks-100000", "rate")),
    ("Creations/s where a commit takes 5 ms, 256 connections", ("slow-commit", "rate"), ("quick-commit", "rate")),
    ("Lists/s with 10 ms to the database, 1,000 connections", ("far-list", "rate"), ("near-list", "rate")),
    ("Creations/s, the same", ("far-create", "rate"), ("near-create", "rate")),
    ("Lists/s with HS256 tokens that are never seen twice, to known ones", ("hs256-fresh", "rate"), ("hs256-repeating", "rate")),
    ("Lists/s with such EdDSA tokens", ("eddsa-fresh", "rate"), ("hs256-repeating", "rate")),
    ("Lists/s beside eight slow readers of 1,000 tasks", ("slow-readers-with", "rate"), ("slow-readers-without", "rate")),
    ("Lists/s beside a client that lists 10,000 tasks in a loop", ("heavy-with", "rate"), ("heavy-without", "rate")),
)


def shown(ratio):
    return f"{ratio['median']:.2f} ({ratio['least']:.2f} … {ratio['most']:.2f})" if ratio else ""


def cell(points, name, figure, digits=0):
    return median(points[name], figure, digits) if name in points else ""


def gets(points):
    rows = [["", "alone, p50 ms", "64 connections, /s", "p95 ms", "half of that, p95 ms", "p99 ms", "1,000 connections, /s",
             "p95 ms", "p95 / mean"]]  # fmt: skip
    for kind in WITH_MIX:
        many, half = f"{kind}-1000", f"open-{kind}-50"
        row = [cell(points, f"{kind}-1", "p50_ms", 1), cell(points, f"{kind}-64", "rate"), cell(points, f"{kind}-64", "p95_ms", 1),
               cell(points, half, "p95_ms", 1), cell(points, half, "p99_ms", 1), cell(points, many, "rate"),
               cell(points, many, "p95_ms"), shown(bars.to_the_mean(points, kind, 1000)).partition(" ")[0]]  # fmt: skip
        rows.append([NAMES[kind], *row])
    return lines([row for row in rows if any(row[1:])])


def costs(points):
    rows = [["µs of processor, 64 connections", "nginx", "worker", "Postgres", "generator", "throughput / L"]]
    for kind in WITH_MIX:
        parts = [cell(points, f"{kind}-64", f"cpu_us.{part}") for part in PARTS]
        rows.append([NAMES[kind], *parts, shown(of_limit(points, kind, 64)[0])])
    return lines([row for row in rows if any(row[1:])])


def grows(points):
    rows = [["", "ratio"]]
    for name, *compared in GROWTH:
        ratio = ratios(*(rates(points.get(point), figure) for point, figure in compared))
        if ratio:
            rows.append([name, shown(ratio)])
    return lines(rows) if len(rows) > 1 else []


def verdict(results):
    missed = [bars.told(bar) for bar in results["bars"] if not bar["met"]]
    every = len(results["bars"])
    if not missed:
        return [f"All {every} bars are met."]
    return [f"{every - len(missed)} of {every} bars are met. The others:", "", *(f"- {bar}" for bar in missed)]


def blocks(results):
    """{name: lines}."""
    points = results["points"]
    return {
        "run": heading(results), "gets": gets(points), "costs": costs(points), "grows": grows(points), "bars": verdict(results),
    }  # fmt: skip


def put_into(page, made):
    """The page's text with each of these blocks made anew."""
    for name, block in made.items():
        begins, ends = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        assert begins in page and ends in page, f"{PAGE} has lost its marks of {name}"
        text = "\n".join(["", *block, "", ""]) if block else ""
        page = re.sub(f"{begins}.*?{ends}", lambda _: begins + text + ends, page, flags=re.DOTALL)
    return page
