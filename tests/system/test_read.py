"""GET and HEAD: lists, single tasks, filters."""

import pytest

from harness.client import path_of


def test_the_list_of_a_new_user_is_an_empty_array(alice):
    response = alice.get()
    assert response.json() == []
    assert response.headers["content-type"].startswith("application/json")


@pytest.mark.smoke
def test_the_list_is_a_plain_array_newest_first(alice):
    created = [alice.create(f"task {n}") for n in range(5)]
    assert alice.tasks() == created[::-1]


def test_tasks_of_one_moment_are_listed_by_descending_id(stack, alice):
    with stack.database() as connection, connection.cursor() as cursor:
        for moment, title in (("2025-01-01", "old a"), ("2025-01-02", "new"), ("2025-01-01", "old b")):
            cursor.execute(
                "insert into tasks (user_id, title, created_at, updated_at) values (%s, %s, %s, %s)",
                (alice.sub, title, moment, moment),
            )
    listed = alice.tasks()
    assert [t["title"] for t in listed] == ["new", "old b", "old a"]
    assert listed[1]["id"] > listed[2]["id"]
    assert listed[0]["created_at"] == "2025-01-02T00:00:00.000000Z"


def test_a_long_list_is_whole(stack, alice):
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into tasks (user_id, title, description)"
            " select %s, 'task ' || n, repeat('é', 2000) from generate_series(1, 3000) n",
            (alice.sub,),
        )
    tasks = alice.tasks()
    assert {t["title"] for t in tasks} == {f"task {n}" for n in range(1, 3001)}
    assert all(len(t["description"]) == 2000 for t in tasks)


@pytest.fixture
def mixed(alice):
    """Two active tasks and a completed one."""
    tasks = [alice.create(title) for title in ("one", "two", "three")]
    alice.patch(path_of(tasks[1]) + "/complete")
    return alice


ALL, ACTIVE, COMPLETED = ["three", "two", "one"], ["three", "one"], ["two"]
# One of each kind; tests/unit/tasks_filter_test.cpp and http_query_test.cpp have them all.
FILTERS = [
    ("?status=completed", COMPLETED), ("?status=active", ACTIVE), ("?completed=false", ACTIVE), ("?", ALL),
    ("?x=1&status=c%6Fmpleted&y", COMPLETED), ("?statuses=completed", ALL),
]  # fmt: skip


@pytest.mark.parametrize("query, titles", FILTERS)
def test_the_list_is_filtered(mixed, query, titles):
    assert [t["title"] for t in mixed.tasks(query)] == titles


@pytest.mark.parametrize("query", ["?status=done", "?completed=yes"])
def test_any_other_value_of_a_filter_is_refused(alice, query):
    response = alice.get(f"/api/tasks{query}")
    assert response.status_code == 400
    assert response.json()["error_type"] == "validation_error"
    assert response.json()["errors"][0]["loc"][0] == "query"


def test_a_trailing_slash_means_the_same_without_a_redirect(alice):
    task = alice.post({"title": "t"}, path="/api/tasks/").json()
    assert alice.get("/api/tasks/").json() == [task]
    assert alice.get("/api/tasks/?status=completed").json() == []


def test_head_is_get_without_the_body(alice):
    task = alice.create("t" * 100)
    for path in (
        "/api/tasks",
        path_of(task),
        "/api/tasks/999999999999",
        "/healthz",
        "/api/tasks/?status=active",
    ):
        get, head = alice.get(path), alice.request("HEAD", path)
        assert head.status_code == get.status_code
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.content == b""
        assert head.headers["content-length"] == str(len(get.content))


def test_head_needs_a_token_as_get_does(anyone):
    assert anyone.request("HEAD", "/api/tasks").status_code == 401


def test_answers_are_not_for_caches(alice):
    task = alice.create()
    for response in (alice.get(), alice.get(path_of(task))):
        assert "no-store" in response.headers.get("cache-control", ""), "one user's tasks in a shared cache"
