"""Behind PgBouncer in transaction mode, this machine's own: before 1.21 it keeps no prepared statements."""

import concurrent.futures
import signal

import pytest

from harness.client import path_of
from harness.cluster import Cluster
from harness.load import Load
from harness.logs import texts
from harness.operator import tasklane
from harness.pooler import Pooler, prepares
from harness.processes import wait_for
from harness.stack import Stack

POOL_SIZE = 2  # of 8 connections of the workers


@pytest.fixture(scope="module")
def cluster():
    server = Cluster().create()
    yield server
    server.remove()


@pytest.fixture(scope="module")
def pooler(cluster):
    with Pooler(cluster, POOL_SIZE, server_lifetime=1) as started:  # every connection to the server is renewed
        yield started


@pytest.fixture(scope="module")
def pooled(cluster, pooler):
    urls = {"DATABASE_URL": pooler.url("tasklane_api"), "DATABASE_URL_DIRECT": cluster.url("tasklane_owner")}
    stack = Stack(workers=2, DATABASE_CONNECTIONS="4", **urls).start()
    yield stack
    stack.stop()


@pytest.fixture
def alice(pooled):
    api = pooled.user("alice")
    yield api
    api.close()


@pytest.fixture
def bob(pooled):
    api = pooled.user("bob")
    yield api
    api.close()


def test_every_endpoint_works_for_two_users(alice, bob):
    for turn in range(4):  # over several workers, connections of theirs, and of the pooler
        task = alice.create(f"task {turn}", description="by way of a pooler")
        path = path_of(task)
        assert alice.get(path).json() == task
        assert alice.put(path, {"title": "changed"}).json()["title"] == "changed"
        assert alice.patch(f"{path}/complete").json()["completed"] is True
        assert [t["id"] for t in alice.tasks("?status=completed")] == [task["id"]]
        assert alice.tasks("?status=active") == []
        for answer in (bob.get(path), bob.put(path, {"title": "mine"}), bob.patch(f"{path}/complete"), bob.delete(path)):
            assert answer.status_code == 404
        assert bob.tasks() == []
        assert alice.delete(path).status_code == 204
        assert alice.tasks() == []
    assert alice.get("/readyz").status_code == 200


def test_it_is_transaction_pooling_with_fewer_connections_than_clients(pooled, pooler, alice):
    with Load(pooled, connections=40, rate=400) as load:
        load.wait_for_more(400)
        pools = [p for p in pooler.show("POOLS") if p["user"] == "tasklane_api"]
    assert [pool["pool_mode"] for pool in pools] == ["transaction"]
    clients, servers = ([c for c in pooler.show(what) if c["user"] == "tasklane_api"] for what in ("CLIENTS", "SERVERS"))
    assert len(clients) == 8 and 1 <= len(servers) <= POOL_SIZE, (clients, servers)
    assert load.report["failures"] == {}, load.told()
    load.check_writes()


def test_connections_of_the_pooler_are_renewed_without_a_failed_request(pooled, cluster):
    """server_lifetime: a statement prepared on the old connection is unknown to the new one."""

    def servers():
        with cluster.connection() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'tasklane_api'")
            return {pid for (pid,) in cursor.fetchall()}

    seen = servers()
    with Load(pooled, connections=40, rate=400) as load:
        wait_for(lambda: seen.update(servers()) or len(seen) >= 3 * POOL_SIZE, "the connections to be renewed")
    assert load.report["failures"] == {}, load.told()
    load.check_writes()


def test_statements_are_prepared_where_the_pooler_can_and_the_fallback_is_logged_once(pooled, alice):
    alice.create()
    lines = [line for line in texts(pooled.log)["tasklane.log"].splitlines() if "prepared statements" in line]
    if prepares():
        assert lines == []
    else:
        assert len(lines) == pooled.workers, lines
        assert all('"level":"warning"' in line for line in lines)
    assert "cannot prepare a statement" not in texts(pooled.log)["tasklane.log"]


def test_an_error_inside_a_batch_is_one_requests_alone(pooled, cluster):
    """The pooler's connection ends the batch as the server does: the others of the batch run again, once."""
    cluster.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON tasks FOR EACH ROW WHEN (NEW.title = 'bad') EXECUTE FUNCTION refuse()",
        role="tasklane_owner",
    )
    users = [pooled.user(f"user{n}") for n in range(24)]

    def create(number, api):
        title = "bad" if number % 8 == 0 else f"task {number}"
        return title, [api.post({"title": title}).status_code for _ in range(4)]

    try:
        with concurrent.futures.ThreadPoolExecutor(len(users)) as threads:
            for done in [threads.submit(create, n, api) for n, api in enumerate(users)]:
                title, statuses = done.result()
                assert set(statuses) == ({500} if title == "bad" else {201}), (title, statuses)
        for number, api in enumerate(users):
            assert len(api.tasks()) == (0 if number % 8 == 0 else 4), "each was stored once, or not at all"
            api.close()
    finally:
        cluster.sql("DROP TRIGGER refuse ON tasks; DROP FUNCTION refuse()", role="tasklane_owner")


def test_a_restart_of_the_pooler_loses_no_acknowledged_write(pooled, pooler, alice):
    with Load(pooled, connections=40, rate=400) as load:
        load.wait_for_more(200)
        pooler.stop(signal.SIGKILL)
        wait_for(lambda: alice.get("/readyz").status_code == 503, "readiness to be truthful")
        pooler.start()
        wait_for(lambda: alice.post({"title": "back"}).status_code == 201, "writes to be back")
        wait_for(lambda: alice.get("/readyz").status_code == 200, "readiness to come back")
        load.wait_for_more(200)
    assert set(load.report["failures"]) <= {"503"} and load.report["failures_out_of_shape"] == 0, load.told()
    load.check_writes()


def test_the_worker_has_its_own_role_and_the_migration_goes_past_the_pooler(pooled, pooler, cluster):
    status, said = tasklane(pooled, "check", "--db")
    assert status == 0 and "role tasklane_api" in said and "pooler" not in said, said
    assert "statement_timeout" not in said, "the timeouts stand on the role, and reach it behind the pooler, too"
    status, said = tasklane(pooled, "migrate")
    assert status == 0 and "pooler" not in said, said

    settings = pooled.state / "tasklane.env"
    kept = settings.read_text()
    direct, by_pooler = cluster.url("tasklane_owner"), pooler.url("tasklane_owner")
    settings.write_text(kept.replace(direct, by_pooler))
    try:
        status, said = tasklane(pooled, "migrate")
        assert status == 0 and "went through a pooler" in said and "DATABASE_URL_DIRECT" in said, said
        status, said = tasklane(pooled, "check", "--db")
        assert status == 0 and "migrations would go through a pooler" in said, said
    finally:
        settings.write_text(kept)
