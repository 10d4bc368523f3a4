"""What nginx answers by itself has the contract's shape too, and the same headers."""

import json
import socket

import httpx
import pytest

from harness import contract, wire
from harness.client import path_of

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


LONG = "".join(chr(97 + n % 23) for n in range(20_000))  # some 14,000 bytes and more as HTTP/2 compresses it
LARGE = {
    "a target": (f"/api/tasks?x={LONG}", {}, 414),
    "a target of a page": (f"/docs/?x={LONG}", {}, 414),
    "a header": ("/api/tasks", {"X-Long": "Z" * 20_000}, 400),
    "a header for a page": ("/openapi.json", {"X-Long": "Z" * 20_000}, 400),
    "many headers": ("/healthz", {f"X-Long-{n}": "Z" * 1000 for n in range(20)}, 400),
}


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize("what", LARGE)
def test_a_head_of_20_kb_is_refused_alike_over_both_versions(stack, what, http2):
    path, headers, status = LARGE[what]
    api = stack.anonymous(http2=http2)
    response = api.get(path, headers=headers)
    assert (response.status_code, response.http_version) == (status, "HTTP/2" if http2 else "HTTP/1.1")
    assert response.json()["error_type"] == "validation_error"
    assert api.get("/healthz").status_code == 200
    api.close()


def test_a_head_of_15_kb_is_taken_over_both_versions(stack):
    for http2 in (False, True):
        api = stack.user(http2=http2)
        assert api.get(f"/api/tasks?x={'Z' * 7_000}", headers={"X-Long": "Z" * 7_000}).status_code == 200
        api.close()


def test_http_2_ends_the_connection_of_a_client_that_sends_a_field_past_32_kib(stack):
    api = stack.anonymous(http2=True)
    with pytest.raises(httpx.RemoteProtocolError, match="ENHANCE_YOUR_CALM|error_code:11|ConnectionTerminated"):
        api.get(headers={"X-Long": "Z" * 60_000})
    api.close()


PAGES = ["/docs/", "/openapi.json", "/openapi.yaml", "/tasks.schema.json", "/errors.schema.json"]


@pytest.mark.parametrize("path", PAGES)
def test_a_precondition_on_a_page_is_answered_by_412_or_304(anyone, path):
    page = anyone.get(path)
    etag, date = page.headers["etag"], page.headers["last-modified"]
    assert page.headers["cache-control"] == "no-cache"
    for name, value in {"If-Match": '"another"', "If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}.items():
        for method in ("GET", "HEAD"):
            refused = anyone.request(method, path, headers={name: value})
            assert refused.status_code == 412 and refused.headers["cache-control"] == "no-store"
            assert refused.headers["connection"] == "close", "nginx closes: a client must not ask there again"
        assert anyone.get(path, headers={name: value}).json()["error_type"] == "precondition_failed"
    assert anyone.get(path, headers={"If-Match": etag, "If-Unmodified-Since": date}).status_code == 200
    for name, value in {"If-None-Match": etag, "If-Modified-Since": date}.items():
        same = anyone.http.get(path, headers={name: value})
        assert (same.status_code, same.content) == (304, b"") and same.headers["cache-control"] == "no-cache"
    assert anyone.get(path, headers={"If-None-Match": '"another"'}).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_errors_of_a_page_are_in_the_contract(anyone, path):
    whole = anyone.get(path)
    beyond = anyone.get(path, headers={"Range": "bytes=99999999-"})
    assert (beyond.status_code, beyond.content) == (200, whole.content), "there are no ranges, hence no 416"
    refused = anyone.request("POST", path, content=b"{}")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert refused.headers["cache-control"] == "no-store"


def test_a_date_is_no_precondition_of_the_api(alice):
    """nginx would compare it with a Last-Modified that is not there: a write that was done is never answered 412 by it."""
    path = path_of(alice.create())
    for date in ("Mon, 01 Jan 2001 00:00:00 GMT", "never"):
        headers = {"If-Unmodified-Since": date, "If-Modified-Since": date}
        assert alice.get(path, headers=headers).status_code == 200
        assert alice.put(path, {"title": date}, headers=headers).status_code == 200
        assert alice.get(path).json()["title"] == date


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
