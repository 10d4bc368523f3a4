"""The access log, request ids, and what no log may ever hold."""

import json
import os
import re
import signal
import stat
import urllib.parse

import pytest

from harness import logs, tokens, wire
from harness.processes import processes_of, wait_for


@pytest.mark.smoke
def test_every_request_is_one_json_line_with_its_timings(stack, alice):
    response = alice.get()
    line = logs.access_line(stack.log, response.headers["x-request-id"])
    assert (line["method"], line["uri"], line["status"], line["upstream_status"]) == ("GET", "/api/tasks", "200", "200")
    for time in ("request_time", "upstream_connect_time", "upstream_response_time"):
        assert re.fullmatch(r"\d+\.\d{3}", line[time]), time
    for each in (stack.log / "nginx-access.log").read_text().splitlines():
        json.loads(each)


def test_logs_are_not_for_others_to_read(new_stack):
    stack = new_stack(workers=1)
    (stack.log / "nginx-access.log").rename(stack.log / "nginx-access.log.1")  # as logrotate does
    os.kill(stack.pid("nginx"), signal.SIGUSR1)
    wait_for((stack.log / "nginx-access.log").exists, "nginx to begin it anew")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in stack.log.glob("*.log*")}
    for name in ("nginx-access.log", "nginx-access.log.1", "nginx-error.log", "tasklane.log", "postgres.log"):
        assert modes[name] == 0o640, name


def test_a_hostile_request_cannot_break_the_log_line(stack):
    for target, agent, logged in (
        ('/x"y\\z', 'a"b\\}{', ("404", '/x"y\\z', 'a"b\\}{')),
        ("/api/tasks?x=\xff", "\t\x80", ("401", "(not ASCII)", "(not ASCII)")),
        ("/api/tasks?\x7f", "a", ("400", "", "")),  # nginx reads no further
    ):
        reply = wire.talk(stack, wire.request("GET", target, f"User-Agent: {agent}", "Referer: \xff"))
        line = logs.access_line(stack.log, reply.header("x-request-id"))
        assert (line["status"], line["uri"], line["user_agent"]) == logged


@pytest.mark.parametrize("target, logged", [
    ("/api/tasks?status=pending", "/api/tasks?status=pending"),
    ("/api/auth0%7Calice/tasks/7/complete", "/api/auth0%7Calice/tasks/7/complete"),
    ("/api/tasks?limit=50&offset=100&sort=updated_at&order=desc&status=active", "/api/tasks?limit=50&offset=100&sort=updated_at&order=desc&status=active"),
    ("/api/tasks/7/toggle-complete", "/api/tasks/7/toggle-complete"),
    ("/api/tasks?q=s3cret", "/api/tasks?(...)"),
    ("/api/tasks?limit=2&q=s3cret", "/api/tasks?(...)"),
    ("/api/alice/tasks?cursor=s3cret&limit=2", "/api/alice/tasks?(...)"),
    ("/api/tasks?limit=s3cret", "/api/tasks?(...)"),
    ("/api/tasks?jwt=s3cret", "/api/tasks?(...)"),
    ("/api/tasks?status=pending&%74oken=s3cret", "/api/tasks?(...)"),
    ("/?auth=s3cret", "/?(...)"),
    ("/reset-password?token=s3cret", "/reset-password?(...)"),
    ("/api/auth/verify-email?code=s3cret", "/api/auth/verify-email?(...)"),
    ("/api/auth/reset-password/s3cret", "/api/auth/reset-password/(...)"),
    ("/api/auth//reset-password/s3cret", "(another spelling)"),
    ("/api/auth/%72eset-password/s3cret", "(another spelling)"),
    ("/api/%61uth/reset-password/s3cret?status=a", "(another spelling)"),
    ("/api/x/../auth/reset-password/s3cret", "(another spelling)"),
])  # fmt: skip
def test_of_a_query_or_a_link_no_secret_is_logged(stack, target, logged):
    reply = wire.talk(stack, wire.request("GET", target))
    assert logs.access_line(stack.log, reply.header("x-request-id"))["uri"] == logged
    assert "s3cret" not in "".join(logs.texts(stack.log).values())


def test_the_request_id_is_one_in_response_problem_and_log(stack, anyone):
    response = anyone.get()
    request_id = response.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert response.json()["request_id"] == request_id
    logs.access_line(stack.log, request_id)


def test_a_clients_own_request_id_is_not_taken(stack, anyone):
    given = "f" * 32
    response = anyone.get(headers={"X-Request-Id": given, "Request-Id": given})
    assert response.headers["x-request-id"] == response.json()["request_id"] != given


def test_ids_of_requests_differ(anyone):
    assert len({anyone.get().headers["x-request-id"] for _ in range(10)}) == 10


def passwords(stack):
    """Of the database's roles that the configuration in force names."""
    urls = [urllib.parse.urlsplit(stack.settings[name]) for name in ("DATABASE_URL", "DATABASE_URL_DIRECT")]
    found = {url.password for url in urls}
    assert None not in found and len(found) == 2, "each role has a password of its own"
    return found


def test_no_log_holds_a_token_a_secret_a_body_or_a_password(stack):
    marker = tokens.unique("marker")
    api = stack.user(sub=marker + "-user")
    api.create(marker + "-title", description=marker + "-description")
    api.put("/api/tasks/0", {"title": marker + "-title"})
    refused = api.get(headers={"Authorization": f"Bearer {api.token}x"})
    assert refused.status_code == 401
    last = api.get().headers["x-request-id"]
    logs.access_line(stack.log, last)
    secrets = [
        api.token, api.token.split(".")[2], stack.secret, marker + "-title", marker + "-description", *passwords(stack)
    ]  # fmt: skip
    api.close()
    for name, text in logs.texts(stack.log).items():
        for secret in secrets:
            assert secret not in text, f"{name} holds a secret"
    assert stack.secret not in stack.up_output


def test_no_process_shows_a_secret_on_its_command_line(stack):
    lines = processes_of(stack.state)
    assert {stack.pid("master"), stack.pid("nginx"), *stack.worker_pids()} <= set(lines)
    for secret in (stack.secret, *passwords(stack)):
        assert [line for line in lines.values() if secret in line] == []
