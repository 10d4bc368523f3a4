"""The results as Markdown: what a terminal shows, and docs/benchmarks/results.md."""

from bench import bars, split
from bench.figures import of_limit, of_limit_by_time, rates, spread

PARTS = ("nginx", "worker", "postgres", "generator")
NOTES = """Medians over the rounds, with the least and the most in brackets.

- A: the same nginx before workers that answer at once with recorded bytes. B: the workers' statements in pgbench's
  pipeline mode, on as many connections, in batches as large as the workers' were in the run before ("batch"). "busy" is
  the part of the processors that it used; the rest of its time it waited, for commits above all.
  L = 1 / (1/A + busy/B), and B at most. By processor time: that of A and B together, to the real thing's.
- Closed loop: wrk; a connection asks again when it has its answer. Open loop: requests at a fixed rate; a latency counts
  from when its request was due: open-KIND-50 is 1,000 connections at 50 % of reached-KIND, what the closed loop reaches
  with 64 just before. A lone request is KIND-1, just before that, too.
- The mean at 1,000 connections is 1,000 / throughput (Little's law): a closed loop has as many requests under way as it
  has connections. memcpy: of the same bytes, within a warm cache.
- µs: processor time for a request, of nginx, of master and workers, of Postgres, and of the generator.
- The TLS handshakes of a run's connections are part of it, and show from 1,000 on; pgbench's connecting is not."""


def loop_of(name):
    if name.startswith("open-"):
        return "open"
    if name == "json-writing":
        return ""
    return "pgbench" if name.startswith("B-") else "closed"


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def median(point, name, digits=0):
    found = point["summary"].get(name)
    return number(found["median"], digits) if found else ""


def between(point, name, digits=0):
    """The median with the least and the most."""
    found = point["summary"].get(name)
    if not found:
        return "failed"
    ends = " … ".join(number(found[end], digits) for end in ("least", "most"))
    return f"{number(found['median'], digits)} ({ends})"


