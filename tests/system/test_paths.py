"""Ids, methods, unknown paths, and the /api/{user_id}/tasks spelling."""

from urllib.parse import quote

import pytest

from harness import tokens
from harness.client import path_of

# One of each kind; tests/unit/http_router_test.cpp has them all.
NO_IDS = ["0", "999999999999", str(2**53), str(2**63), "9" * 400, "abc", "1%20", "１"]


def without_request_id(response):
    return {k: v for k, v in response.json().items() if k != "request_id"}


def by_id(api, path):
    """The answers of every endpoint that names a task."""
    return [
        api.get(path),
        api.put(path, {"title": "changed"}),
        api.patch(path + "/complete"),
        api.patch(path + "/complete", {"completed": True}),
        api.delete(path),
    ]


@pytest.mark.parametrize("task_id", NO_IDS)
def test_an_id_that_cannot_be_is_a_missing_task(alice, task_id):
    missing = without_request_id(alice.get("/api/tasks/424242424242"))
    for response in by_id(alice, f"/api/tasks/{task_id}"):
        assert response.status_code == 404, response.request.method
        assert without_request_id(response) == missing


def test_another_users_task_is_answered_as_a_missing_one(alice, bob):
    task = alice.create()
    missing = by_id(bob, "/api/tasks/424242424242")
    for other, none in zip(by_id(bob, path_of(task)), missing, strict=True):
        assert other.status_code == 404
        assert without_request_id(other) == without_request_id(none)
        different = {k for k in other.headers if other.headers[k] != none.headers.get(k)}
        assert different <= {"date", "x-request-id"}
    assert alice.get(path_of(task)).json() == task


METHODS = {
    "/api/tasks": {"GET", "HEAD", "POST", "DELETE"},
    "/api/tasks/": {"GET", "HEAD", "POST", "DELETE"},
    "/api/tasks/1": {"GET", "HEAD", "PUT", "PATCH", "DELETE"},
    "/api/tasks/stats": {"GET", "HEAD"},
    "/api/tasks/1/complete": {"PATCH"},
}


# Every path with every method: tests/unit/http_router_test.cpp.
@pytest.mark.parametrize(
    "method, path",
    [("PUT", "/api/tasks"), ("PATCH", "/api/tasks/"), ("POST", "/api/tasks/1"), ("GET", "/api/tasks/1/complete"),
     ("PROPFIND", "/api/tasks"), ("FOO", "/api/tasks/1"), ("PUT", "/api/tasks/stats")],
)  # fmt: skip
def test_any_other_method_is_405_with_allow(alice, path, method):
    response = alice.request(method, path)
    assert response.status_code == 405
    assert response.json()["error_type"] == "method_not_allowed"
    assert {m.strip() for m in response.headers["allow"].split(",")} - {"OPTIONS"} == METHODS[path]


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/none", "/api/tasks/1/done", "/api/tasks/1/complete/x", "/api/v2/x/y"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404(alice, path, method):
    response = alice.request(method, path)
    assert response.status_code == 404
    assert response.json()["error_type"] == "not_found_error"


@pytest.mark.parametrize(
    "sub", ["plain", "with space", "a/b", "ü@例え.テスト", "100%", "a+b", "tasks", "?x=1#y", "%41"]
)
def test_the_path_may_name_the_tokens_user(stack, sub):
    api = stack.user(sub=tokens.unique(sub))
    base = f"/api/{quote(api.sub, safe='')}/tasks"
    created = api.post({"title": "t"}, path=base)
    task = created.json()
    assert created.status_code == 201 and task["user_id"] == api.sub
    path = f"{base}/{task['id']}"
    assert api.get(base).json() == api.get(base + "/").json() == api.tasks() == [task]
    assert api.get(f"{base}?status=completed").json() == []
    assert api.get(path).json() == task
    assert api.put(path, {"title": "changed"}).json()["title"] == "changed"
    assert api.patch(path + "/complete").json()["completed"] is True
    assert api.request("HEAD", path).status_code == 200
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    api.close()


def test_the_path_of_another_user_is_forbidden_whatever_follows(alice, bob):
    task = bob.create()
    base = f"/api/{bob.sub}/tasks"
    path = f"{base}/{task['id']}"
    for response in (
        alice.get(base),
        alice.post({"title": "t"}, path=base),
        *by_id(alice, path),
        alice.get(f"{base}/0"),
    ):
        assert response.status_code == 403, response.request.method
        assert response.json()["error_type"] == "authorization_error"
    assert bob.tasks() == [task]


def test_a_user_in_the_path_is_compared_exactly(stack):
    api = stack.user(sub=tokens.unique("Case"))
    for other in (api.sub.lower(), api.sub + "%20", api.sub[:-1], "%20" + api.sub):
        assert api.get(f"/api/{other}/tasks").status_code == 403, other
    api.close()


def test_the_path_needs_a_token_before_it_tells_anything(anyone):
    assert anyone.get("/api/somebody/tasks").status_code == 401


def test_api_auth_is_never_a_user(stack):
    api = stack.user(sub="auth")
    for path in ("/api/auth/tasks", "/api/auth/tasks/1"):
        assert api.get(path).status_code == 404, "Better Auth's own path was served as a user's tasks"
    api.close()
