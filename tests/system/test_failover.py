"""A primary and its synchronous standby: a planned switch-over, then a primary that dies under writes."""

import concurrent.futures
import contextlib
import socket

import pytest

from harness.client import path_of
from harness.cluster import Cluster, url
from harness.load import Load
from harness.master import Master
from harness.operator import tasklane
from harness.processes import wait_for
from harness.stack import Stack


class Pair:
    """Two servers; one is the primary, and acknowledges nothing that the other has not written down."""

    def __init__(self, ends):
        """`ends`: the ExitStack that removes the servers."""
        self.ends = ends
        self.servers = [Cluster().create()]
        ends.callback(self.servers[0].remove)
        self.primary = self.servers[0]
        self.standby = None

    def urls(self, **parameters):
        ports = [server.port for server in self.servers]
        return {
            "DATABASE_URL": url("tasklane_api", ports, target_session_attrs="read-write", **parameters),
            "DATABASE_URL_DIRECT": url("tasklane_owner", ports, target_session_attrs="read-write"),
        }

    def add_standby(self):
        self.standby = Cluster().follow(self.primary)
        self.ends.callback(self.standby.remove)
        self.servers.append(self.standby)
        self.wait_for_the_standby()

    def wait_for_the_standby(self):
        self.primary.set("synchronous_standby_names", "standby")
        query = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        wait_for(lambda: self.primary.sql(query) == 1, "the standby to follow")

    def fail_over(self):
        """The standby takes the writes, at once and alone; returns when it does."""
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self):
        """The former primary, which was stopped in good order, follows the new one."""
        settings = self.standby.data / "postgresql.auto.conf"
        kept = [line for line in settings.read_text().splitlines() if "synchronous_standby" not in line and "read_only" not in line]
        source = f"host=127.0.0.1 port={self.primary.port} user=postgres password=super application_name=standby"
        settings.write_text("\n".join([*kept, f"primary_conninfo = '{source}'"]) + "\n")
        (self.standby.data / "standby.signal").touch()
        self.standby.start()
        self.wait_for_the_standby()


@pytest.fixture(scope="module")
def pair():
    with contextlib.ExitStack() as ends:
        both = Pair(ends)
        both.add_standby()
        yield both


@pytest.fixture(scope="module")
def replicated(pair):
    stack = Stack(workers=2, **pair.urls()).start()
    yield stack
    stack.stop()


@pytest.fixture
def user(replicated):
    api = replicated.user()
    yield api
    api.close()


def wait_for_writes(user):
    wait_for(lambda: user.post({"title": "writes are back"}).status_code == 201, "writes to be back")


def titles(user):
    return [task["title"] for task in user.tasks()]


def only_refusals(report):
    """What an outage may look like from outside: 503 in the contract's shape, and nothing else."""
    return set(report["failures"]) <= {"503"} and report["failures_out_of_shape"] == 0


def test_without_the_standby_no_write_is_acknowledged_and_reads_go_on(replicated, pair, user):
    task = user.create("with the standby")
    pair.standby.stop()
    writer = replicated.user(sub=user.sub)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        pending = thread.submit(writer.post, {"title": "without"})
        assert [user.get(path_of(task)).status_code for _ in range(20)] == [200] * 20
        response = pending.result()
    # The worker's word: nginx, whose patience is longer, would have said 504.
    assert (response.status_code, response.json()["error_type"]) == (503, "outcome_unknown")
    pair.standby.start()
    pair.wait_for_the_standby()
    wait_for_writes(user)
    assert titles(user).count("without") == 1, "it was on the primary's disk"
    assert task in user.tasks()
    writer.close()


def test_a_planned_switch_over_loses_nothing(replicated, pair, user):
    before = user.create("before")
    with Load(replicated, connections=40, rate=400) as load:
        load.wait_for_more(200)
        pair.primary.set("default_transaction_read_only", "on")
        wait_for(lambda: user.post({"title": "refused"}).status_code == 503, "writes to be refused")
        response = user.post({"title": "refused"})
        assert (response.status_code, response.json()["error_type"]) == (503, "service_unavailable")
        pair.primary.stop()
        pair.fail_over()
        wait_for_writes(user)
        load.wait_for_more(200)
    load.check_writes()
    assert only_refusals(load.report), load.told()
    assert titles(user)[0] == "writes are back" and user.tasks()[-1] == before
    print(f"\nplanned: {load.told()}")


def test_a_primary_that_dies_under_writes_loses_none_that_was_acknowledged(replicated, pair, user):
    pair.rejoin()
    before = user.create("before")
    with Load(replicated, connections=40, rate=400) as load:
        load.wait_for_more(400)
        pair.primary.kill()
        wait_for(lambda: user.get("/readyz").status_code == 503, "readiness to be truthful")
        assert user.get("/healthz").status_code == 200
        pair.fail_over()
        wait_for_writes(user)
        load.wait_for_more(400)
    load.check_writes()
    assert only_refusals(load.report), load.told()
    assert before in user.tasks()
    wait_for(lambda: user.get("/readyz").status_code == 200, "readiness to come back")
    assert replicated.is_whole(), "a failover needs no restart"
    print(f"\nfailover: {load.told()}")


def test_the_operators_command_finds_the_new_primary(replicated, pair):
    """The first of the two hosts or the second is away, whichever way the tests before have gone."""
    status, said = tasklane(replicated, "migrate")
    assert (status, said.startswith("the schema is at version")) == (0, True), said
    status, said = tasklane(replicated, "check", "--db")
    assert status == 0 and "standby" not in said, said


def test_a_host_that_never_answers_does_not_hide_the_next(replicated, pair):
    """As when the primary's machine has lost its power, and nobody is there to refuse a connection."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        ports = [silent.getsockname()[1], pair.primary.port]
        there = url("tasklane_api", ports, target_session_attrs="read-write", connect_timeout=2)
        master = Master(replicated, DATABASE_URL=there).start()

        def ready():
            with master.connect() as connection:
                return connection.ask("GET", "/readyz").status == 200

        try:
            wait_for(ready, "the second host to be tried")
        finally:
            master.stop()
