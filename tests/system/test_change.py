"""PUT, PATCH …/complete and DELETE."""

import pytest

from harness.client import path_of


@pytest.fixture
def task(alice):
    return alice.create("before", description="text")


@pytest.mark.parametrize(
    "change",
    [{"title": "after"}, {"description": "other"}, {"description": ""}, {"description": None}, {"completed": True},
     {"title": "after", "description": "other", "completed": True}],
)  # fmt: skip
@pytest.mark.smoke
def test_put_changes_the_fields_present_and_no_other(alice, task, change):
    response = alice.put(path_of(task), change)
    changed = response.json()
    assert response.status_code == 200
    assert changed == {**task, **change, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > task["updated_at"]
    assert alice.get(path_of(task)).json() == changed


def test_put_of_an_empty_object_changes_nothing_at_all(alice, task):
    response = alice.put(path_of(task), {})
    assert response.status_code == 200
    assert response.json() == task
    assert alice.get(path_of(task)).json() == task


def test_put_of_unknown_fields_alone_changes_nothing_at_all(alice, task):
    assert (
        alice.put(path_of(task), {"priority": 1, "user_id": "x", "id": 1, "created_at": "now"}).json() == task
    )


def test_put_trims_the_title(alice, task):
    assert alice.put(path_of(task), {"title": "\u2003 after \n"}).json()["title"] == "after"


@pytest.mark.parametrize(
    "field, value",
    [("title", None), ("title", "x" * 201), ("description", "x" * 10_001), ("completed", "true")],
)  # fmt: skip
def test_put_refuses_what_a_field_cannot_be(alice, task, field, value):
    valid = {"title": "other"} if field != "title" else {"completed": True}
    response = alice.put(path_of(task), {**valid, field: value})
    assert response.status_code == 400
    assert [e["loc"] for e in response.json()["errors"]] == [["body", field]]
    assert alice.get(path_of(task)).json() == task


@pytest.mark.parametrize("body", [None, b"", {}, {"priority": 1}])
@pytest.mark.smoke
def test_complete_without_a_value_toggles(alice, task, body):
    path = path_of(task) + "/complete"
    for expected in (True, False, True):
        response = alice.patch(path, body)
        assert response.status_code == 200
        assert response.json()["completed"] is expected
    assert alice.get(path_of(task)).json()["completed"] is True


@pytest.mark.parametrize("value", [True, False])
def test_complete_with_a_value_sets_however_often_it_is_sent(alice, task, value):
    for _ in range(2):
        response = alice.patch(path_of(task) + "/complete", {"completed": value})
        assert response.status_code == 200
        assert response.json()["completed"] is value


def test_complete_moves_updated_at_alone(alice, task):
    changed = alice.patch(path_of(task) + "/complete").json()
    assert changed == {**task, "completed": True, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > task["updated_at"]


def test_complete_refuses_what_is_no_boolean(alice, task):
    response = alice.patch(path_of(task) + "/complete", {"completed": "true"})
    assert response.status_code == 400
    assert [e["loc"] for e in response.json()["errors"]] == [["body", "completed"]]
    assert alice.get(path_of(task)).json() == task


@pytest.mark.smoke
def test_a_deleted_task_is_gone(alice, task):
    other = alice.create("other")
    response = alice.delete(path_of(task))
    assert (response.status_code, response.content) == (204, b"")
    assert "content-type" not in response.headers
    assert alice.get(path_of(task)).status_code == 404
    assert alice.delete(path_of(task)).status_code == 404
    assert alice.tasks() == [other]


def test_ids_are_not_used_again(alice):
    first = alice.create()
    alice.delete(path_of(first))
    assert alice.create()["id"] > first["id"]
