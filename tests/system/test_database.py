"""Without a database: truthful readiness, shaped refusals, and recovery without a restart. Outages under load:
test_outages.py."""

import concurrent.futures
import subprocess

import pytest

from harness.client import path_of
from harness.locks import held_tasks, wait_for_waiting
from harness.postgres import Postgres, wait_until_connected
from harness.processes import wait_for
from harness.stack import ORIGINS, Stack


@pytest.fixture(scope="module")
def fragile():
    started = Stack(workers=2).start()
    yield started
    started.stop()


@pytest.fixture
def postgres(fragile):
    server = Postgres(fragile)
    wait_until_connected(fragile)
    yield server
    if not (server.data / "postmaster.pid").exists():
        server.start()
    api = fragile.anonymous()
    wait_for(lambda: api.get("/readyz").status_code == 200, "readiness to come back")
    api.close()


@pytest.fixture
def user(fragile):
    api = fragile.user()
    yield api
    api.close()


def test_without_a_database_requests_are_503_and_health_stays(fragile, postgres, user):
    task = user.create()
    postgres.stop()
    origin = {"Origin": ORIGINS[0]}
    wait_for(lambda: user.get("/readyz").status_code == 503, "readiness to be truthful")
    assert user.get("/healthz").status_code == 200
    for response in (
        user.get(headers=origin), user.get(path_of(task)), user.post({"title": "lost?"}),
        user.put(path_of(task), {"title": "x"}),
        user.patch(path_of(task) + "/complete"), user.delete(path_of(task)),
    ):  # fmt: skip
        assert response.status_code == 503
        assert response.json()["error_type"] == "service_unavailable"
        assert response.headers["retry-after"].isdigit()
    assert user.get(headers=origin).headers["access-control-allow-origin"] == ORIGINS[0]
    assert user.get("/api/tasks?status=none").status_code == 400, "a mistake is still the client's"
    assert user.post(b"{").status_code == 400
    workers = fragile.worker_pids()
    postgres.start()
    wait_for(lambda: user.get("/readyz").status_code == 200, "readiness to come back")
    wait_for(lambda: all(user.get().status_code == 200 for _ in range(6)), "all workers to serve again")
    assert user.tasks() == [task]
    assert fragile.worker_pids() == workers, "recovery needs no restart"


def test_a_write_that_was_cut_is_told_as_unknown_and_never_repeated(fragile, postgres, user):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with held_tasks(fragile), fragile.database("superuser") as killer:
            pending = pool.submit(user.post, {"title": "once at most"})
            wait_for_waiting(fragile)
            killer.cursor().execute("select pg_terminate_backend(pid) from pg_locks where not granted")
            response = pending.result()
    assert response.status_code == 503
    assert response.json()["error_type"] == "outcome_unknown"
    assert response.headers["retry-after"].isdigit()
    assert user.tasks() == [], "the write was repeated behind the client's back"


def test_workers_start_without_a_database_and_are_ready_once_it_is_there(fragile, postgres, user):
    task = user.create()
    before = fragile.worker_pids()
    postgres.stop()
    for pid in before:
        subprocess.run(["kill", "-9", str(pid)], check=True)
    wait_for(lambda: fragile.is_whole() and not set(before) & set(fragile.worker_pids()), "new workers")
    wait_for(lambda: user.http.get("/healthz").status_code == 200, "a new worker to serve")
    assert user.get("/readyz").status_code == 503
    postgres.start()
    wait_for(lambda: user.get("/readyz").status_code == 200, "readiness")
    wait_for(lambda: user.get().status_code == 200, "the tasks")
    assert user.tasks() == [task]
