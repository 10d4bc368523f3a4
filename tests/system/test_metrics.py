"""/metrics: what it counts, and that Prometheus, its rules and the dashboard understand it."""

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import yaml

from harness import fcgi, tokens
from harness.processes import standing_still, wait_for

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "docs/monitoring/alerts.yaml"
DASHBOARD = json.loads((ROOT / "docs/monitoring/dashboard.json").read_text())
PROMETHEUS_OWN = {"up", "ALERTS"}


def samples(text):
    """{"name{labels}": value}"""
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def scrape(api):
    return samples(api.get("/metrics").text)


def grown(before, after, name):
    return after.get(name, 0) - before.get(name, 0)


def test_promtool_finds_nothing_to_mend_in_the_metrics(operator, alice):
    alice.create("counted")
    text = operator.get("/metrics").text
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr


def test_requests_count_by_route_method_and_status(stack, operator):
    before, user = scrape(operator), stack.user()
    task = user.create("one")
    user.get(f"/api/tasks/{task['id']}")
    user.get(f"/api/{user.sub}/tasks")
    user.request("HEAD", "/api/tasks")
    user.get("/api/tasks/0")
    user.http.request("BREW", "/api/tasks", headers={"Authorization": f"Bearer {user.token}"})
    user.get("/api/nowhere/at/all")
    after = scrape(operator)

    def counted(route, method, status):
        return grown(before, after, f'tasklane_requests_total{{route="{route}",method="{method}",status="{status}"}}')

    assert counted("/api/tasks", "POST", 201) == 1
    assert counted("/api/tasks", "GET", 200) == 1, "the path with the user in it is the same route"
    assert counted("/api/tasks", "HEAD", 200) == 1
    assert counted("/api/tasks/{id}", "GET", 200) == 1
    assert counted("/api/tasks/{id}", "GET", 404) == 1
    assert counted("other", "other", 405) == 1
    assert counted("other", "GET", 404) == 1
    timed = 'tasklane_request_duration_seconds_count{route="/api/tasks/{id}",method="GET"}'
    assert grown(before, after, timed) == 2


def test_refused_tokens_count_by_reason_and_cached_ones_as_hits(stack, anyone, operator):
    before = scrape(operator)
    for header in ({}, {"Authorization": "Basic eA=="}, {"Authorization": "Bearer no-jwt"}):
        assert anyone.get(headers=header).status_code == 401
    assert anyone.get(headers={"Authorization": f"Bearer {tokens.token(stack.secret, 'u', ttl=-90)}"}).status_code == 401
    user = stack.user()
    for _ in range(20):
        user.get()
    after = scrape(operator)
    for reason in ("no_header", "not_bearer", "not_a_jwt", "expired"):
        assert grown(before, after, f'tasklane_authentication_failures_total{{reason="{reason}"}}') == 1, reason
    hits, misses = (grown(before, after, f"tasklane_token_cache_{what}_total") for what in ("hits", "misses"))
    # Two of the refused were tokens; of the user's each worker misses the first that it gets.
    assert hits + misses == 22 and 3 <= misses <= 2 + stack.workers


def test_every_worker_has_its_memory_generation_and_start(stack, operator):
    found = scrape(operator)
    memory = [v for k, v in found.items() if k.startswith("tasklane_worker_resident_bytes{")]
    assert len(memory) == stack.workers and all(1e6 < each < 4e9 for each in memory)
    assert len([k for k in found if k.startswith("tasklane_worker_generation{")]) == stack.workers
    assert found['tasklane_database_connections{state="ready"}'] >= 1
    assert found["tasklane_requests_in_flight_max"] == 2048 * stack.workers


