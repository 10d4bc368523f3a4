"""Versions of tasks and conditional requests, through nginx: ETag, If-Match, If-None-Match, PATCH, stats."""

import re
import threading

import pytest

from harness.client import path_of
from harness.contract import OPENAPI

from test_long_lists import fill

TAG = re.compile(r'"[1-9][0-9]*"$')
WEAK = re.compile(r'W/"[0-9a-f]{16}"$')


def known(tag):
    return {"If-None-Match": tag}


def of(tag):
    return {"If-Match": tag}


def test_every_answer_that_is_one_task_has_the_version(alice):
    made = alice.post({"title": "a"}, headers={"Idempotency-Key": "made"})
    path, patch = made.headers["location"], {"Content-Type": "application/merge-patch+json"}
    answers = [
        made, alice.get(path), alice.request("HEAD", path), alice.post({"title": "a"}, headers={"Idempotency-Key": "made"}),
        alice.put(path, {"title": "b"}), alice.request("PATCH", path, content=b'{"title": "c"}', headers=patch),
        alice.patch(f"{path}/complete"), alice.get(path),
    ]  # fmt: skip
    assert [each.headers["etag"] for each in answers] == [f'"{n}"' for n in (1, 1, 1, 1, 2, 3, 4, 4)]
    assert alice.get(f"/api/{alice.sub}/tasks/{path.rpartition('/')[2]}").headers["etag"] == '"4"'


def test_of_two_who_edit_at_once_the_second_is_told(stack, alice):
    other = stack.user(sub=alice.sub)
    path = path_of(alice.create("shared"))
    seen = [client.get(path).headers["etag"] for client in (alice, other)]
    mine = alice.put(path, {"title": "mine"}, headers=of(seen[0]))
    theirs = other.patch(path, {"title": "theirs"}, headers=of(seen[1]))
    assert (mine.status_code, theirs.status_code) == (200, 412)
    assert theirs.headers["etag"] == mine.headers["etag"] and theirs.json()["error_type"] == "precondition_failed"
    assert alice.get(path).json()["title"] == "mine"
    again = other.patch(path, {"title": "theirs"}, headers=of(theirs.headers["etag"]))
    assert again.status_code == 200
    other.close()


def test_of_many_at_once_one_changes_the_task(stack, alice):
    clients = [stack.user(sub=alice.sub) for _ in range(10)]
    for _ in range(5):
        path, answers = path_of(alice.create()), []
        change = [
            threading.Thread(target=lambda c=c, n=n: answers.append(c.put(path, {"title": str(n)}, headers=of('"1"'))))
            for n, c in enumerate(clients)
        ]
        for each in change:
            each.start()
        for each in change:
            each.join()
        assert sorted(each.status_code for each in answers) == [200] + [412] * 9
        assert {each.headers["etag"] for each in answers} == {'"2"'}
    for each in clients:
        each.close()


def test_every_change_can_be_bound(alice):
    path = path_of(alice.create())
    alice.put(path, {"title": "b"})
    for change in (
        lambda headers: alice.put(path, {"title": "c"}, headers=headers),
        lambda headers: alice.patch(path, {"title": "c"}, headers=headers),
        lambda headers: alice.patch(f"{path}/complete", headers=headers),
        lambda headers: alice.put(path, {}, headers=headers),
        lambda headers: alice.delete(path, headers=headers),
    ):
        refused = change(of('"1"'))
        assert refused.status_code == 412 and refused.headers["etag"] == alice.get(path).headers["etag"]
        weak = change(of(f"W/{refused.headers['etag']}"))
        assert weak.status_code == 412 and "weak" in weak.json()["detail"]
        assert change(of(f'"1", {refused.headers["etag"]}')).status_code in (200, 204)
    assert alice.put(path, {"title": "c"}, headers=of("*")).status_code == 404
    assert alice.delete(path, headers=of('"1"')).status_code == 404


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("bad", [[""], ["3"], ['"3'], ['"1"', '"2"'], ["*", '"1"'], ['"1" "2"']])
def test_a_malformed_if_match_is_refused(stack, alice, bad, http2):
    """Two headers, too: nginx refuses them by itself."""
    user = stack.user(sub=alice.sub, http2=http2)
    path = path_of(alice.create())
    for method in ("PUT", "PATCH", "DELETE"):
        content = {} if method == "DELETE" else {"json": {"title": "b"}}
        response = user.request(method, path, headers=[("If-Match", each) for each in bad], **content)
        assert response.status_code == 400, (method, bad)
        if len(bad) == 1:
            assert response.json()["errors"][0]["loc"] == ["header", "If-Match"]
    assert alice.get(path).headers["etag"] == '"1"'
    user.close()


