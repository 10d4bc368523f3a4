"""The results as pictures: SVG with an opaque light background, readable on a dark page too. Each error bar spans the
rounds, the mark is their median. A plot without data is left out."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from bench.bars import BESIDE_LIMITS, BY_LIMIT
from bench.figures import of_limit

KINDS = {"list": "#3b6ea8", "get": "#4f9d69", "create": "#c2703d", "toggle": "#8a63a8", "mix": "#6b7280"}
PARTS = {"nginx": "#4f9d69", "worker": "#3b6ea8", "postgres": "#8a63a8", "generator": "#c9ccd1"}
PERCENTILES = {"p50_ms": "#9dbbdc", "p95_ms": "#3b6ea8", "p99_ms": "#1f3a5c"}
STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "tasklane", "font.family": "sans-serif", "font.size": 10,
    "figure.facecolor": "white", "axes.facecolor": "white", "axes.edgecolor": "#8b9099", "axes.labelcolor": "#30343b",
    "axes.grid": True, "axes.axisbelow": True, "grid.color": "#e6e8eb", "axes.spines.top": False, "axes.spines.right": False,
    "text.color": "#30343b", "xtick.color": "#30343b", "ytick.color": "#30343b", "legend.frameon": False,
    "axes.titlesize": 11, "axes.titlelocation": "left", "axes.titlepad": 12,
}  # fmt: skip
THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}")


def figure_of(points, name, figure):
    return points.get(name, {}).get("summary", {}).get(figure)


def ladder(points, kind, figure):
    """[(connections, spread)] of a kind, by connections."""
    steps = []
    for name in points:
        head, _, connections = name.rpartition("-")
        found = figure_of(points, name, figure)
        if head == kind and connections.isdigit() and found:
            steps.append((int(connections), found))
    return sorted(steps, key=lambda step: step[0])


def mark(axes, places, spreads, **how):
    """Medians, joined, with the span of their rounds."""
    medians = [each["median"] for each in spreads]
    ends = [[each["median"] - each["least"] for each in spreads], [each["most"] - each["median"] for each in spreads]]
    axes.errorbar(places, medians, yerr=ends, marker="o", markersize=4, linewidth=1.6, elinewidth=1, capsize=2, **how)


def by_connections(axes):
    axes.set_xscale("log")
    axes.set_xticks([1, 16, 64, 256, 1000, 4000])
    axes.xaxis.set_major_formatter(THOUSANDS)
    axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
    axes.set_xlabel("connections")


def throughput(axes, points):
    for kind, color in KINDS.items():
        if steps := ladder(points, kind, "rate"):
            mark(axes, [at for at, _ in steps], [each for _, each in steps], color=color, label=kind)
    by_connections(axes)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(THOUSANDS)
    axes.set_ylabel("requests per second")
    axes.set_title("Throughput, closed loop")


def latency(axes, points):
    for figure, color in PERCENTILES.items():
        if steps := ladder(points, "list", figure):
            mark(axes, [at for at, _ in steps], [each for _, each in steps], color=color, label=figure.removesuffix("_ms"))
    by_connections(axes)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(THOUSANDS)
    axes.set_ylabel("milliseconds")
    axes.set_title("Latency of a list of 10 tasks, closed loop")


def limits(axes, points):
    found = {each: ratio for each in BESIDE_LIMITS if (ratio := of_limit(points, *each)[0])}
    if not found:
        return
    for place, ((kind, connections), ratio) in enumerate(found.items()):
        ends = [[ratio["median"] - ratio["least"]], [ratio["most"] - ratio["median"]]]
        axes.bar(place, ratio["median"], width=0.6, color=KINDS[kind], yerr=ends, capsize=3, ecolor="#30343b")
        axes.annotate(f"{ratio['median']:.2f}", (place, 0.04), ha="center", color="white")
        if bar := BY_LIMIT.get((kind, connections)):
            label = "bar" if not axes.get_legend_handles_labels()[1] else None
            axes.plot([place - 0.4, place + 0.4], [bar, bar], color="#b3261e", linewidth=1.6, label=label)
    axes.set_xticks(range(len(found)), [f"{kind}\n{connections}" for kind, connections in found])
    axes.grid(axis="x", visible=False)
    axes.axhline(1, color="#30343b", linewidth=0.8)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("kind and connections")
    axes.set_ylabel("throughput / L")
    axes.set_title("Beside the limit L of nginx and the database")


def processor(axes, points):
    kinds = [kind for kind in KINDS if figure_of(points, f"{kind}-64", "cpu_us.nginx")]
    below = [0.0] * len(kinds)
    for part, color in PARTS.items():
        each = [figure_of(points, f"{kind}-64", f"cpu_us.{part}")["median"] for kind in kinds]
        axes.bar(kinds, each, width=0.6, bottom=below, color=color, label=part)
        for place, (height, base) in enumerate(zip(each, below)):
            shade = "#30343b" if part == "generator" else "white"
            axes.annotate(f"{height:.0f}", (place, base + height / 2), ha="center", va="center", color=shade)
        below = [a + b for a, b in zip(below, each)]
    axes.grid(axis="x", visible=False)
    axes.set_xlabel("kind, 64 connections")
    axes.set_ylabel("processor microseconds per request")
    axes.set_title("What a request costs")
    axes.margins(y=0.12)


def open_loop(axes, points):
    names = [name for name in points if name.startswith("open-list-") and figure_of(points, name, "rate")]
    places = [figure_of(points, name, "rate")["median"] for name in names]
    for figure, color in PERCENTILES.items():
        if names:
            spreads = [figure_of(points, name, figure) for name in names]
            mark(axes, places, spreads, color=color, label=figure.removesuffix("_ms"))
    for name, place in zip(names, places):
        axes.annotate(f"{name.rpartition('-')[2]} %", (place, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=9)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(THOUSANDS)
    axes.xaxis.set_major_formatter(THOUSANDS)
    axes.set_xlabel("requests per second, and as a part of what 64 connections reach in a closed loop (above)")
    axes.set_ylabel("milliseconds since a request was due")
    axes.set_title("Latency of a list at fixed rates, open loop, 1,000 connections", pad=22)


PLOTS = {
    "throughput": throughput, "latency": latency, "limits": limits, "processor": processor, "open-loop": open_loop,
}  # fmt: skip


def draw(points, folder):
    """folder/NAME.svg for every plot that has data."""
    with plt.rc_context(STYLE):
        for name, plot in PLOTS.items():
            picture, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
            plot(axes, points)
            handles, labels = axes.get_legend_handles_labels()
            if labels:
                axes.legend(handles[::-1], labels[::-1], loc="upper left", bbox_to_anchor=(1, 1), fontsize=9)
            if axes.lines or axes.patches:
                picture.savefig(folder / f"{name}.svg", metadata={"Date": None})
            plt.close(picture)
