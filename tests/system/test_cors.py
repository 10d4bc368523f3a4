"""CORS: exact origins, on every answer, nginx's own included."""

import pytest

from harness import wire
from harness.stack import ORIGINS

FOREIGN = [
    "https://evil.example", "https://app.example.com.evil.example", "https://app.example.com:8443", "null",
    "http://app.example.com", "https://APP.example.com", "https://xapp.example.com", "https://appxexample.com", "*",
]  # fmt: skip

MAY_BE_SENT = {
    "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-requested-with", "baggage", "sentry-trace",
    "traceparent", "tracestate",
}  # fmt: skip
ALLOW = {
    "/api/tasks": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/tasks/": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/tasks/1": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/api/tasks/stats": "GET, HEAD, OPTIONS",
    "/api/tasks/1/complete": "PATCH, OPTIONS",
    "/api/tasks/1/toggle-complete": "PATCH, OPTIONS",
    "/api/alice/tasks": "GET, HEAD, POST, DELETE, OPTIONS",
    "/api/alice/tasks/1": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
    "/api/alice/tasks/stats": "GET, HEAD, OPTIONS",
    "/api/alice/tasks/1/complete": "PATCH, OPTIONS",
}


def cors(headers):
    return {k.lower(): v for k, v in headers.items() if k.lower().startswith("access-control-")}


def varies_by_origin(headers):
    return "origin" in headers.get("vary", "").lower()


def visits(alice, anyone, origin):
    """(status, headers) of one answer of every kind."""
    given = {"Origin": origin} if origin else {}
    plain_type = {**given, "Content-Type": "text/plain"}
    task = alice.create()
    yield 200, alice.get(headers=given)
    yield 201, alice.request("POST", "/api/tasks", json={"title": "t"}, headers=given)
    yield 204, alice.delete(f"/api/tasks/{task['id']}", headers=given)
    yield 400, alice.get("/api/tasks?status=none", headers=given)
    yield 401, anyone.get(headers=given)
    yield 403, alice.get("/api/somebody/tasks", headers=given)
    yield 404, alice.get("/api/tasks/999999999999", headers=given)
    yield 404, alice.get("/api/nothing", headers=given)
    yield 405, alice.request("PUT", "/api/tasks", headers=given)
    yield 413, alice.request("POST", "/api/tasks", content=b"x" * 300_000, headers=given)
    yield 415, alice.request("POST", "/api/tasks", content=b"x", headers=plain_type)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_listed_origin_may_read_every_answer(alice, anyone, origin):
    for status, response in visits(alice, anyone, origin):
        assert response.status_code == status
        assert response.headers.get("access-control-allow-origin") == origin, status
        assert response.headers.get("access-control-allow-credentials") == "true", status
        assert varies_by_origin(response.headers), status


def test_a_listed_origin_may_read_the_headers_that_matter(alice):
    exposed = alice.get(headers={"Origin": ORIGINS[0]}).headers["access-control-expose-headers"].lower()
    for name in ("etag", "idempotency-replayed", "link", "location", "retry-after", "x-request-id"):
        assert name in exposed


def test_a_foreign_origin_gets_no_cors_header_on_any_answer(alice, anyone):
    for status, response in visits(alice, anyone, FOREIGN[0]):
        assert response.status_code == status
        assert cors(response.headers) == {}, status
        assert varies_by_origin(response.headers), status


@pytest.mark.parametrize("origin", FOREIGN)
def test_origins_are_compared_exactly(alice, origin):
    assert cors(alice.get(headers={"Origin": origin}).headers) == {}


def test_a_request_without_an_origin_gets_no_cors_header_but_varies(alice, anyone):
    for status, response in visits(alice, anyone, None):
        assert response.status_code == status
        assert cors(response.headers) == {}, status
        assert varies_by_origin(response.headers), status


