"""POST /api/tasks."""

import json
import re

import pytest

from harness.client import path_of

# Unicode's White_Space property, all of it.
WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
ASTRAL = "\U0001f4dd"


def escaped(text):
    """JSON in which every astral character is twelve bytes, a pair of escapes."""
    return json.dumps(text, ensure_ascii=True)


@pytest.mark.smoke
def test_a_task_is_created_with_its_location(alice):
    response = alice.post({"title": "Buy milk", "description": "two litres"})
    task = response.json()
    assert response.status_code == 201
    assert list(task) == ["id", "user_id", "title", "description", "completed", "created_at", "updated_at"]
    assert task["user_id"] == alice.sub
    assert (task["title"], task["description"], task["completed"]) == ("Buy milk", "two litres", False)
    assert 1 <= task["id"] < 2**53
    location = response.headers["location"]
    assert location.removeprefix(alice.stack.url) == path_of(task)
    assert alice.get(location).json() == task


def test_both_times_are_equal_utc_microseconds(alice):
    task = alice.create()
    assert task["created_at"] == task["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", task["created_at"])


@pytest.mark.parametrize(
    "body, stored", [({}, None), ({"description": None}, None), ({"description": ""}, "")]
)
def test_an_absent_description_is_null_and_an_empty_one_stays_empty(alice, body, stored):
    task = alice.create(**body)
    assert task["description"] == stored
    assert alice.get(path_of(task)).json()["description"] == stored


def test_a_description_is_kept_as_sent(alice):
    text = " \u3000 leading, inner\t\r\n\u2028 and trailing \n "
    assert alice.create(description=text)["description"] == text


# What a field may be, case by case: tests/unit/tasks_json_read_test.cpp. Here: that the worker asks it, and the database
# counts as it does.
@pytest.mark.parametrize("title", [WHITE_SPACE, ASTRAL * 201])
def test_a_title_outside_1_to_200_code_points_is_refused(alice, title):
    response = alice.post({"title": title})
    assert response.status_code == 400
    assert [e["loc"] for e in response.json()["errors"]] == [["body", "title"]]
    assert alice.tasks() == []


@pytest.mark.parametrize("title", ["x", "x" * 200, ASTRAL * 200, "e\u0301" * 100])
@pytest.mark.parametrize(
    "encode", [lambda t: json.dumps(t, ensure_ascii=False), escaped], ids=["raw", "escaped"]
)
def test_a_title_of_up_to_200_code_points_is_taken(alice, title, encode):
    response = alice.post(f'{{"title":{encode(WHITE_SPACE + title + WHITE_SPACE)}}}'.encode())
    assert response.status_code == 201
    assert response.json()["title"] == title


@pytest.mark.parametrize(
    "encode", [lambda t: json.dumps(t, ensure_ascii=False), escaped], ids=["raw", "escaped"]
)
def test_a_description_is_bounded_at_10_000_code_points(alice, encode):
    fits, too_long = ASTRAL * 10_000, ASTRAL * 10_001
    response = alice.post(f'{{"title":"t","description":{encode(fits)}}}'.encode())
    assert response.status_code == 201
    assert response.json()["description"] == fits
    refused = alice.post(f'{{"title":"t","description":{encode(too_long)}}}'.encode())
    assert refused.status_code == 400
    assert [e["loc"] for e in refused.json()["errors"]] == [["body", "description"]]


@pytest.mark.smoke
def test_a_missing_title_is_refused(alice):
    response = alice.post({"description": "no title"})
    assert response.status_code == 400
    assert [e["loc"] for e in response.json()["errors"]] == [["body", "title"]]


def test_all_mistakes_of_a_body_are_told_at_once(alice):
    response = alice.post({"title": "", "description": 7})
    assert [e["loc"][-1] for e in response.json()["errors"]] == ["title", "description"]


def test_unknown_fields_are_ignored_and_identity_cannot_be_given(alice):
    task = alice.create(
        "t", id=7, user_id="someone-else", priority="high", tags=["a", {"b": None}], due_date=None,
        created_at="2001-01-01T00:00:00Z", updated_at=5,
    )  # fmt: skip
    assert task["user_id"] == alice.sub
    assert task["created_at"] > "2026" and task["updated_at"] == task["created_at"]


@pytest.mark.parametrize(
    "title",
    [
        "Robert'); DROP TABLE tasks;--",
        "\\",
        '"quoted"',
        "\x01\x7f",
        "\ufffe\U0010ffff",
        "𝒳 مرحبا 你好",
        "$1 %s {}",
    ],
)
def test_any_text_comes_back_as_it_was(alice, title):
    task = alice.create(title, description=title)
    assert (task["title"], task["description"]) == (title, title)
    assert alice.tasks() == [task]
