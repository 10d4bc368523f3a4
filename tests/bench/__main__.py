"""What scripts/bench runs: chooses points, measures them in rounds, judges and writes."""

import fnmatch
import json
import signal
import sys
import time

from bench import digest, machine, plots, points, results, split, table
from bench.arguments import arguments
from bench.rig import Rig

SETUP_S, OVERHEAD_S = 45, 2  # once; for each figure: bodies, starting and ending


def chosen(given):
    every = points.every_point()
    if given.full:
        return every
    names = given.only or (given.writes and ["slow-commits"]) or (given.distance and ["distance"]) or points.SHORT

    def wanted(point):
        return any(fnmatch.fnmatch(name, pattern) for pattern in names for name in (point.name, *point.yields))

    return [point for point in every if wanted(point)]


def measured(rig, point, seconds):
    """{name: figures}, or the error in their place."""
    try:
        return point.measure(rig, seconds)
    except Exception as error:  # whatever it is: the other points are not lost
        text = f"{type(error).__name__}: {error}".strip()
        return {name: {"error": text[:2000]} for name in point.yields}


def told(name, figures):
    if "error" in figures:
        return f"{name}: FAILED: {figures['error']}"
    latency = f", p95 {figures['p95_ms']:.1f} ms" if "p95_ms" in figures else ""
    failed = f", {figures['failed']} failed" if figures.get("failed") else ""
    return f"{name}: {figures['rate']:,.0f}/s{latency}{failed}"


def measure(rig, wanted, rounds, seconds):
    """{name: [figures of each round]}; every other round goes backwards."""
    found = {name: [] for point in wanted for name in point.yields}
    for number in range(1, rounds + 1):
        for place, point in enumerate(wanted if number % 2 else reversed(wanted), 1):
            for name, figures in measured(rig, point, seconds).items():
                found[name].append(figures)
                print(f"round {number}/{rounds}, {place}/{len(wanted)}  {told(name, figures)}", flush=True)
        rig.clean()
    return found


def results_of(found, given):
    errors = [f"{name}: {each['error']}" for name, rounds in found.items() for each in rounds if "error" in each]
    about = {**machine.about(), "rounds": given.rounds, "seconds": given.seconds, "workers": given.workers}
    return {**about, "wrong": errors, "points": {name: results.columns(rounds) for name, rounds in found.items()}}


def write(kept, folder):
    """Everything that is made of the rounds is made here, so that --render makes it anew."""
    made = results.completed(kept)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(results.text_of(kept))
    (folder / "results.md").write_text(table.markdown(made))
    plots.draw(made["points"], folder)
    page = folder.parent / digest.PAGE
    if page.exists():
        page.write_text(digest.put_into(page.read_text(), digest.blocks(made)))
    print(f"\n{table.markdown(made)}\nresults.json, results.md and plots: {folder}")
    missed = [bar["name"] for bar in made["bars"] if not bar["met"]]
    print(f"{len(made['bars']) - len(missed)} of {len(made['bars'])} bars met", *missed, sep="\nMISSED: ")
    return not missed and not kept["wrong"]


def main():
    given = arguments()
    if given.list:
        print("\n".join(" ".join(dict.fromkeys((point.name, *point.yields))) for point in points.every_point()))
        return 0
    if given.render:
        write(json.loads(given.render.read_text()), given.render.parent)
        return 0
    wanted = chosen(given)
    if not wanted:
        sys.exit("scripts/bench: no point has such a name; see --list")
    each = sum(point.runs * given.seconds + len(point.yields) * OVERHEAD_S for point in wanted)
    minutes = (SETUP_S + given.rounds * each) / 60
    if given.full and not split.runs():
        print("perf does not run here: where a worker's own time goes is left out")
    print(f"{len(wanted)} points, {given.rounds} rounds: about {minutes:.0f} minutes", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began, rig, wrong = time.monotonic(), Rig(given.workers), []
    try:
        made = results_of(measure(rig, wanted, given.rounds, given.seconds), given)
    except KeyboardInterrupt:
        print("\nscripts/bench: stopped", file=sys.stderr)
        return 130
    finally:
        wrong = rig.close()
    made["wrong"] += wrong
    made["minutes"] = round((time.monotonic() - began) / 60, 1)
    return 0 if write(made, given.out) else 1


if __name__ == "__main__":
    sys.exit(main())
