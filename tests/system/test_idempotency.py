"""Idempotency-Key: what a client may repeat when it does not know what became of a request."""

import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import contract, wire
from harness.client import path_of
from harness.locks import held_tasks, wait_for_waiting, waiting
from harness.processes import wait_for


def keyed(key):
    return {"Idempotency-Key": key}


def create(user, key, title="Buy milk", path="/api/tasks", **fields):
    return user.request("POST", path, json={"title": title, **fields}, headers=keyed(key))


def toggle(user, task, key):
    return user.request("PATCH", path_of(task) + "/complete", headers=keyed(key))


def replayed(response):
    return response.headers.get("idempotency-replayed") == "true"


@pytest.fixture
def key():
    return str(uuid.uuid4())


@pytest.mark.smoke
def test_a_repeated_post_is_answered_as_the_first_was(alice, key):
    first = create(alice, key, description="two litres")
    second = create(alice, f'"{key}"', description="two litres")
    assert (first.status_code, replayed(first)) == (201, False)
    assert (second.status_code, replayed(second)) == (201, True)
    assert (second.content, second.headers["location"]) == (first.content, first.headers["location"])
    assert alice.tasks() == [first.json()]


def test_the_answer_outlives_changes_and_the_task(alice, key):
    first = create(alice, key)
    alice.put(path_of(first.json()), {"title": "other"})
    assert create(alice, key).content == first.content
    alice.delete(path_of(first.json()))
    assert create(alice, key).content == first.content
    assert alice.tasks() == []


def test_what_means_the_same_is_the_same_request(alice, key):
    first = create(alice, key)
    spelled = b' { "description" : null , "title" : " \\u0042uy milk " , "priority" : 1 } '
    headers = {"Content-Type": "application/json; charset=utf-8", **keyed(key)}
    for path in ("/api/tasks/", f"/api/{alice.sub}/tasks"):
        again = alice.request("POST", path, content=spelled, headers=headers)
        assert replayed(again) and again.content == first.content


def test_another_request_with_the_key_is_a_conflict(alice, key):
    task = create(alice, key).json()
    for response in (create(alice, key, "Buy bread"), create(alice, key, description=""), toggle(alice, task, key)):
        assert response.status_code == 409
        assert response.json()["error_type"] == "conflict"
    assert alice.tasks() == [task]


def test_a_repeated_toggle_does_not_undo_itself(alice, key):
    task, other = alice.create(), alice.create()
    first = toggle(alice, task, key)
    assert first.json()["completed"] is True and not replayed(first)
    second = toggle(alice, task, key)
    assert second.content == first.content and replayed(second)
    assert alice.get(path_of(task)).json()["completed"] is True
    assert toggle(alice, other, key).status_code == 409
    assert alice.get(path_of(other)).json()["completed"] is False


def test_errors_are_not_kept(alice, key):
    assert create(alice, key, "").status_code == 400
    assert toggle(alice, {"id": 999_999_999_999}, key).status_code == 404
    assert not replayed(create(alice, key))


def test_another_user_s_equal_key_is_unrelated(alice, bob, key):
    create(alice, key, "alice's")
    response = create(bob, key, "bob's")
    assert response.status_code == 201 and not replayed(response)
    assert [t["title"] for t in bob.tasks()] == ["bob's"]
    assert [t["title"] for t in alice.tasks()] == ["alice's"]


# What a key may be, case by case: tests/unit/tasks_intent_test.cpp.
BAD_KEYS = ['""', "a b", "k" * 256, b"caf\xc3\xa9", b"\xff"]
GOOD_KEYS = ['"' + "k" * 255 + '"', "!#$%&'()*+-./:;<=>?@[]^_`{|}~"]


@pytest.mark.parametrize("bad", BAD_KEYS, ids=repr)
def test_a_malformed_key_is_refused(alice, bad):
    response = create(alice, bad)
    assert response.status_code == 400
    assert [e["loc"] for e in response.json()["errors"]] == [["header", "Idempotency-Key"]]
    assert alice.tasks() == []


@pytest.mark.parametrize("good", GOOD_KEYS)
def test_every_other_key_is_taken(alice, good):
    assert not replayed(create(alice, good))
    assert replayed(create(alice, good))


def test_the_contract_s_pattern_says_which_keys_are_taken():
    schema = contract.OPENAPI["components"]["parameters"]["IdempotencyKey"]["schema"]
    pattern = re.compile(schema["pattern"])
    assert all(pattern.search(key) for key in GOOD_KEYS)
    assert not any(pattern.search(key) for key in [*(k for k in BAD_KEYS if isinstance(k, str)), "", "a, b", "a\\b", '"a'])


@pytest.mark.parametrize("keys", [[""], ["one", "two"], ["one", "one"], ["", "one"], ["one", ""]], ids=repr)
@pytest.mark.parametrize("http2", [False, True], ids=["http/1.1", "http/2"])
def test_an_empty_or_repeated_header_is_refused(stack, alice, http2, keys):
    """nginx's variables hide both: an empty header looks like none, and before 1.23 the first of two counts."""
    task, user = alice.create(), stack.user(sub=alice.sub, http2=http2)
    headers = [("Idempotency-Key", key) for key in keys]
    for method, path, body in (("POST", "/api/tasks", {"title": "x"}), ("PATCH", path_of(task) + "/complete", None)):
        response = user.request(method, path, json=body, headers=headers)
        assert (response.status_code, response.http_version) == (400, "HTTP/2" if http2 else "HTTP/1.1")
        assert response.json()["error_type"] == "validation_error"
        assert [e["loc"] for e in response.json()["errors"]] == [["header", "Idempotency-Key"]]
    assert user.tasks() == [task]
    user.close()


