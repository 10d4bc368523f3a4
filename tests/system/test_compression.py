"""Long answers of the API are compressed, and what goes with tokens or passwords never is."""

import gzip

import pytest

from harness import wire
from harness.client import path_of
from harness.processes import killed_at_the_end

from test_long_lists import curl, fill


def raw(api, path="/api/tasks", method="GET", **headers):
    """(headers, body as it came)."""
    sent = {"Authorization": f"Bearer {api.token}", "Accept-Encoding": "gzip", **headers}
    with api.http.stream(method, path, headers=sent) as response:
        return response.headers, b"".join(response.iter_raw())


@pytest.mark.parametrize("count", [40, 500])  # with a Content-Length from the worker, and without
def test_a_long_list_is_compressed_for_who_takes_it(stack, alice, count):
    fill(stack, alice, count)
    plain_headers, plain = raw(alice, **{"Accept-Encoding": "identity"})
    headers, body = raw(alice)
    assert headers["content-encoding"] == "gzip" and gzip.decompress(body) == plain
    assert len(body) < len(plain) / 4
    assert "content-encoding" not in plain_headers
    for each in (headers, plain_headers):
        assert {*each["vary"].replace(" ", "").split(",")} == {"Origin", "Accept-Encoding"}
        assert each["cache-control"] == "no-store" and "etag" not in each
    assert alice.get().content == plain
    # A proxy in front says so; one that has not decided itself gets it compressed, too.
    assert raw(alice, Via="1.1 edge")[0]["content-encoding"] == "gzip"


def test_what_is_short_is_not_compressed(alice):
    task = alice.create()
    for path in ("/api/tasks", path_of(task), "/api/tasks/none"):
        headers, body = raw(alice, path)
        assert "content-encoding" not in headers and int(headers["content-length"]) == len(body)


def test_a_long_task_is_compressed(alice):
    task = alice.create(description="long " * 1000)
    headers, body = raw(alice, path_of(task))
    assert headers["content-encoding"] == "gzip" and len(body) < 1000


def test_head_of_a_long_list_has_the_headers_and_no_body(stack, alice):
    fill(stack, alice, 500)
    headers, body = raw(alice, method="HEAD")
    assert headers["content-encoding"] == "gzip" and "content-length" not in headers
    assert body == b""


def test_http_1_0_gets_it_as_it_is(stack, alice):
    fill(stack, alice, 500)
    with killed_at_the_end(curl(stack, alice, "--http1.0", "-H", "Accept-Encoding: gzip")) as client:
        body = client.communicate(timeout=60)[0]
    assert body == alice.get().content


def test_nothing_below_api_auth_is_compressed(stack):
    reply = wire.talk(stack, wire.request("GET", "/api/auth/ok", "Accept-Encoding: gzip"))
    assert reply.header("content-encoding") is None