def lines(rows):
    """A Markdown table whose columns are as wide as they need to be; the first row is its head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        return f"| {' | '.join(cells)} |"

    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return [line(rows[0]), f"|{'|'.join(f' {dashes} ' for dashes in rule)}|", *map(line, rows[1:])]


def points_table(points):
    costs = [f"{part} µs" for part in PARTS]
    rows = [["point", "loop", "requests/s", "p50 ms", "p95 ms", "p99 ms", "503", "failed", *costs]]
    for name, point in points.items():
        latencies = [median(point, f"p{part}_ms", 1) for part in (50, 95, 99)]
        counts = [number(sum(each.get(what) or 0 for each in point["rounds"])) for what in ("unavailable", "failed")]
        cpu = [median(point, f"cpu_us.{part}", 1) for part in PARTS]
        rows.append([name, loop_of(name), between(point, "rate"), *latencies, *counts, *cpu])
    return lines(rows)


def limits_table(points):
    rows = [["kind, connections", "A", "B", "batch", "busy", "L", "throughput", "of L", "by processor time"]]
    for name in points:
        kind, _, connections = name.removeprefix("A-").rpartition("-")
        ratio, at_most = of_limit(points, kind, connections) if name.startswith("A-") else (None, None)
        if ratio:
            real_name, database = f"{kind}-{connections}", f"B-{kind}-{connections}"
            parts = [median(points[each], "rate") for each in (name, database)]
            real = median(points[real_name], "rate")
            share = f"{ratio['median']:.2f} ({ratio['least']:.2f} … {ratio['most']:.2f})"
            time = of_limit_by_time(points, kind, connections)
            by_time = number(time and time["median"], 2)
            how = [median(points[database], figure, digits) for figure, digits in (("batch", 0), ("busy", 2))]
            rows.append([f"{kind}, {connections}", *parts, *how, number(at_most["median"]), real, share, by_time])
    return lines(rows) if len(rows) > 1 else []


# point, figure, digits, what it is
OTHERS = (
    ("list-1000", "memory.rss_mb", 1, "MB resident of master and workers at 1,000 connections, shared pages counted in each"),
    ("list-1000", "memory.pss_mb", 1, "MB of them, shared pages counted once"),
    ("long-list", "json_mb_per_s", 0, "MB of JSON a second, lists of 1,000 tasks"),
    ("json-writing", "mb_per_s", 0, "MB of JSON for each second of the processor that writes it"),
    ("json-writing", "memcpy_mb_per_s", 0, "MB that memcpy copies in it"),
    ("heavy-alone", "rate", 1, "lists of 10,000 tasks a second, one client alone"),
    ("heavy-with", "heavy_rate", 1, "the same beside 64 normal clients"),
    ("heavy-with", "heavy_share", 2, "of the machine is what these lists cost nginx, worker and Postgres"),
    ("heavy-with", "ratio", 2, "is what the 64 keep of their throughput"),
    ("heavy-with", "net", 2, "is what they keep of what that cost leaves"),
    ("huge-alone", "rate", 2, "lists of 200 MB a second, one client alone"),
    ("huge-with", "heavy_rate", 2, "the same beside 64 normal clients"),
    ("huge-with", "heavy_share", 2, "of the machine is what these lists cost nginx, worker and Postgres"),
    ("huge-with", "net", 2, "is what the 64 keep of what that cost leaves"),
    *((f"open-list-{at}", "late_p99_ms", 2, f"ms: p99 of the generator's own delay, open loop, lists, {at} %") for at in (25, 50, 75, 90)),
)


def others(points):
    return [f"- {between(points[p], figure, digits)}: {what}" for p, figure, digits, what in OTHERS
            if p in points and figure in points[p]["summary"]]  # fmt: skip


def split_table(points):
    """A worker's microseconds for a list, by where they go."""
    point = points.get("worker-split")
    if not point or "worker_us.kernel" not in point["summary"]:
        return []
    found = {part: point["summary"][f"worker_us.{part}"]["median"] for part in split.PARTS}
    ordered = sorted(found, key=found.get, reverse=True)
    shares = [f"{found[part] / sum(found.values()):.0%}" for part in ordered]
    return lines([["", *ordered], ["µs", *(number(found[part], 1) for part in ordered)], ["share", *shares]])


BESIDE_OTHERS = ("heavy-with", "huge-with", "slow-readers-with")  # what is beside them is meant to be there


def disturbance(points):
    """What part of the machine others had, so that a reader sees whether it was quiet."""
    shares = [share for name in points if name not in BESIDE_OTHERS for share in rates(points[name], "elsewhere")]
    found = spread(shares)
    if not found:
        return []
    worst = f"{found['most']:.0%} in the worst"
    return [f"Whatever else ran on the machine had {found['median']:.0%} of it in the median run, {worst}."]


def heading(results):
    machine, versions = results["machine"], results["versions"]
    changed = ", with changes that are not committed" if results["changed"] else ""
    return [
        f"{results['date']}, commit {results['commit']}{changed}. {results['rounds']} rounds of {results['seconds']} s a "
        f"point, {results['workers']} workers.",
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, Linux {machine['kernel']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ". Everything, the generators too, shares this one machine: read the ratios.",
        *disturbance(results["points"]),
    ]


def markdown(results):
    points = results["points"]
    sections = [
        ("", heading(results)),
        ("Bars", [f"- {bars.told(bar)}" for bar in results["bars"]]),
        ("Beside the limits", limits_table(points)),
        ("A worker's time for a list, 64 connections, by perf", split_table(points)),
        ("Every point", points_table(points)),
        ("More", others(points)),
        ("What went wrong", [f"- {each}" for each in results["wrong"]]),
    ]
    text = ["# Measurements", ""]
    for title, body in sections:
        if body:
            text += [f"## {title}", ""] if title else []
            text += [*body, ""]
    return "\n".join([*text, NOTES]) + "\n"
