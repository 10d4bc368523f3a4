"""The parts of the benchmark that could be wrong without a word."""

import json
import random
import re
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
from harness.processes import killed_at_the_end, standing_still, wait_for
from harness.stack import BUILD, PROJECT

sys.path.append(str(PROJECT / "tests"))

from bench import arguments, bars, digest, figures, kinds, load, pipeline, points, proc, split, table, tokens

STAT = "4711 (nginx: worker) pr) S 1 4711 4711 0 -1 4194560 99 0 0 0 250 150 30 20 20 0 1 0 12345 99 99"


def point(*rates, **more):
    rounds = [{"rate": rate, "failed": 0, **more} for rate in rates]
    return {"rounds": rounds, "summary": figures.summary(rounds)}


def test_the_limit_adds_the_times_of_both_parts():
    assert figures.limit(70_000, 80_000) == pytest.approx(37_333, abs=1)
    assert figures.limit(1000, 1000) == 500


def test_what_the_database_waits_is_time_for_the_front():
    assert figures.limit(1000, 1000, busy=0.25) == 800
    assert figures.limit(1000, 100, busy=0.2) == 100  # however much the front does meanwhile
    made = {"A-create-64": point(1000), "B-create-64": point(1000, busy=0.25), "create-64": point(400)}
    assert figures.of_limit(made, "create", 64)[0]["median"] == 0.5
    assert pipeline.busy(0.4, 0.5) == 0.8 and pipeline.busy(0.98, 0.03) == 1


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
    source = """#define COLUMNS_WITH(last) "id, " last
#define A_COLUMN COLUMNS_WITH("title")
    inline constexpr UserStatement kThis{"this", Effect::read, Locks::nothing, kColumns,
                                         "SELECT " A_COLUMN
                                         " FROM tasks WHERE user_id = $1"};
    inline constexpr UserStatement kOther{"other", Effect::write, Locks::row, kNone, "DELETE FROM tasks"};"""
    assert pipeline.text_of("this", source) == "SELECT id, title FROM tasks WHERE user_id = $1"
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


def judged(points):
    return {bar["name"]: bar for bar in bars.judge(points)}


def test_a_bar_is_judged_by_the_median_and_a_503_counts_as_a_failure_where_nothing_is_past_its_bound():
    made = {
        "A-list-64": point(200, 200, 200), "B-list-64": point(200, 200, 200), "list-64": point(50, 95, 96),
        "list-4000": point(1, unavailable=3), "eddsa-fresh": point(4, 4), "hs256-repeating": point(10, 10),
    }  # fmt: skip
    met = {name: bar["met"] for name, bar in judged(made).items()}
    assert met == {
        "list, 64 connections / L": True, "the kind that is closest to its L": True,
        "never-seen EdDSA tokens / repeating ones": False, "failed requests": True,
    }  # fmt: skip
    made["list-64"]["rounds"][0]["unavailable"] = 1
    assert judged(made)["failed requests"]["met"] is False
    assert bars.told(bars.judge(made)[0]).endswith("bar ≥ 0.9: ok")


def test_a_kind_that_passes_its_limit_shows_that_it_is_none():
    made = {"A-get-64": point(200), "B-get-64": point(200), "get-64": point(99)}
    assert judged(made)["the kind that is closest to its L"]["met"]
    made |= {"A-create-64": point(200), "B-create-64": point(200), "create-64": point(101)}
    assert judged(made)["the kind that is closest to its L"]["met"] is False


def test_the_mean_of_a_closed_loop_is_little_s_law():
    assert figures.mean_ms(1000, 5000) == 200
    made = {"create-1000": point(5000, 10_000, p95_ms=300)}  # 1.5 and 3 times the mean
    found = judged(made)["p95 of create at 1,000 connections / the mean"]
    assert (found["figure"]["median"], found["figure"]["least"], found["met"]) == (2.25, 1.5, False)


def test_an_open_loop_at_half_of_capacity_is_held_against_the_lone_request_of_its_round():
    made = {"open-get-50": point(1, 1, p95_ms=8), "get-1": point(1, 1, p50_ms=1)}
    name = "p95 of get at half of capacity, 1,000 connections / a lone request's p50"
    assert judged(made)[name]["figure"]["median"] == 8 and judged(made)[name]["met"]
    made["get-1"]["rounds"][0]["p50_ms"] = 0.5
    assert judged(made)[name]["figure"] == {"median": 12, "least": 8, "most": 16} and not judged(made)[name]["met"]