def test_the_listen_queue_is_what_waits_at_the_socket(new_master):
    """While the worker stands still, so that nobody accepts, the queue is asked for on a connection that it has."""
    master = new_master()
    (worker,) = master.worker_pids()
    with master.connect() as kept:
        assert samples(kept.ask("GET", "/metrics").body.decode())["tasklane_listen_queue"] == 0
        waiting = []
        with standing_still(master.pid, worker):  # the master would replace a worker that stands still
            for _ in range(300):
                waiting.append(socket.socket(socket.AF_UNIX))
                waiting[-1].connect(str(master.socket))
            kept.send(fcgi.request_bytes("GET", "/metrics"))
        found = samples(kept.answer().body.decode())
        assert 0 < found["tasklane_listen_queue"] <= 300, "some may have been accepted before the scrape"
        assert found["tasklane_listen_queue_max"] == min(4096, int(Path("/proc/sys/net/core/somaxconn").read_text()))
        for each in waiting:
            each.close()

        def empty():
            return samples(kept.ask("GET", "/metrics").body.decode())["tasklane_listen_queue"] == 0

        wait_for(empty, "the queue to be empty again")


def test_a_reload_takes_nothing_back_and_counts_a_generation(new_master, stack):
    master = new_master()
    token = tokens.token(stack.secret, tokens.unique("counted"))
    with master.connect() as connection:
        for _ in range(5):
            connection.ask("GET", "/api/tasks", token)
    before = set(master.worker_pids())
    master.signal(signal.SIGHUP)
    wait_for(lambda: master.is_whole() and not before & set(master.worker_pids()), "the reload")
    with master.connect() as connection:
        found = samples(connection.ask("GET", "/metrics").body.decode())
    assert found['tasklane_requests_total{route="/api/tasks",method="GET",status="200"}'] == 5
    assert [v for k, v in found.items() if k.startswith("tasklane_worker_generation")] == [2]


# The rules and the dashboard


def test_promtool_accepts_the_rules_and_their_tests():
    for command in (["check", "rules", str(ALERTS)], ["test", "rules", str(ROOT / "tests/monitoring/alerts_test.yaml")]):
        done = subprocess.run(["promtool", *command], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def names_in(expression):
    return set(re.findall(r"\b(tasklane_\w+|up|ALERTS)\b", re.sub(r'"[^"]*"', "", expression)))


def expressions():
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    yield from ((rule["alert"], rule["expr"]) for rule in rules)
    for panel in DASHBOARD["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", []))


def test_every_metric_of_the_rules_and_the_dashboard_exists_and_each_is_looked_at(operator, alice):
    alice.get()
    text = operator.get("/metrics").text
    known = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    used = set()
    for where, expression in expressions():
        for name in names_in(expression) - PROMETHEUS_OWN:
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert name in known or base in known, f"{where}: {name}"
            used.add(name if name in known else base)
    assert known == used, "a metric that nobody looks at"


def test_each_metric_is_documented_with_the_alerts_that_look_at_it():
    listed = re.findall(r"^\| `(tasklane_\w+)` \| .* \| ([^|]*) \|$", (ROOT / "docs/operations/seeing.md").read_text(), re.MULTILINE)
    told = {name: set(re.findall(r"\[(\w+)\]", alerts)) for name, alerts in listed}
    used = {name: set() for name in told}
    for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]:
        for name in names_in(rule["expr"]) - PROMETHEUS_OWN:
            used[re.sub(r"_bucket$", "", name)].add(rule["alert"])
    assert told == used


def test_every_expression_of_the_dashboard_is_valid(tmp_path):
    rules = [
        {"record": f"panel_{n}", "expr": expression.replace("$__rate_interval", "5m")}
        for n, (_, expression) in enumerate(expressions())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_one_that_grafana_10_imports():
    assert DASHBOARD["schemaVersion"] >= 38 and DASHBOARD["title"] and DASHBOARD["uid"]
    assert [v["name"] for v in DASHBOARD["templating"]["list"]] == ["datasource", "job", "instance"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, f"{panel['title']} lies over another"
        taken |= cells
        for target in panel.get("targets", []):
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({t["refId"] for p in DASHBOARD["panels"] for t in p.get("targets", [])}) >= 2


@pytest.mark.parametrize("rule", yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"], ids=lambda r: r["alert"])
def test_every_alert_says_what_to_do(rule):
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert f"\n### {rule['alert']}\n" in (ROOT / page).read_text() and anchor == rule["alert"].lower()
    assert rule["labels"]["severity"] in ("critical", "warning")
