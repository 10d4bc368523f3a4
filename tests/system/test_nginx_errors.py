"""What nginx answers by itself has the contract's shape too, and the same headers."""

import json
import socket

import pytest

from harness import contract, wire

SECURITY = [
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "content-security-policy",
    "cross-origin-resource-policy",
]


def check(reply, status, error_type):
    headers = {k.lower(): v for k, v in reply.headers}
    assert reply.status == status, reply
    problem = contract.check_error(status, headers, reply.body)
    assert problem["error_type"] == error_type
    for name in SECURITY:
        assert name in headers, f"{name} on {status}"
    return problem


MALFORMED = {
    "request line": b"GET /api/tasks\x01 HTTP/1.1 extra\r\nHost: x\r\n\r\n",
    "method": b"G@T /api/tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "version": b"GET /api/tasks HTTP/1.x\r\nHost: x\r\n\r\n",
    "no host": b"GET /api/tasks HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /api/tasks HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "bad host": b"GET /api/tasks HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "header": b"GET /api/tasks HTTP/1.1\r\nHost: x\r\nBad\x00Name: x\r\n\r\n",
    "content length": b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n",
    "two lengths": b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length and chunks": (
        b"POST /api/tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "two tokens": wire.request("GET", "/api/tasks", "Authorization: Bearer a", "Authorization: Bearer b"),
    "40 KB header": wire.request("GET", "/api/tasks", "X-Long: " + "x" * 40_000),
    "lower case method": wire.request("get", "/api/tasks"),
    "U+0000": wire.request("GET", "/api/tasks/1%00"),
    "escape": wire.request("GET", "/api/%zz"),
}


@pytest.mark.parametrize("fault", MALFORMED)
def test_a_malformed_request_is_a_json_400(stack, fault):
    check(wire.talk(stack, MALFORMED[fault]), 400, "validation_error")


def test_plain_http_on_the_tls_port_is_a_400_that_a_client_can_read(stack):
    with socket.create_connection(("127.0.0.1", stack.port), 5) as connection:
        connection.sendall(wire.request("GET", "/api/tasks"))
        reply = wire.read_reply(connection)
    assert reply.status == 400
    assert json.loads(reply.body)["error_type"] == "validation_error"


def test_a_40_kb_url_is_a_json_414(stack):
    check(wire.talk(stack, wire.request("GET", "/api/tasks?x=" + "x" * 40_000)), 414, "validation_error")


@pytest.mark.parametrize(
    "headers", [["Content-Length: 300000"], ["Transfer-Encoding: chunked"]], ids=["declared", "chunked"]
)
@pytest.mark.smoke
def test_a_body_past_the_limit_is_a_json_413(stack, headers):
    body = b"x" * 300_000
    if "chunked" in headers[0]:
        body = b"493e0\r\n" + body + b"\r\n0\r\n\r\n"
    reply = wire.talk(
        stack, wire.request("POST", "/api/tasks", "Content-Type: application/json", *headers, body=body)
    )
    check(reply, 413, "payload_too_large")


def test_an_unknown_path_outside_the_api_is_404(stack, anyone):
    response = anyone.get("/no/such/page")
    assert response.status_code == 404
    assert response.json()["error_type"] == "not_found_error"


def test_trace_is_refused_as_json(stack):
    reply = wire.talk(stack, wire.request("TRACE", "/api/tasks"))
    check(reply, 405, "method_not_allowed")


@pytest.mark.parametrize(
    "path", ["/api/tasks", "/healthz", "/readyz", "/docs/", "/", "/no/such/page", "/openapi.json"]
)
def test_security_headers_are_on_every_answer(stack, path):
    reply = wire.talk(stack, wire.request("GET", path))
    for name in SECURITY:
        assert reply.header(name), f"{name} on {path} ({reply.status})"
        assert "," not in reply.header(name) or name in (
            "content-security-policy",
        ), f"{name} twice on {path}"
    assert reply.header("x-content-type-options") == "nosniff"
    assert "max-age=" in reply.header("strict-transport-security")


def test_the_servers_version_is_not_told(stack, anyone):
    for path in ("/api/tasks", "/no/such/page", "/"):
        assert "/" not in anyone.http.get(path).headers.get("server", "")


def test_the_plain_port_redirects_pages(stack):
    reply = wire.talk(stack, wire.request("GET", "/some/page?x=1"), tls=False)
    assert reply.status == 301
    assert reply.header("location").startswith("https://")
    assert reply.header("location").endswith(f":{stack.port}/some/page?x=1")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_the_plain_port_refuses_api_calls_rather_than_redirect_a_token(stack, method):
    for headers in ([], ["Authorization: Bearer x"]):
        reply = wire.talk(stack, wire.request(method, "/api/tasks", *headers), tls=False)
        assert reply.status == 403
        assert reply.header("location") is None
        assert list(reply.json()) == contract.ERROR_KEYS and reply.json()["error_type"] == "authorization_error"


def test_the_plain_port_lets_acme_challenges_through(stack):
    reply = wire.talk(stack, wire.request("GET", "/.well-known/acme-challenge/none"), tls=False)
    assert reply.status == 404
