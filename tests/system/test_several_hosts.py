"""More than one host: a balancer before two of them, a database on a third, and a host that is cut off."""

import contextlib
import os
import shutil
import threading
from collections import Counter

import httpx
import pytest

from harness import tokens
from harness.network import Balancer, HostedStack, Network, database_on
from harness.processes import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nsenter") is None, reason="network namespaces need root and util-linux"
)
SECRET = "a secret that all of these hosts share, long enough"
# The health check speaks TLS as a client does: a host that drains, or has lost its database, gets nothing new.
BALANCER = """
frontend door
  mode tcp
  bind {address}:443
  timeout client 30s
  default_backend hosts
backend hosts
  mode tcp
  timeout server 30s
  timeout check 1s
  option redispatch 1
  option httpchk
  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
  http-check expect status 200
  default-server check check-ssl verify none inter 200ms fall 2 rise 2 on-marked-down shutdown-sessions
{servers}
"""


@pytest.fixture(scope="module")
def network():
    with Network() as made:
        yield made


@pytest.fixture(scope="module")
def database(network):
    cluster = database_on(network.host("database"))
    yield cluster
    cluster.remove()


@pytest.fixture(scope="module")
def hosts(network, database):
    """Two whole Tasklanes with one database."""
    with contextlib.ExitStack() as ends:
        made = []
        for name in ("one", "two"):
            host = network.host(name)
            stack = HostedStack(
                host, workers=1, LISTEN_ADDRESSES=host.address, BETTER_AUTH_SECRET=SECRET, DATABASE_URL=database.url("tasklane_api"),
                DATABASE_URL_DIRECT=database.url("tasklane_owner"),
            )  # fmt: skip
            made.append(stack.start())
            ends.callback(stack.stop)
        yield made


@pytest.fixture(scope="module")
def door(network, hosts):
    """The balancer's URL."""
    host = network.host("balancer")
    servers = "".join(f"  server {n} {each.host.address}:{each.port}\n" for n, each in enumerate(hosts))
    with Balancer(host, BALANCER.format(address=host.address, servers=servers)):
        url = f"https://{host.address}"
        wait_for(lambda: asked(url) == 200, "the balancer to have found a host")
        yield url


def asked(url):
    try:
        return httpx.get(f"{url}/readyz", verify=False, trust_env=False, timeout=2).status_code
    except httpx.HTTPError:
        return None


class Writers:
    """Users who create tasks all the time, each request on a connection of its own. Use as a context."""

    def __init__(self, door, users=4):
        self.door, self.ended = door, threading.Event()
        self.acknowledged, self.failed, self.answers = [], [], Counter()
        self.threads = [threading.Thread(target=self._write, args=(tokens.unique("writer"),)) for _ in range(users)]

    def _write(self, user):
        headers = {"Authorization": f"Bearer {tokens.token(SECRET, user)}", "Connection": "close"}
        with httpx.Client(base_url=self.door, verify=False, trust_env=False, timeout=20, headers=headers) as client:
            while not self.ended.is_set():
                title = tokens.unique("task")
                try:
                    answer = client.post("/api/tasks", json={"title": title})
                    (self.acknowledged if answer.status_code == 201 else self.failed).append(title)
                    self.answers[answer.status_code] += 1
                except httpx.HTTPError as error:
                    self.failed.append(title)
                    self.answers[type(error).__name__] += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        self.wait_for_more()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def wait_for_more(self, count=20):
        before = len(self.acknowledged)
        wait_for(lambda: len(self.acknowledged) >= before + count, "more tasks")


def served(stacks):
    """How many tasks each of them has created so far."""
    logs = [(stack.log / "nginx-access.log").read_text() for stack in stacks]
    return [log.count('"status":"201"') for log in logs]


def check_ledger(database, writers):
    """What was acknowledged is stored, and nothing is stored twice."""
    titles = database.sql("SELECT array_agg(title) FROM tasks WHERE title LIKE 'task-%'")
    assert set(writers.acknowledged) <= set(titles) and max(Counter(titles).values()) == 1


def test_a_host_that_is_cut_off_costs_what_it_held_and_no_more(hosts, door, database):
    one, two = hosts
    with Writers(door) as writers:
        before = served(hosts)
        wait_for(lambda: all(now > then for now, then in zip(served(hosts), before)), "both hosts to serve")
        two.host.cut_off()
        try:
            before = served([one])
            wait_for(lambda: served([one])[0] > before[0] + 50, "the other host to serve alone")
        finally:
            two.host.bring_back()
        before = served(hosts)
        wait_for(lambda: all(now > then for now, then in zip(served(hosts), before)), "both hosts to serve again")
    assert len(writers.failed) <= len(writers.threads), writers.answers
    check_ledger(database, writers)
