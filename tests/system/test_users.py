"""An operator blocks, signs out, exports and deletes users while their devices go on writing."""

import json
import re
import threading
import time

import jwt
import pytest

from harness.client import path_of
from harness.operator import tasklane
from harness.processes import wait_for
from harness.stack import Stack
from harness.tokens import unique

EFFECTIVE = 1.0  # s, that a block may take


@pytest.fixture(scope="module")
def stack():
    started = Stack(workers=2).start()
    yield started
    started.stop()


def user(stack, *arguments):
    status, said = tasklane(stack, "user", *arguments)
    assert status == 0, said
    return said


def audit_of(said):
    lines = [json.loads(line) for line in said.splitlines() if line.startswith('{"time"')]
    assert all(line["by"] and line["from"] for line in lines)
    return [(line["audit"], line["user"]) for line in lines]


class Devices:
    """A user's devices, which write without a pause: (begun, status) of every request, by the monotonic clock."""

    def __init__(self, stack, name, count=4):
        self.first = stack.user(name)
        self.clients = [self.first] + [stack.user(sub=self.first.sub) for _ in range(count - 1)]
        self.answers, self.ended = [], threading.Event()
        self.threads = [threading.Thread(target=self._write, args=(client,)) for client in self.clients]

    def _write(self, client):
        while not self.ended.is_set():
            begun = time.monotonic()
            made = client.post({"title": "under load"})
            self.answers.append((begun, made.status_code))
            if made.status_code == 201:
                client.patch(path_of(made.json()) + "/complete")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait_for(201)
        return self

    def wait_for(self, status, count=20):
        known = len(self.answers)
        wait_for(lambda: sum(s == status for _, s in self.answers[known:]) >= count, f"{count} answers {status}")

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        for client in self.clients:
            client.close()

    def last_accepted(self, since):
        """Seconds from `since` to the beginning of the last request that was accepted."""
        return max(begun for begun, status in self.answers if status == 201) - since


def test_a_block_counts_within_a_second_under_load(stack):
    with Devices(stack, "blocked") as devices, Devices(stack, "other") as others:
        sub = devices.first.sub
        said = user(stack, "block", sub)
        done = time.monotonic()
        devices.wait_for(403, 100)
        assert audit_of(said) == [("user_blocked", sub)]
        time_of_last = devices.last_accepted(done)
        print(f"the last accepted write began {time_of_last:.3f} s after the block's end")
        assert time_of_last < EFFECTIVE
        refused = devices.first.get()
        assert (refused.status_code, refused.json()["error_type"]) == (403, "account_blocked")
        assert devices.first.request("HEAD", "/api/tasks").status_code == 403
        assert devices.first.get("/api/somebody-else/tasks").json()["error_type"] == "account_blocked"
        others.wait_for(201)
        user(stack, "unblock", sub)
        devices.wait_for(201)
    assert {status for _, status in others.answers} == {201}


def test_nothing_of_a_deleted_user_comes_back_under_load(stack):
    with Devices(stack, "deleted") as devices, Devices(stack, "other") as others:
        sub = devices.first.sub
        status, said = tasklane(stack, "user", "delete", sub)
        assert status == 2 and "--yes" in said, said
        assert audit_of(user(stack, "delete", sub, "--yes")) == [("user_deleted", sub)]
        done = time.monotonic()
        devices.wait_for(401, 100)
        assert devices.last_accepted(done) <= 0, "after the commit nothing is stored"
        others.wait_for(201)
    # The longest-lived token is no better: the mark does not expire.
    with stack.database() as database:
        cursor = database.cursor()
        for table in ("tasks", "idempotency_keys"):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE user_id = %s", (sub,))
            assert cursor.fetchone() == (0,), table
    late = stack.user(sub=sub)
    refused = late.post({"title": "twenty minutes later"})
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["www-authenticate"]
    late.close()
    assert {status for _, status in others.answers} == {201}


def test_a_sign_out_ends_tokens_from_before_and_those_that_do_not_say(stack):
    before = stack.user("signed out")
    without_time = stack.user(sub=before.sub)
    without_time.token = jwt.encode({"sub": before.sub, "exp": int(time.time()) + 600}, stack.secret, algorithm="HS256")
    assert before.get().status_code == without_time.get().status_code == 200
    assert "signed out" in user(stack, "sign-out", before.sub)
    wait_for(lambda: before.get().status_code == 401, "the sign-out", seconds=2)
    wait_for(lambda: without_time.get().status_code == 401, "the other worker to know it", seconds=2)

    def signs_in_again():
        after = stack.user(sub=before.sub)
        status = after.get().status_code
        after.close()
        return status == 200

    wait_for(signs_in_again, "the next second's token", seconds=3)
    before.close()
    without_time.close()


def test_users_are_shown_and_exported(stack):
    alice = stack.user("exported")
    alice.create("Tea \"green\"", description="100 g")
    shown = json.loads(user(stack, "show", alice.sub, "--json"))
    assert (shown["id"], shown["tasks"], shown["blocked_at"]) == (alice.sub, 1, None)
    said = user(stack, "export", alice.sub)
    exported = json.loads("\n".join(line for line in said.splitlines() if not line.startswith('{"time"')))
    assert (exported["format"], exported["version"]) == ("tasklane-tasks", 1)
    mine = alice.tasks()
    assert [{name: task[name] for name in mine[0]} for task in exported["tasks"]] == mine
    assert audit_of(said) == [("user_exported", alice.sub)]
    assert alice.sub in user(stack, "top", "--limit", "1000") and alice.sub in user(stack, "list", "--limit", "1000")
    status, said = tasklane(stack, "user", "show", unique("nobody"))
    assert status == 1 and "nothing is stored" in said
    alice.close()


def test_at_rest_nothing_is_asked_and_under_load_once_a_second(stack):
    alice = stack.user("counted")

    def looks():
        return stack.metric("tasklane_database_statement_runs_total", "statement").get("user_marks", 0)

    alice.get()
    before, begun = looks(), time.monotonic()
    while time.monotonic() < begun + 3:
        alice.get()
    seconds = time.monotonic() - begun
    assert 2 <= looks() - before <= 2 * (seconds + 1), "two workers, once a second each"
    alice.close()
    before = looks()
    with stack.database() as database:  # longer than knowledge is good for
        database.cursor().execute("SELECT pg_sleep(2.5)")
    assert looks() == before


def test_a_worker_knows_the_marks_before_it_is_ready(new_master):
    with new_master().connect() as connection:
        metrics = connection.ask("GET", "/metrics").body.decode()
    assert re.search(r'^tasklane_database_statement_runs_total\{statement="user_marks"\} [1-9]', metrics, re.MULTILINE)


def test_what_users_choose_is_not_obeyed_by_the_operators_terminal(stack, tmp_path, monkeypatch):
    answer = {"user": {"id": "u", "email": "a@b.example", "name": "\x1b[2JAda \x9b2J \u00fc", "createdAt": "x"}}
    (tmp_path / "answer").write_text(json.dumps(answer))
    web = tmp_path / "users"
    web.write_text(f"#!/bin/sh\nexec cat {tmp_path}/answer\n")
    web.chmod(0o755)
    monkeypatch.setitem(stack.environment, "TASKLANE_WEB_USERS", str(web))
    said = user(stack, "show", "u")
    assert "?[2JAda ?2J \u00fc" in said and "\x1b" not in said and "\x9b" not in said
