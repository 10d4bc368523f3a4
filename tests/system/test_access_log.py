"""The access log, request ids, and what no log may ever hold."""

import json
import re

import pytest

from harness import logs, tokens, wire
from harness.processes import processes_of


@pytest.mark.smoke
def test_every_request_is_one_json_line_with_its_timings(stack, alice):
    response = alice.get()
    line = logs.access_line(stack.log, response.headers["x-request-id"])
    text = json.dumps(line)
    assert re.search(r'"status": "?200"?', text)
    assert "/api/tasks" in text and "GET" in text
    assert any("time" in k and "upstream" in k for k in line), "the upstream's time"
    assert any("status" in k and "upstream" in k for k in line), "the upstream's status"
    assert any(k in ("request_time", "duration", "duration_s", "request_seconds") for k in line), line
    for each in (stack.log / "nginx-access.log").read_text().splitlines():
        json.loads(each)


def test_a_hostile_request_cannot_break_the_log_line(stack):
    reply = wire.talk(
        stack,
        wire.request("GET", '/api/tasks?x="%0a\\\x7f\xff"', 'User-Agent: a"b\\\x80\t}{', "Referer: \xff"),
    )
    line = logs.access_line(stack.log, reply.header("x-request-id"))
    assert str(reply.status) in json.dumps(line)


def test_the_request_id_is_one_in_response_problem_and_log(stack, anyone):
    response = anyone.get()
    request_id = response.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)
    assert response.json()["request_id"] == request_id
    logs.access_line(stack.log, request_id)


def test_a_clients_own_request_id_is_not_taken(stack, anyone):
    given = "f" * 32
    response = anyone.get(headers={"X-Request-Id": given, "Request-Id": given})
    assert response.headers["x-request-id"] != given
    assert response.json()["request_id"] != given


def test_ids_of_requests_differ(anyone):
    assert len({anyone.get().headers["x-request-id"] for _ in range(10)}) == 10


def test_no_log_holds_a_token_a_secret_a_body_or_a_password(stack):
    marker = tokens.unique("marker")
    api = stack.user(sub=marker + "-user")
    api.create(marker + "-title", description=marker + "-description")
    api.put("/api/tasks/0", {"title": marker + "-title"})
    refused = api.get(headers={"Authorization": f"Bearer {api.token}x"})
    assert refused.status_code == 401
    last = api.get().headers["x-request-id"]
    logs.access_line(stack.log, last)
    settings = stack.settings
    secrets = [
        api.token,
        api.token.split(".")[2],
        settings["BETTER_AUTH_SECRET"],
        marker + "-title",
        marker + "-description",
    ]
    for name in ("DATABASE_URL", "DATABASE_URL_DIRECT"):
        password = re.match(r"[a-z]+://[^:/@]*:([^@]*)@", settings[name])
        secrets += [password.group(1)] if password and len(password.group(1)) > 6 else []
    for name, text in logs.texts(stack.log).items():
        for secret in secrets:
            assert secret not in text, f"{name} holds a secret"
    assert settings["BETTER_AUTH_SECRET"] not in stack.up_output


def test_no_process_shows_a_secret_on_its_command_line(stack):
    secret = stack.secret
    for pid, line in processes_of(stack.state).items():
        assert secret not in line, pid
