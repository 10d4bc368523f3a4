"""Outages of the database: truthful readiness, shaped refusals, and recovery without a restart."""

import concurrent.futures
import signal
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
    wait_for(lambda: api.get("/readyz").status_code == 200, "readiness to come back", 10)
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
    wait_for(lambda: user.get("/readyz").status_code == 200, "readiness to come back", 5)
    wait_for(lambda: all(user.get().status_code == 200 for _ in range(6)), "all workers to serve again", 5)
    assert user.tasks() == [task]
    assert fragile.worker_pids() == workers, "recovery needs no restart"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_reads_survive_a_restart_of_the_database(fragile, postgres, user, number):
    task = user.create()
    postgres.signal(number)
    postgres.start()
    # Every connection of every worker is dead now; each read finds that out and is repeated once.
    answers = [user.get().status_code for _ in range(20)]
    wait_for(lambda: user.get().status_code == 200, "reads to be back", 5)
    assert set(answers) <= {200, 503}
    assert user.tasks() == [task]


def test_a_cut_connection_loses_no_read(fragile, postgres, user):
    """Each worker has another one left, on which the read is repeated."""
    task = user.create()
    for _ in range(8):
        with fragile.database("superuser") as connection, connection.cursor() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'tasklane_api'"
                " order by random() limit 1"
            )
            assert cursor.fetchone() == (True,)
        assert [user.get(path_of(task)).status_code for _ in range(4)] == [200] * 4
        wait_until_connected(fragile)


def test_a_write_that_was_cut_is_told_as_unknown_and_never_repeated(fragile, postgres, user):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with held_tasks(fragile), fragile.database("superuser") as killer:
            pending = pool.submit(user.post, {"title": "once at most"})
            wait_for_waiting(fragile)
            killer.cursor().execute("select pg_terminate_backend(pid) from pg_locks where not granted")
            response = pending.result(10)
    assert response.status_code == 503
    assert response.json()["error_type"] == "outcome_unknown"
    assert response.headers["retry-after"].isdigit()
    assert user.tasks() == [], "the write was repeated behind the client's back"


def test_acknowledged_writes_survive_a_crash_of_the_database(fragile, postgres, user):
    acknowledged = [user.create(f"task {n}") for n in range(20)]
    postgres.signal(signal.SIGQUIT)
    postgres.start()
    wait_for(lambda: user.get().status_code == 200, "reads to be back", 5)
    assert user.tasks() == acknowledged[::-1]


def test_workers_start_without_a_database_and_are_ready_once_it_is_there(fragile, postgres, user):
    task = user.create()
    before = fragile.worker_pids()
    postgres.stop()
    for pid in before:
        subprocess.run(["kill", "-9", str(pid)], check=True)
    wait_for(lambda: fragile.is_whole() and not set(before) & set(fragile.worker_pids()), "new workers", 12)
    wait_for(lambda: user.http.get("/healthz").status_code == 200, "a new worker to serve", 12)
    assert user.get("/readyz").status_code == 503
    postgres.start()
    wait_for(lambda: user.get("/readyz").status_code == 200, "readiness", 5)
    wait_for(lambda: user.get().status_code == 200, "the tasks", 5)
    assert user.tasks() == [task]
