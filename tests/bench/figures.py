"""Arithmetic of the benchmark: medians and spreads over rounds, and the limit that two parts set together."""

import statistics


def limit(front, database, busy=1):
    """Requests a second, at most, of a machine that does `front` a second of one part alone and `database` of the
    other: each request needs both, so their times add up. Time in which the database kept only so much of the processors
    `busy`, since it waited for commits, is free for the front."""
    return min(database, 1 / (1 / front + busy / database))


def spread(values):
    """{median, least, most} of some numbers, or None when there are none."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def flat(figures, prefix=""):
    """{dotted name: number} of nested figures; what is no number is left out."""
    found = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            found.update(flat(value, f"{prefix}{name}."))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found[prefix + name] = value
    return found


def summary(rounds):
    """{dotted name: spread} over the rounds of a point. A round that failed has no figures."""
    every = [flat(each) for each in rounds if each and "error" not in each]
    names = dict.fromkeys(name for each in every for name in each)
    return {name: spread([each.get(name) for each in every]) for name in names}


def ratios(above, below):
    """Spread of a quotient, taken round by round: what disturbed a round disturbed both. None without both."""
    pairs = zip(above or [], below or [])
    return spread([a / b if a is not None and b else None for a, b in pairs])


def rates(point, name="rate"):
    """One figure of every round; None where the round failed. `point` may be None."""
    return [flat(each).get(name) if each else None for each in point["rounds"]] if point else []


def mean_ms(connections, rate):
    """What a request takes in the mean where so many are always under way: Little's law."""
    return connections * 1000 / rate


def beside(points, kind, connections, figures=rates):
    """Figures of what was measured, of A and of B."""
    return [figures(points.get(f"{part}{kind}-{connections}")) for part in ("", "A-", "B-")]


def of_limit(points, kind, connections):
    """Spread of throughput / L, and of L itself, of a kind of request; (None, None) unless all its parts were measured."""
    real, front, database = beside(points, kind, connections)
    busy = rates(points.get(f"B-{kind}-{connections}"), "busy")
    limits = [limit(a, b, 1 if part is None else part) if a and b else None for a, b, part in zip(front, database, busy)]
    return ratios(real, limits), spread(limits)


def processor_time(point):
    """Processor microseconds of all parts for a request, of every round."""
    parts = [rates(point, f"cpu_us.{part}") for part in ("nginx", "worker", "postgres", "generator")]
    return [sum(part or 0 for part in each) or None for each in zip(*parts)]


def of_limit_by_time(points, kind, connections):
    """The same ratio by processor time, A's and B's together to the real thing's: what the limit says as long as the
    processor is what is short, and hardly disturbed by others on the machine."""
    real, front, database = beside(points, kind, connections, processor_time)
    return ratios([a + b if a and b else None for a, b in zip(front, database)], real)
