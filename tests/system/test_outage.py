"""Without a worker nginx answers by itself, in the contract's shape."""

import os
import signal

import pytest

from harness.processes import is_alive, wait_for
from harness.stack import ORIGINS


@pytest.fixture
def abandoned(new_stack):
    """nginx whose master has gone."""
    stack = new_stack(workers=1)
    stack.expected_alarm = "connect() to unix:"  # the socket is gone with its owner
    master = stack.pid("master")
    os.kill(master, signal.SIGTERM)
    wait_for(lambda: not is_alive(master), "the master to leave")
    return stack


def test_without_workers_every_api_call_is_a_json_502(abandoned):
    api = abandoned.user()
    for origin in (ORIGINS[0], "https://evil.example", None):
        headers = {"Origin": origin} if origin else {}
        for path in ("/api/tasks", "/healthz", "/readyz"):
            response = api.http.get(path, headers=headers)
            assert response.status_code == 502
            problem = response.json()
            assert list(problem) == ["detail", "message", "status_code", "error_type", "request_id"]
            assert problem["request_id"] == response.headers["x-request-id"]
            allowed = response.headers.get("access-control-allow-origin")
            assert allowed == (origin if origin in ORIGINS else None)
            assert "strict-transport-security" in response.headers
    assert api.http.get("/docs/", follow_redirects=True).status_code == 200, "static files need no worker"
    assert (
        api.http.options(
            "/api/tasks", headers={"Origin": ORIGINS[0], "Access-Control-Request-Method": "GET"}
        ).status_code
        == 204
    )
    api.close()