def test_a_far_database_may_cost_half_of_p95_and_20_ms():
    made = {"near-list": point(1, 1, p95_ms=100), "far-list": point(1, 1, p95_ms=170)}
    (name,) = [name for name in judged(made) if name.startswith("p95 of list, 10 ms")]
    assert judged(made)[name]["figure"]["median"] == 1 and judged(made)[name]["met"]
    made["far-list"] = point(1, 1, p95_ms=171)
    assert not judged(made)[name]["met"]


def test_a_bar_without_its_points_or_with_a_round_that_failed_is_none_or_of_the_others():
    assert set(judged({"far-list": point(1, p95_ms=9), "list-1000": point(None, p95_ms=5)})) == {"failed requests"}
    assert set(judged({})) == {"failed requests"}
    made = {"mix-1000": {"rounds": [{"error": "gone"}, {"rate": 1000, "p95_ms": 1400, "failed": 0}]}}
    assert judged(made)["p95 of mix at 1,000 connections / the mean"]["figure"]["median"] == 1.4


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


def test_every_name_is_one_of_a_kind_and_every_bar_is_of_a_point():
    names = [name for each in points.every_point() for name in each.yields]
    assert len(names) == len(set(names))
    assert set(points.SHORT) <= set(names)
    compared = [point for each in (*bars.AT_LEAST, *bars.AT_MOST) for point, _ in each[1:3]]
    compared += [point for each in digest.GROWTH for point, _ in each[1:]]
    alone = [each[1] for each in (*bars.FIGURES_AT_LEAST, *bars.FIGURES_AT_MOST)] + [each[0] for each in table.OTHERS]
    many = [f"{kind}-1000" for kind in kinds.WITH_MIX]
    beside = [f"{part}{kind}-{count}" for part in ("", "A-", "B-") for kind, count in bars.BESIDE_LIMITS]
    assert {*compared, *alone, *many, *beside} <= set(names)
    assert set(bars.BY_LIMIT) <= set(bars.BESIDE_LIMITS)


def test_help_names_every_option():
    said = subprocess.run([PROJECT / "scripts/bench", "--help"], capture_output=True, text=True, timeout=20, check=True).stdout
    source = (PROJECT / "tests/bench/arguments.py").read_text()
    options = re.findall(r'"(--[a-z]+)"', source)
    assert len(options) > 8 and [option for option in options if option not in said] == []
    assert arguments.arguments(["--full"]).rounds == 4


def open_loop(stack, folder, rate, seconds, connections):
    token = harness_tokens.token(stack.secret, "open-loop")
    file = replay.write(folder / "requests", [replay.request("GET", "/api/tasks", token)])
    command = [BUILD / "tests/bench/open_loop", stack.port, rate, seconds, connections, file]
    return subprocess.Popen([str(each) for each in command], stdout=subprocess.PIPE, text=True)


def test_the_open_loop_sends_what_is_due_and_counts_every_answer(stack, tmp_path):
    with killed_at_the_end(open_loop(stack, tmp_path, 200, 1, 8)) as running:
        told = json.loads(running.communicate(timeout=60)[0])
    assert (told["due"], told["sent"], told["answered"], told["broken"]) == (200, 200, 200, 0)
    assert told["statuses"] == {"200": 200}
    assert 0 < told["p50_ms"] <= told["p95_ms"] <= told["p99_ms"] <= told["max_ms"]


def test_in_the_open_loop_a_stall_is_felt_by_all_who_would_have_come(new_stack, tmp_path):
    """With 2 connections a closed loop would see two slow answers; here every request that was due meanwhile waits."""
    stack, rate, seconds = new_stack(workers=1), 200, 6
    stuck = [stack.pid("master"), *stack.worker_pids()]  # the master would replace a worker that stands still
    with killed_at_the_end(open_loop(stack, tmp_path, rate, seconds, 2)) as running:
        wait_for(lambda: stack.answered("/api/tasks")["200"] > rate / 4, "it to be in the midst")
        with standing_still(*stuck):
            begun = time.monotonic()
            wait_for(lambda: time.monotonic() - begun > seconds / 6, "a sixth of its requests to be due")
            stood_ms = 1000 * (time.monotonic() - begun)
            assert running.poll() is None
        told = json.loads(running.communicate(timeout=60)[0])
    assert told["statuses"] == {"200": rate * seconds}
    assert told["max_ms"] >= stood_ms - 1000 / rate, "who came first waited for as long as it stood"
    # A twentieth of all, the first of a sixth, came before the rest of the stall.
    assert told["p95_ms"] >= stood_ms - 1000 * seconds / 20 - 1000 / rate, told