@pytest.mark.parametrize("http2", [False, True], ids=["http/1.1", "http/2"])
def test_a_write_s_other_headers_make_no_difference(stack, alice, http2):
    """nginx passes them with a write, for the key's sake."""
    user = stack.user(sub=alice.sub, http2=http2)
    many = [(f"X{n}", "v" * (n % 10)) for n in range(800)]  # 10,000 bytes; a head has 16,000 at most
    headers = [*many, ("Cookie", "c=" + "x" * 4000)]
    assert user.post({"title": "x"}, headers=headers).status_code == 201
    user.close()


def test_put_patch_and_delete_are_repeated_as_well(alice, key):
    task = alice.create()
    for method in ("put", "patch"):
        change = getattr(alice, method)
        first = change(path_of(task), {"title": method}, headers=keyed(f"{key}-{method}"))
        alice.put(path_of(task), {"title": "other"})
        again = change(path_of(task), {"title": method}, headers=keyed(f"{key}-{method}"))
        assert again.content == first.content and again.headers["etag"] == first.headers["etag"]
        assert again.headers["idempotency-replayed"] == "true"
        assert change(path_of(task), {"title": "new"}, headers=keyed(f"{key}-{method}")).status_code == 409
        assert change(path_of(task), {"title": "new"}, headers=keyed("not a key")).status_code == 400
    assert alice.get(path_of(task)).json()["title"] == "other"
    for _ in range(2):
        assert alice.delete(path_of(task), headers=keyed(key)).status_code == 204
    assert alice.delete(path_of(task)).status_code == 404


def workers_at_work(operator):
    return sum(worker["requests_in_flight"] > 0 for worker in operator.get("/status").json()["workers"])


def test_equal_requests_at_once_make_one_task_over_both_workers(stack, alice, operator, key):
    clients = [stack.user(sub=alice.sub) for _ in range(40)]
    pending = []

    def another_unless_both_wait():  # nobody decides which worker takes a request
        if waiting(stack) >= 2:
            return True
        if len(pending) < len(clients):
            pending.append(pool.submit(create, clients[len(pending)], key))
        return False

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: client.tasks(), clients))  # connected, before the lock's time runs
        with held_tasks(stack):
            wait_for(another_unless_both_wait, "a statement of each worker to wait")
            wait_for(lambda: workers_at_work(operator) == 2, "both workers to be asked")
            pending += [pool.submit(create, client, key) for client in clients[len(pending) :]]
        answers = [each.result() for each in pending]
    assert {a.status_code for a in answers} == {201}
    assert len({a.content for a in answers}) == 1
    assert sum(not replayed(a) for a in answers) == 1
    assert len(alice.tasks()) == 1
    for client in clients:
        client.close()


def test_a_toggle_sent_many_times_at_once_happens_once(stack, alice, key):
    task = alice.create()
    clients = [stack.user(sub=alice.sub) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: toggle(client, task, key), clients))
    assert {a.status_code for a in answers} == {200}
    assert {a.json()["completed"] for a in answers} == {True}
    assert sum(not replayed(a) for a in answers) == 1
    assert alice.get(path_of(task)).json()["completed"] is True
    for client in clients:
        client.close()


def test_what_a_client_gave_up_is_found_by_its_repetition(stack, alice, key):
    """The first one commits, and nobody hears of it."""
    heads = [f"Authorization: Bearer {alice.token}", "Content-Type: application/json", f"Idempotency-Key: {key}"]
    with held_tasks(stack):
        with wire.connect(stack) as impatient:
            impatient.sendall(wire.request("POST", "/api/tasks", *heads, body=b'{"title": "Buy milk"}'))
            wait_for_waiting(stack)
    wait_for(alice.tasks, "its commit")
    assert replayed(create(alice, key))
    assert len(alice.tasks()) == 1


def test_an_unknown_outcome_is_settled_by_repeating(stack, alice, key):
    """The connection is cut in mid-statement: here the server has undone it, which the worker cannot know."""
    answers = []
    with held_tasks(stack):
        thread = threading.Thread(target=lambda: answers.append(create(alice, key)))
        thread.start()
        wait_for_waiting(stack)
        with stack.database("superuser") as connection, connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_locks where not granted and locktype = 'relation'"
            )
        thread.join()
    assert answers[0].status_code == 503 and answers[0].json()["error_type"] == "outcome_unknown"
    wait_for(lambda: alice.get("/readyz").status_code == 200, "the workers to be connected again")
    second = create(alice, key)
    assert second.status_code == 201 and not replayed(second)
    assert replayed(create(alice, key))
    assert len(alice.tasks()) == 1


def test_replays_are_counted(stack, alice, key):
    before = stack.metrics()["tasklane_idempotency_replays_total"]
    for _ in range(3):
        create(alice, key)
    assert stack.metrics()["tasklane_idempotency_replays_total"] == before + 2
