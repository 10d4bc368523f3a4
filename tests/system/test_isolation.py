"""Two users, every endpoint: nobody sees, changes or learns of another's tasks."""

import concurrent.futures

import pytest

from harness.client import path_of


@pytest.fixture
def theirs(alice):
    return alice.create("alice's", description="private")


@pytest.mark.smoke
def test_list_shows_ones_own_tasks_alone(alice, bob, theirs):
    mine = bob.create("bob's")
    assert bob.tasks() == [mine]
    assert bob.tasks("?status=active") == [mine]
    assert bob.tasks("?status=completed") == []
    assert alice.tasks() == [theirs]


def test_create_makes_ones_own_task_whoever_is_named(alice, bob, theirs):
    made = bob.create("x", user_id=alice.sub, id=theirs["id"])
    assert made["user_id"] == bob.sub
    assert alice.tasks() == [theirs]


@pytest.mark.smoke
def test_get_finds_ones_own_task_alone(alice, bob, theirs):
    assert bob.get(path_of(theirs)).status_code == 404
    assert alice.get(path_of(theirs)).json() == theirs


def test_put_changes_ones_own_task_alone(alice, bob, theirs):
    assert bob.put(path_of(theirs), {"title": "mine now", "user_id": bob.sub}).status_code == 404
    assert bob.put(path_of(theirs), {}).status_code == 404
    assert alice.tasks() == [theirs]


def test_complete_changes_ones_own_task_alone(alice, bob, theirs):
    assert bob.patch(path_of(theirs) + "/complete").status_code == 404
    assert bob.patch(path_of(theirs) + "/complete", {"completed": True}).status_code == 404
    assert alice.tasks() == [theirs]


@pytest.mark.smoke
def test_delete_removes_ones_own_task_alone(alice, bob, theirs):
    assert bob.delete(path_of(theirs)).status_code == 404
    assert alice.tasks() == [theirs]


def test_users_whose_ids_look_alike_are_strangers(stack):
    base = stack.user("look")
    task = base.create()
    for sub in (
        base.sub.upper(),
        base.sub + " ",
        " " + base.sub,
        base.sub + "\u200b",
        base.sub[:-1],
        base.sub + "'--",
    ):
        other = stack.user(sub=sub)
        assert other.tasks() == [], repr(sub)
        assert other.get(path_of(task)).status_code == 404
        other.close()
    base.close()


def test_many_users_at_once_never_get_each_others_answers(stack):
    """Requests of many users share workers, connections and batches; each answer must find its own way back."""

    def visit(number):
        api = stack.user(f"many{number}")
        for turn in range(8):
            task = api.create(f"{api.sub} {turn}")
            assert task["title"] == f"{api.sub} {turn}" and task["user_id"] == api.sub
            assert api.get(path_of(task)).json() == task
            assert len(api.tasks()) == turn + 1
            assert all(t["user_id"] == api.sub for t in api.tasks())
        api.close()

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(visit, n) for n in range(24)]:
            done.result()
