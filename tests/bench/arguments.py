"""What scripts/bench is asked for. Needs nothing but Python, so that --help works before anything is installed."""

import argparse
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DESCRIPTION = """Measures Tasklane in a stack of its own beside its limits, in rounds that interleave every point, and prints
medians, spreads and which bars were met. Everything shares one machine: read the ratios. Exit status 1 when a bar is
missed or a point fails."""


def arguments(words=None):
    parser = argparse.ArgumentParser("scripts/bench", description=DESCRIPTION)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--full", action="store_true", help="everything, in half an hour (default: the least, four minutes)")
    what.add_argument("--writes", action="store_true", help="creating while a commit takes 5 ms, and without")
    what.add_argument("--distance", action="store_true", help="1,000 connections with 10 ms to the database, and without")
    what.add_argument("--only", nargs="+", metavar="NAME", help="points by name, such as list-64 or 'A-*'; see --list")
    what.add_argument("--list", action="store_true", help="tell the names of all points")
    what.add_argument("--render", type=Path, metavar="JSON", help="make table and plots of a results.json anew")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds (default 3; 4 with --full, --writes and --distance)")
    parser.add_argument("--seconds", type=int, default=3, metavar="N", help="seconds of each run (default 3)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="worker processes (default 2)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where results go (default build/bench)")
    parser.add_argument("--publish", action="store_true", help="they go to docs/benchmarks, and into docs/PERFORMANCE.md")
    given = parser.parse_args(words)
    if min(given.seconds, given.workers, 1 if given.rounds is None else given.rounds) < 1:
        parser.error("--rounds, --seconds and --workers are at least 1")
    given.out = PROJECT / "docs/benchmarks" if given.publish else given.out or PROJECT / "build/bench"
    given.rounds = given.rounds or (4 if given.full or given.writes or given.distance else 3)
    return given


if __name__ == "__main__":
    arguments()
