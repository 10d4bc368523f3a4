"""The parts of the benchmark that could be wrong without a word."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import jwt
import pytest

from harness import replay
from harness import tokens as harness_tokens
from harness.stack import BUILD, PROJECT

sys.path.append(str(PROJECT / "tests"))

from bench import arguments, bars, figures, kinds, load, pipeline, plots, points, proc, split, table, tokens

STAT = "4711 (nginx: worker) pr) S 1 4711 4711 0 -1 4194560 99 0 0 0 250 150 30 20 20 0 1 0 12345 99 99"


def point(*rates, **more):
    rounds = [{"rate": rate, "failed": 0, **more} for rate in rates]
    return {"rounds": rounds, "summary": figures.summary(rounds)}


def test_the_limit_adds_the_times_of_both_parts():
    assert figures.limit(70_000, 80_000) == pytest.approx(37_333, abs=1)
    assert figures.limit(1000, 1000) == 500


def test_a_ratio_is_taken_round_by_round():
    # The second round ran on half a machine: both sides of the ratio did.
    assert figures.ratios([100, 50, 100], [200, 100, 200]) == {"median": 0.5, "least": 0.5, "most": 0.5}
    assert figures.ratios([100, None, 90], [200, 100, 100]) == {"median": 0.7, "least": 0.5, "most": 0.9}
    assert figures.ratios(None, [1]) is None


def test_throughput_is_compared_with_the_limit_of_its_own_round():
    made = {"A-list-64": point(100, 200), "B-list-64": point(100, 200), "list-64": point(40, 90)}
    ratio, limit = figures.of_limit(made, "list", 64)
    assert ratio == {"median": pytest.approx(0.85), "least": pytest.approx(0.8), "most": pytest.approx(0.9)}
    assert (limit["least"], limit["most"]) == (pytest.approx(50), pytest.approx(100))
    assert figures.of_limit({"list-64": point(1)}, "list", 64) == (None, None)


def test_the_limit_by_processor_time_compares_what_requests_cost():
    front = point(1, cpu_us={"nginx": 12, "worker": 3, "generator": 10})
    database = point(1, cpu_us={"postgres": 20, "generator": 5})
    real = point(1, cpu_us={"nginx": 15, "worker": 10, "postgres": 15, "generator": 10})
    made = {"A-get-64": front, "B-get-64": database, "get-64": real}
    assert figures.of_limit_by_time(made, "get", 64)["median"] == pytest.approx(1.0)


def test_medians_and_spreads_leave_out_a_round_that_failed():
    made = figures.summary([{"rate": 3, "cpu_us": {"nginx": 7}}, {"error": "gone"}, {"rate": 1, "cpu_us": {"nginx": 5}}])
    assert made == {"rate": {"median": 2, "least": 1, "most": 3}, "cpu_us.nginx": {"median": 6, "least": 5, "most": 7}}
    assert figures.spread([]) is None


def test_processor_time_is_read_behind_a_name_of_any_kind():
    own, buried = proc.times(STAT)
    assert (own, buried) == (400 / proc.TICKS_PER_SECOND, 50 / proc.TICKS_PER_SECOND)


def test_processor_time_is_what_a_process_used():
    with proc.Costs({"this": [proc.os.getpid()]}) as costs:
        began = sum(proc.os.times()[:2])
        while sum(proc.os.times()[:2]) - began < 0.2:
            sum(range(10_000))
    assert 0.15 < costs.seconds["this"] < 0.4
    assert costs.seconds["machine"] >= costs.seconds["this"] - 0.05


PARENT = """import os, subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'sum(range(10**7))'])
os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
print('ended', flush=True)
sys.stdin.read()"""


def test_processor_time_of_a_child_that_has_ended_unburied_is_not_lost():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "ended\n"
        own, buried = proc.times(Path(f"/proc/{parent.pid}/stat").read_text())
        assert buried == 0 and proc.seconds_of([parent.pid]) > own + 0.05


def test_memory_is_read_in_kib():
    assert proc.kilobytes("VmPeak:\t  999 kB\nVmRSS:\t    1234 kB\n", "VmRSS") == 1234
    assert proc.kilobytes("Rss: 7 kB\nPss: 5 kB\nPss_Dirty: 3 kB\n", "Pss") == 5


def test_a_file_of_requests_holds_each_of_them_in_a_cell_of_one_size(tmp_path):
    asked = [("GET", "/api/tasks", "token"), ("POST", "/api/tasks", "another", '{"title": "a"}')]
    requests = [replay.request(*each) for each in asked]
    data = replay.write(tmp_path / "requests", requests).read_bytes()
    cell = int(data[:5])
    cells = [data[at : at + cell] for at in range(5, len(data), cell)]
    assert [each[5 : 5 + int(each[:5])] for each in cells] == requests


def test_the_database_s_limit_runs_the_workers_own_statements():
    source = """#define A_COLUMN "id"
    inline constexpr UserStatement kThis{"this", Effect::read,
                                         "SELECT " A_COLUMN
                                         " FROM tasks WHERE user_id = $1"};
    inline constexpr UserStatement kOther{"other", Effect::write, "DELETE FROM tasks"};"""
    assert pipeline.text_of("this", source) == "SELECT id FROM tasks WHERE user_id = $1"
    made = pipeline.statement("create")
    assert made.startswith("INSERT INTO tasks (user_id, title, description) VALUES ('maker-' || :user, :title, :description)")
    assert all("$" not in pipeline.statement(kind) for kind in kinds.KINDS)


def test_the_database_s_limit_has_batches_whose_users_ascend(tmp_path):
    lines = pipeline.script("toggle", 3).splitlines()
    assert lines[0] == r"\startpipeline" and lines[-1] == r"\endpipeline"
    ranges = [line for line in lines if r"\set user" in line]
    assert ranges == [rf"\set user random({first}, {last})" for first, last in ((1, 3333), (3334, 6666), (6667, 10000))]
    assert sum(line.startswith("UPDATE tasks ") for line in lines) == 3
    given = list(pipeline.scripts("mix", 2, tmp_path))
    assert given[1::2] == [f"{tmp_path}/{kind}.pgbench@{part}" for kind, part in zip(kinds.KINDS, kinds.MIX)]


def test_a_mean_batch_is_what_was_sent_in_all_of_them():
    told = iter([{pipeline.SENT: 100, pipeline.BATCHES: 40}, {pipeline.SENT: 400, pipeline.BATCHES: 60}])
    with pipeline.MeanBatch(SimpleNamespace(stack=SimpleNamespace(metrics=lambda: next(told)))) as batch:
        pass
    assert batch.size == 15


def test_a_mix_is_four_fifths_reads_and_creates_only_for_users_without_tasks():
    made = list(kinds.some("mix", 5000, {7: "reader"}, ["maker"], random.Random(1)))
    heads = (b"GET /api/tasks ", b"GET /api/tasks/", b"POST", b"PATCH")
    count = [sum(each.startswith(head) for each in made) for head in heads]
    assert [round(each / 5000, 1) for each in count] == [0.4, 0.4, 0.1, 0.1]
    assert all((b"maker" in each) == each.startswith(b"POST") for each in made)
    assert {int(each.split(b"/")[3].split()[0]) for each in made if each.startswith(b"GET /api/tasks/")} == set(range(61, 71))


def test_tokens_that_are_never_seen_twice_differ():
    made = list(tokens.hs256("k" * 32, [tokens.claims("user-1", number) for number in range(100)]))
    assert len(set(made)) == 100
    known = jwt.decode(made[7], "k" * 32, algorithms=["HS256"])
    assert (known["sub"], known["jti"]) == ("user-1", "00000007")


def test_a_bar_is_judged_by_the_median_and_a_503_counts_as_a_failure_where_nothing_is_past_its_bound():
    made = {
        "A-list-64": point(200, 200, 200), "B-list-64": point(200, 200, 200), "list-64": point(50, 95, 96),
        "list-4000": point(1, unavailable=3), "eddsa-fresh": point(4, 4), "eddsa-repeating": point(10, 10),
    }  # fmt: skip
    judged = {bar["name"]: bar["met"] for bar in bars.judge(made)}
    assert judged == {"list, 64 connections / L": True, "never-seen EdDSA tokens / repeating": False, "failed requests": True}
    made["list-64"]["rounds"][0]["unavailable"] = 1
    assert {bar["name"]: bar["met"] for bar in bars.judge(made)}["failed requests"] is False
    assert bars.told(bars.judge(made)[0]).endswith("bar ≥ 0.9: ok")


def test_every_status_that_was_not_expected_is_a_failure():
    told = {"from_400": 9, "failed": 1, "unavailable": 0}
    answered = Counter({"200": 70, "201": 5, "304": 2, "401": 6, "503": 3})
    assert load.held_against(["200", "201"], told, answered) == {"from_400": 9, "failed": 9, "unavailable": 3}
    assert load.held_against(["200"], told, answered)["failed"] == 14
    assert load.held_against(["200", "201"], {**told, "from_400": 11}, answered)["failed"] == 11  # nginx's two
    unseen = {**told, "from_400": 6}  # wrk had left before the 503s came: they hide no 401
    assert load.held_against(["200", "201"], unseen, answered)["failed"] == 9


def test_wrk_and_the_workers_count_what_was_refused_and_what_was_not_expected(stack, tmp_path):
    user = stack.user("told")
    made = {"refused": replay.request("GET", "/api/tasks", "no token"), "fine": replay.request("GET", "/api/tasks", user.token)}
    files = {what: replay.write(tmp_path / what, [request]) for what, request in made.items()}
    target = SimpleNamespace(
        port=stack.port, parts={}, requests=files.get, statuses=lambda: stack.answered("/api/tasks")
    )  # fmt: skip
    connections = 2  # as many answers can be under way at wrk's end, counted by the workers alone
    refused = load.Wrk(target, "refused", connections, 1).end()
    assert 0 < refused["requests"] <= refused["failed"] <= refused["requests"] + connections
    fine = load.Wrk(target, "fine", connections, 1).end()
    assert fine["failed"] == 0 < fine["requests"]
    unexpected = load.Wrk(target, "fine", connections, 1, expected="201").end()
    assert 0 < unexpected["requests"] <= unexpected["failed"] <= unexpected["requests"] + connections


REPORT = """
    10.00%  |libc.so.6          |[.] malloc
     5.00%  |libc.so.6          |[.] _int_free
     5.00%  |libc.so.6          |[.] cfree@GLIBC_2.2.5
     7.50%  |libc.so.6          |[.] __memmove_avx_unaligned_erms
    10.00%  |libjemalloc.so.2   |[.] malloc
    20.00%  |[kernel.kallsyms]  |[k] _raw_spin_unlock_irqrestore      |-      -
    30.00%  |tasklane-worker    |[.] std::_Hashtable<int, std::pair<int const, int> >::_M_find_before_node
    10.00%  |libpq.so.5.15      |[.] 0x000000000001786b
     2.50%  |[vdso]             |[.] __vdso_clock_gettime