@pytest.mark.parametrize("name", ["IfMatch", "IfNoneMatch"])
def test_the_contract_s_pattern_says_which_headers_are_taken(alice, name):
    parameter = OPENAPI["components"]["parameters"][name]
    pattern = re.compile(parameter["schema"]["pattern"])
    path = path_of(alice.create())
    for text in ('"1"', "*", 'W/"1"', '"1","2"', '"1" , W/"2",', ', "1"', '""', "1", '"1', '"1" "2"', "**", '*, "1"', '"a b"', 'w/"1"'):
        headers = {parameter["name"]: text}
        answer = alice.put(path, {}, headers=headers) if name == "IfMatch" else alice.get(path, headers=headers)
        assert (answer.status_code != 400) == bool(pattern.match(text)), text


def test_what_is_known_is_not_sent_again(alice):
    path = path_of(alice.create())
    for target in (path, "/api/tasks", "/api/tasks?status=active", f"/api/{alice.sub}/tasks", "/api/tasks/stats"):
        tag = alice.get(target).headers["etag"]
        assert (TAG if target == path else WEAK if "stats" not in target else re.compile('"[0-9a-f]{16}"$')).match(tag)
        for header in (tag, f'"x", {tag}', "*", tag.removeprefix("W/")):
            for method in ("GET", "HEAD"):
                answer = alice.request(method, target, headers=known(header))
                assert (answer.status_code, answer.content) == (304, b""), (target, header)
                assert answer.headers["etag"] == tag and "content-type" not in answer.headers
        alice.put(path, {"title": f"new of {target}"})
        assert alice.get(target, headers=known(tag)).status_code == 200
    assert alice.get(path, headers=known("1")).status_code == 400
    assert alice.get("/api/tasks/999999999", headers=known("*")).status_code == 404


@pytest.mark.parametrize("count, tagged", [(0, True), (100, True), (127, True), (128, False), (1000, False)])
def test_a_list_of_one_page_has_a_weak_tag(stack, alice, count, tagged):
    fill(stack, alice, count)
    for encoding in ("identity", "gzip"):
        answer = alice.get(headers={"Accept-Encoding": encoding})
        assert ("etag" in answer.headers) == tagged
        if tagged:
            assert WEAK.match(answer.headers["etag"])
            headers = {"Accept-Encoding": encoding, **known(answer.headers["etag"])}
            assert alice.get(headers=headers).status_code == 304


def test_a_repeated_conditional_change_gets_its_first_answer(alice):
    path = path_of(alice.create())
    headers = {**of('"1"'), "Idempotency-Key": "change"}
    first, again = (alice.put(path, {"title": "b"}, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert first.headers["etag"] == again.headers["etag"] == '"2"'
    assert again.headers["idempotency-replayed"] == "true"
    assert alice.put(path, {"title": "b"}, headers={**headers, **of('"2"')}).status_code == 409
    gone = {**of('"2"'), "Idempotency-Key": "gone"}
    assert [alice.delete(path, headers=gone).status_code for _ in range(2)] == [204, 204]


def test_stats_count_and_tell_every_change(alice):
    def stats():
        answer = alice.get("/api/tasks/stats")
        return answer.json(), answer.headers["etag"]

    assert stats()[0] == {"total": 0, "active": 0, "completed": 0}
    seen = [stats()[1]]
    paths = [path_of(alice.create()) for _ in range(3)]
    for change in (
        lambda: alice.patch(f"{paths[0]}/complete"), lambda: alice.put(paths[1], {"title": "b"}), lambda: alice.delete(paths[2]),
        lambda: alice.create(), lambda: alice.put(paths[1], {"title": "b"}),
    ):  # fmt: skip
        seen.append(stats()[1])
        change()
    seen.append(stats()[1])
    assert len(set(seen)) == len(seen)
    assert stats()[0] == {"total": 3, "active": 2, "completed": 1}
    assert alice.put("/api/tasks/stats", {}).status_code == 405