@pytest.mark.parametrize(
    "path", ["/api/tasks", "/api/tasks/", "/api/tasks/1", "/api/tasks/1/complete", "/api/somebody/tasks", "/api/auth/token"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.smoke
def test_a_preflight_of_a_listed_origin_is_204(anyone, path, method):
    asked = {
        "Origin": ORIGINS[1],
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": ",".join(sorted(MAY_BE_SENT)),
    }
    response = anyone.request("OPTIONS", path, headers=asked)
    assert (response.status_code, response.content) == (204, b"")
    allowed = cors(response.headers)
    assert allowed["access-control-allow-origin"] == ORIGINS[1]
    assert allowed["access-control-allow-credentials"] == "true"
    methods = {m.strip() for m in allowed["access-control-allow-methods"].split(",")}
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= methods
    headers = {h.strip().lower() for h in allowed["access-control-allow-headers"].split(",")}
    assert headers >= MAY_BE_SENT
    assert int(allowed["access-control-max-age"]) > 0
    assert varies_by_origin(response.headers)


def test_a_preflight_of_a_foreign_origin_gets_no_cors_header(anyone):
    asked = {"Origin": FOREIGN[0], "Access-Control-Request-Method": "DELETE"}
    response = anyone.request("OPTIONS", "/api/tasks", headers=asked)
    assert cors(response.headers) == {}
    assert varies_by_origin(response.headers)


@pytest.mark.parametrize("path", ALLOW)
def test_options_without_an_origin_tells_what_this_path_may_be_asked_and_no_more(alice, path):
    response = alice.request("OPTIONS", path)
    assert (response.status_code, response.content, cors(response.headers)) == (204, b"", {})
    assert response.headers["allow"] == ALLOW[path]
    if "/alice/" not in path:  # the API's own words
        refused = alice.request(next(m for m in ("PATCH", "DELETE", "POST") if m not in ALLOW[path]), path)
        assert (refused.status_code, refused.headers["allow"] + ", OPTIONS") == (405, ALLOW[path])
    for name in ("strict-transport-security", "x-content-type-options", "content-security-policy", "x-request-id"):
        assert response.headers.get_list(name), name


def test_what_a_preflight_says_is_on_no_other_answer(alice, anyone):
    for status, response in visits(alice, anyone, ORIGINS[0]):
        assert cors(response.headers).keys() == {
            "access-control-allow-origin", "access-control-allow-credentials", "access-control-expose-headers",
        }, status  # fmt: skip
        assert ("allow" in response.headers) == (status == 405), status


def test_a_preflight_costs_a_worker_nothing(stack, anyone):
    asked = {"Origin": ORIGINS[0], "Access-Control-Request-Method": "PUT"}
    before = stack.answered("")
    assert {anyone.request("OPTIONS", "/api/tasks", headers=asked).status_code for _ in range(20)} == {204}
    assert stack.answered("") - before == {"200": 1}, "more than the look at the metrics"


@pytest.mark.parametrize("origin, allowed", [(ORIGINS[0], ORIGINS[0]), (FOREIGN[0], None)])
@pytest.mark.parametrize("fault, status", [("two tokens", 400), ("long header", 400), ("long target", 414)])
def test_what_nginx_refuses_by_itself_is_for_listed_origins_too(stack, origin, allowed, fault, status):
    given = [f"Origin: {origin}"]
    given += ["Authorization: Bearer a", "Authorization: Bearer b"] if fault == "two tokens" else []
    given += ["X-Long: " + "x" * 40_000] if fault == "long header" else []
    target = "/api/tasks?x=" + "x" * 40_000 if fault == "long target" else "/api/tasks"
    reply = wire.talk(stack, wire.request("GET", target, *given))
    assert reply.status == status
    assert reply.header("vary") == "Origin"
    # Of a request whose target does not fit nginx reads no header: no Origin, and no permission.
    assert reply.header("access-control-allow-origin") == (None if fault == "long target" else allowed)