"""


def test_several_runs_as_one_have_the_mean_rate_and_every_failure():
    first, second = {"rate": 10.0, "failed": 0, "unavailable": 2, "p95_ms": 1.0}, {"rate": 20.0, "failed": 3, "unavailable": 1, "p95_ms": 2.0}
    assert load.together([first, second]) == {"rate": 15.0, "failed": 3, "unavailable": 3, "p95_ms": 1.0}


def test_a_worker_s_time_is_told_by_what_it_goes_into():
    found = {part: share for part, share in split.shares(REPORT).items() if share}
    assert found == pytest.approx(
        {"malloc": 0.3, "libc": 0.075, "kernel": 0.2, "worker": 0.3, "libpq": 0.1, "rest": 0.025}
    )


@pytest.fixture
def results():
    latency = {"p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0, "cpu_us": dict.fromkeys(table.PARTS, 5.0)}
    made = {"A-list-64": point(200.0, **latency), "B-list-64": point(200.0, batch=9), "list-64": point(90.0, 95.0, **latency)}
    made["open-50"] = point(45.0, late_p99_ms=0.1, **latency)
    made["paced-list"] = point(45.0, **latency)
    made["get-64"] = {"rounds": [{"error": "Boom"}], "summary": {}}
    made["worker-split"] = point(80.0, worker_us=dict.fromkeys(split.PARTS, 2.0) | {"kernel": 16.0})
    return {
        "date": "2026-11-21 12:00 UTC", "commit": "abc", "changed": True, "rounds": 2, "seconds": 3, "workers": 2,
        "machine": {"processor": "P", "cores": 2, "memory_gb": 4.0, "kernel": "6"}, "versions": {"nginx": "1.22.1"},
        "bars": bars.judge(made), "wrong": ["get-64: Boom"], "points": made,
    }  # fmt: skip


def test_the_table_tells_every_point_and_which_loop_it_was_measured_in(results):
    text = table.markdown(json.loads(json.dumps(results)))
    rows = {}
    for line in text.partition("## Every point")[2].splitlines():
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        rows[name] = cells
    assert rows["list-64"][:5] == ["closed", "92 (90 … 95)", "1.0", "2.0", "3.0"]
    assert rows["open-50"][0] == rows["paced-list"][0] == "open"
    assert rows["B-list-64"][0] == "pgbench" and rows["get-64"][1] == "failed"
    assert re.search(r"^\| list, 64 +\| +200 \| +200 \| +9 \| +100 \| ", text, re.MULTILINE)
    assert "with changes that are not committed" in text and "- get-64: Boom" in text
    assert re.search(r"^\| +\| kernel \|.*\n.*\n\| µs +\| +16.0 \|.*\n\| share +\| +53% \|", text, re.MULTILINE)


def test_plots_are_drawn_of_what_there_is_with_text_as_text(results, tmp_path):
    plots.draw(results["points"], tmp_path)
    drawn = {path.stem: path.read_text() for path in tmp_path.iterdir()}
    assert set(drawn) == {"throughput", "latency", "limits", "processor", "open-loop"}
    assert "requests per second</text>" in drawn["throughput"]


def test_the_plot_of_the_limits_has_room_for_whoever_is_above_theirs():
    made = {"A-get-64": point(100, 100), "B-get-64": point(100, 100), "get-64": point(60, 90)}
    with plots.plt.rc_context(plots.STYLE):
        _, axes = plots.plt.subplots()
        plots.limits(axes, made)
        assert axes.get_ylim()[1] > 1.8  # the error bar's end


def test_every_name_is_one_of_a_kind_and_every_bar_is_of_a_point():
    names = [name for each in points.every_point() for name in each.yields]
    assert len(names) == len(set(names))
    assert set(points.SHORT) <= set(names)
    named = {name for quotient in bars.QUOTIENTS for name in quotient[1:3]} | {each[1] for each in bars.AT_MOST}
    assert named | {f"{kind}-{connections}" for kind, connections in bars.BY_LIMIT} <= set(names)


def test_help_names_every_option():
    said = subprocess.run([PROJECT / "scripts/bench", "--help"], capture_output=True, text=True, timeout=20, check=True).stdout
    source = (PROJECT / "tests/bench/arguments.py").read_text()
    options = re.findall(r'"(--[a-z]+)"', source)
    assert len(options) > 8 and [option for option in options if option not in said] == []
    assert arguments.arguments(["--full"]).rounds == 5


def open_loop(stack, folder, rate, seconds, connections):
    token = harness_tokens.token(stack.secret, "open-loop")
    file = replay.write(folder / "requests", [replay.request("GET", "/api/tasks", token)])
    command = [BUILD / "tests/bench/open_loop", stack.port, rate, seconds, connections, file]
    return subprocess.Popen([str(each) for each in command], stdout=subprocess.PIPE, text=True)


def test_the_open_loop_sends_what_is_due_and_counts_every_answer(stack, tmp_path):
    told = json.loads(open_loop(stack, tmp_path, 200, 1, 8).communicate(timeout=30)[0])
    assert (told["due"], told["sent"], told["answered"], told["broken"]) == (200, 200, 200, 0)
    assert told["statuses"] == {"200": 200}
    assert 0 < told["p50_ms"] <= told["p95_ms"] <= told["p99_ms"] <= told["max_ms"]


def test_in_the_open_loop_a_stall_is_felt_by_all_who_would_have_come(new_stack, tmp_path):
    """With 2 connections a closed loop would see two slow answers; here every request that was due meanwhile waits."""
    stack = new_stack(workers=1)
    running = open_loop(stack, tmp_path, 200, 3, 2)
    time.sleep(1)  # in the midst of its three seconds
    stuck = [stack.pid("master"), *stack.worker_pids()]  # the master would replace a worker that stands still
    for pid in stuck:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(0.5)
    for pid in stuck:
        os.kill(pid, signal.SIGCONT)
    told = json.loads(running.communicate(timeout=30)[0])
    assert told["statuses"] == {"200": 600}
    assert told["p95_ms"] > 250, told
    assert told["max_ms"] > 450, told
