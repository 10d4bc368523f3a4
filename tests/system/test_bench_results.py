"""What becomes of a measurement: the file that is kept, table, plots, and what docs/PERFORMANCE.md tells of it."""

import json
import re
import sys

import pytest

from harness.stack import PROJECT

sys.path.append(str(PROJECT / "tests"))

from bench import digest, plots, results, split, table


@pytest.fixture
def kept():
    latency = {"p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0, "cpu_us": dict.fromkeys(table.PARTS, 5.0)}
    made = {
        "A-list-64": [{"rate": 200.0, "requests": 7, **latency}] * 2, "B-list-64": [{"rate": 200.0, "batch": 9, "busy": 1.0}] * 2,
        "list-64": [{"rate": rate, "failed": 0, **latency} for rate in (90.0, 95.0)],
    }  # fmt: skip
    made["open-list-50"] = [{"rate": 45.0, "late_p99_ms": 0.1, **latency}] * 2
    made["list-1000"] = [{"rate": 10_000.0, "p95_ms": 130.0, "failed": 0}] * 2
    made["get-64"] = [{"error": "Boom"}, {"error": "Boom"}]
    made["worker-split"] = [{"rate": 80.0, "worker_us": dict.fromkeys(split.PARTS, 2.0) | {"kernel": 16.0}}] * 2
    return {
        "date": "2026-11-21 12:00 UTC", "commit": "abc", "changed": True, "rounds": 2, "seconds": 3, "workers": 2,
        "machine": {"processor": "P", "cores": 2, "memory_gb": 4.0, "kernel": "6"}, "versions": {"nginx": "1.22.1"},
        "wrong": ["get-64: Boom"], "points": {name: results.columns(rounds) for name, rounds in made.items()},
    }  # fmt: skip


@pytest.fixture
def made(kept):
    return results.completed(kept)


def test_what_is_kept_of_a_run_is_a_line_for_each_figure_that_table_and_plots_need(kept):
    text = results.text_of(kept)
    assert json.loads(text) == kept
    assert '   "rate": [90.0, 95.0],\n' in text and "requests" not in text
    assert kept["points"]["get-64"] == {} and kept["points"]["worker-split"]["worker_us.kernel"] == [16.0, 16.0]


def test_a_round_that_failed_is_a_gap_in_what_is_kept():
    columns = results.columns([{"rate": 1 / 3, "cpu_us": {"nginx": 7}}, {"error": "gone"}])
    assert columns == {"rate": [0.333333, None], "cpu_us.nginx": [7, None]}
    assert results.rows(columns, 2) == [{"rate": 0.333333, "cpu_us.nginx": 7}, {}]


def test_the_table_tells_every_point_and_which_loop_it_was_measured_in(made):
    text = table.markdown(made)
    rows = {}
    for line in text.partition("## Every point")[2].splitlines():
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[name] = cells
    assert rows["list-64"][:5] == ["closed", "92 (90 … 95)", "1.0", "2.0", "3.0"]
    assert rows["open-list-50"][0] == "open"
    assert rows["B-list-64"][0] == "pgbench" and rows["get-64"][1] == "failed"
    assert re.search(r"^\| list, 64 +\| +200 \| +200 \| +9 \| +1.00 \| +100 \| ", text, re.MULTILINE)
    assert "with changes that are not committed" in text and "- get-64: Boom" in text
    assert re.search(r"^\| +\| kernel \|.*\n.*\n\| µs +\| +16.0 \|.*\n\| share +\| +53% \|", text, re.MULTILINE)


def test_plots_are_drawn_of_what_there_is_with_text_as_text(made, tmp_path):
    plots.draw(made["points"], tmp_path)
    drawn = {path.stem: path.read_text() for path in tmp_path.iterdir()}
    assert set(drawn) == {"throughput", "latency", "limits", "processor", "open-loop"}
    assert "requests per second</text>" in drawn["throughput"]


def test_the_digest_has_rows_only_for_what_was_measured(made):
    blocks = digest.blocks(made)
    rows = {name: [[cell.strip() for cell in line.split("|")[1:-1]] for line in block] for name, block in blocks.items()}
    assert rows["gets"][2:] == [[digest.NAMES["list"], "", "92", "2.0", "2.0", "3.0", "10,000", "130", "1.30"]]
    assert rows["costs"][2:] == [[digest.NAMES["list"], *["5"] * 4, "0.93 (0.90 … 0.95)"]]
    assert rows["grows"][2:] == [["Lists/s with 1,000 connections, to 64", "108.19 (105.26 … 111.11)"]]
    assert blocks["run"] == table.heading(made)


def test_the_digest_tells_which_bars_are_missed(made):
    made["points"]["list-64"]["rounds"] = [{"rate": 80.0, "failed": 1}]
    made["bars"] = results.bars.judge(made["points"])
    first, _, *missed = digest.blocks(made)["bars"]
    assert first == "2 of 4 bars are met. The others:"
    assert [each.partition(" (")[0] for each in missed] == ["- list, 64 connections / L: 0.80", "- failed requests: 1.00"]
    made["bars"] = [bar for bar in made["bars"] if bar["met"]]
    assert digest.blocks(made)["bars"] == ["All 2 bars are met."]


def test_the_page_keeps_what_is_around_the_digest():
    page = "before\n<!-- gets -->\nold\n<!-- /gets -->\nbetween\n<!-- bars -->\n<!-- /bars -->\nafter\n"
    right = "before\n<!-- gets -->\n\na\nb\n\n<!-- /gets -->\nbetween\n<!-- bars -->\n<!-- /bars -->\nafter\n"
    assert digest.put_into(page, {"gets": ["a", "b"], "bars": []}) == right
    with pytest.raises(AssertionError, match="marks of run"):
        digest.put_into(page, {"run": ["new"]})


def test_what_is_published_is_made_of_the_results_that_are_kept():
    folder = PROJECT / "docs/benchmarks"
    published = results.completed(json.loads((folder / "results.json").read_text()))
    assert (folder / "results.md").read_text() == table.markdown(published)
    page = (folder.parent / digest.PAGE).read_text()
    assert page == digest.put_into(page, digest.blocks(published))


def test_the_plot_of_the_limits_has_room_for_whoever_is_above_theirs():
    rates = {"A-get-64": (100, 100), "B-get-64": (100, 100), "get-64": (60, 90)}
    made = {name: {"rounds": [{"rate": rate} for rate in each]} for name, each in rates.items()}
    with plots.plt.rc_context(plots.STYLE):
        _, axes = plots.plt.subplots()
        plots.limits(axes, made)
        assert axes.get_ylim()[1] > 1.8  # the error bar's end
