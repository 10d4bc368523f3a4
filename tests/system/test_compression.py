"""Long answers of the API are compressed, and what goes with tokens or passwords never is."""

import gzip

import pytest

from harness import wire
from harness.client import path_of
from harness.processes import killed_at_the_end

from test_long_lists import curl, fill


def raw(api, path="/api/tasks", method="GET", body=None, **headers):
    """(headers, body as it came)."""
    sent = {"Authorization": f"Bearer {api.token}", "Accept-Encoding": "gzip", **headers}
    with api.http.stream(method, path, headers=sent, content=body) as response:
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
        assert each["cache-control"] == "no-store" and each.get("etag") == headers.get("etag")
    assert ("etag" in headers) == (count == 40)  # weak, and as it is without compression
    assert alice.get().content == plain
    # A proxy in front says so; one that has not decided itself gets it compressed, too.
    assert raw(alice, Via="1.1 edge")[0]["content-encoding"] == "gzip"


def test_what_is_short_is_not_compressed(alice):
    task = alice.create()
    for path in ("/api/tasks", path_of(task), "/api/tasks/none"):
        headers, body = raw(alice, path)
        assert "content-encoding" not in headers and int(headers["content-length"]) == len(body)


def test_a_task_is_never_compressed(alice):
    """However long it is: its ETag is strong, and If-Match has to find it."""
    path = path_of(alice.create(description="long " * 1000))
    for each in (path, f"/api/{alice.sub}/tasks/{path.rpartition('/')[2]}", f"{path}/"):
        headers, body = raw(alice, each)
        assert "content-encoding" not in headers and len(body) > 4096
        assert headers["etag"] == '"1"'
    headers, _ = raw(alice, path, "PATCH", **{"If-Match": '"1"', "Content-Type": "application/json"}, body=b'{"completed": true}')
    assert "content-encoding" not in headers and headers["etag"] == '"2"'


def test_a_user_whose_id_has_a_slash_has_tasks_that_are_not_compressed(stack):
    user = stack.user(sub="a/tasks")
    task = user.create(description="long " * 1000)
    headers, _ = raw(user, f"/api/a%2Ftasks/tasks/{task['id']}")
    assert "content-encoding" not in headers and headers["etag"] == '"1"'
    user.close()


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
