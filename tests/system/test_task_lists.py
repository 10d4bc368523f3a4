"""Pages, order and search of lists, and the deletion of many tasks, through nginx.

tests/unit/tasks_pages_test.cpp has every value that is refused, tests/store/task_pages_test.cpp every order."""

import re
import urllib.parse

import pytest

from harness import logs, wire
from harness.client import path_of
from harness.stack import ORIGINS


def next_of(response):
    """Where the Link header leads, or None."""
    link = response.headers.get("link")
    return link and re.fullmatch(r'<([^<> ]+)>; rel="next"', link)[1]


def walk(api, path):
    """The titles of each page."""
    pages = []
    while path:
        assert len(pages) < 20
        response = api.get(path)
        assert response.status_code == 200, response.text
        pages.append([task["title"] for task in response.json()])
        path = next_of(response)
    return pages


@pytest.fixture
def five(alice):
    for title in ("delta", "Alpha", "charlie", "bravo", "écho"):
        task = alice.create(title)
    alice.patch(path_of(task) + "/toggle-complete")
    return alice


@pytest.mark.smoke
def test_pages_follow_each_other_by_link(five):
    assert walk(five, "/api/tasks?limit=2") == [["écho", "bravo"], ["charlie", "Alpha"], ["delta"]]
    assert walk(five, "/api/tasks?limit=2&sort=title") == [["Alpha", "bravo"], ["charlie", "delta"], ["écho"]]
    assert walk(five, "/api/tasks?limit=3&status=active&order=asc") == [["delta", "Alpha", "charlie"], ["bravo"]]
    assert walk(five, "/api/tasks?limit=4&sort=completed&order=asc") == [["delta", "Alpha", "charlie", "bravo"], ["écho"]]


def test_the_link_keeps_the_path_as_it_was_asked(stack):
    api = stack.user(sub="auth0|" + "ä>b" + urllib.parse.quote("x" * 20))
    for title in ("a", "b"):
        api.create(title)
    path = f"/api/{urllib.parse.quote(api.sub, safe='')}/tasks/"
    response = api.get(f"{path}?limit=1")
    assert next_of(response).startswith(f"{path}?limit=1&cursor=")
    assert walk(api, f"{path}?limit=1") == [["b"], ["a"]]
    api.close()


def test_a_page_is_known_until_it_changes_or_what_follows_it(five):
    page = five.get("/api/tasks?limit=4")
    known = {"If-None-Match": page.headers["etag"]}
    assert known["If-None-Match"].startswith('W/"')
    unchanged = five.get("/api/tasks?limit=4", headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    five.delete(path_of(five.get("/api/tasks?order=asc").json()[0]))
    last = five.get("/api/tasks?limit=4", headers=known)
    assert last.status_code == 200 and last.json() == page.json()
    assert next_of(page) and not next_of(last)


def test_a_search_finds_any_case_and_means_what_it_says(five):
    five.create("100% sure", description="ÉTÉ in it")
    for query, found in (("ÉCHO", ["écho"]), ("été", ["100% sure"]), ("%25", ["100% sure"]), ("_", []), ("a", ["bravo", "charlie", "Alpha", "delta"])):
        assert walk(five, f"/api/tasks?q={query}") == [found]
    assert walk(five, "/api/tasks?q=a&limit=3") == [["bravo", "charlie", "Alpha"], ["delta"]]


def test_head_has_the_link_too(five):
    get, head = (five.request(method, "/api/tasks?limit=2") for method in ("GET", "HEAD"))
    assert head.headers["link"] == get.headers["link"]
    assert head.headers["content-length"] == str(len(get.content))


def test_a_browser_of_a_listed_origin_may_read_the_link(five):
    response = five.get("/api/tasks?limit=1", headers={"Origin": ORIGINS[0]})
    assert "Link" in response.headers["access-control-expose-headers"].split(", ")


@pytest.mark.parametrize("query, name", [
    ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=2&limit=2", "limit"), ("offset=1", "offset"),
    ("limit=1&offset=1000001", "offset"), ("sort=id", "sort"), ("order=up", "order"), ("q=", "q"), ("q=%FF", "q"),
    ("q=" + "x" * 201, "q"), ("cursor=AAAA", "cursor"), ("cursor=" + "A" * 5000, "cursor"), ("q=%00", "q"),
], ids=lambda value: value[:20])  # fmt: skip
def test_another_value_of_a_parameter_is_refused(alice, query, name):
    response = alice.get(f"/api/tasks?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["loc"] == ["query", name]


def test_a_cursor_is_of_one_list_and_shows_nobody_else_s_tasks(five, bob):
    cursor = next_of(five.get("/api/tasks?limit=1")).split("cursor=")[1]
    assert five.get(f"/api/tasks?cursor={cursor}&sort=title").status_code == 400
    assert len(five.tasks(f"?cursor={cursor}")) == 4
    assert bob.tasks(f"?cursor={cursor}") == []


def test_a_page_of_long_descriptions_is_whole(stack, alice):
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into tasks (user_id, title, description)"
            " select %s, 'task ' || n, repeat('é', case when n %% 3 = 0 then 10000 else 10 end)"
            " from generate_series(1, 700) n",
            (alice.sub,),
        )
    whole = alice.tasks()
    assert alice.tasks("?limit=1000") == whole
    assert sorted(alice.tasks("?sort=title"), key=lambda task: -task["id"]) == whole
    assert alice.tasks("?limit=300&offset=100") == whole[100:400]


def test_many_are_deleted_by_their_status(five, bob):
    kept = bob.create("theirs")
    assert five.delete("/api/tasks").status_code == 400
    assert five.delete("/api/tasks?status=all&q=alpha").status_code == 400
    assert len(five.tasks()) == 5
    assert five.delete("/api/tasks?status=completed").json() == {"deleted": 1}
    assert five.delete(f"/api/{five.sub}/tasks?status=active").json() == {"deleted": 4}
    assert five.delete("/api/tasks?status=all").json() == {"deleted": 0}
    assert five.tasks() == [] and bob.tasks() == [kept]


def test_a_deletion_of_many_needs_a_token_and_the_users_own_path(five, anyone):
    assert anyone.delete("/api/tasks?status=all").status_code == 401
    assert five.delete("/api/somebody/tasks?status=all").status_code == 403
    assert len(five.tasks()) == 5


def test_toggle_complete_is_complete(alice):
    path = path_of(alice.create()) + "/toggle-complete"
    assert [alice.patch(path).json()["completed"] for _ in range(2)] == [True, False]
    assert alice.patch(path, {"completed": True}).json()["completed"]
    response = alice.get(path)
    assert response.status_code == 405 and response.headers["allow"] == "PATCH"


def test_what_is_searched_for_is_in_no_log(stack, alice):
    reply = wire.talk(stack, wire.request("GET", "/api/tasks?limit=1&q=private", f"Authorization: Bearer {alice.token}"))
    assert reply.status == 200
    assert logs.access_line(stack.log, reply.header("x-request-id"))["uri"] == "/api/tasks?(...)"
    assert "q=private" not in "".join(logs.texts(stack.log).values())
