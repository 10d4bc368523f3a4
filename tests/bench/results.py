"""results.json: of every point the figures that table, plots and bars need, a line each, with a value for each round. What is
made of them (medians, bars) is made anew by whoever reads them."""

import json
import re

from bench import bars
from bench.figures import flat, summary

# What a run tells that is in other figures already, or is of no use once nothing went wrong.
LEFT_OUT = ("requests", "bytes", "from_400", "wrong", "connect", "read", "write", "timeout", "due", "sent", "answered", "broken",
            "late_p50_ms", "late_max_ms")  # fmt: skip


def rounded(value):
    """Six digits: more is noise."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def columns(rounds):
    """{figure: its value in each round, None where the round failed} of [figures of each round]."""
    every = [{} if "error" in each else flat(each) for each in rounds]
    names = dict.fromkeys(name for each in every for name in each if name not in LEFT_OUT)
    return {name: [rounded(each.get(name)) for each in every] for name in names}


def rows(kept, rounds):
    """The same back: figures of each round, {} for one that failed."""
    return [{name: values[at] for name, values in kept.items() if values[at] is not None} for at in range(rounds)]


def completed(results):
    """With what is made of the rounds."""
    points = {}
    for name, kept in results["points"].items():
        every = rows(kept, results["rounds"])
        points[name] = {"rounds": every, "summary": summary(every)}
    return {**results, "points": points, "bars": bars.judge(points)}


def text_of(results):
    """JSON with a line for each list."""
    text = json.dumps(results, indent=1, ensure_ascii=False)
    return re.sub(r"\[\s+([^][{}\"]+?)\s+\]", lambda found: f"[{' '.join(found.group(1).split())}]", text) + "\n"
