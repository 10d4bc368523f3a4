"""More than one host: a balancer before two of them, a database on a third, and a host that is cut off."""

import contextlib
import os
import re
import shutil
from collections import Counter

import httpx
import pytest

from harness import tokens
from harness.balancer import Balancer
from harness.busy import Busy
from harness.network import HostedStack, Network, database_on
from harness.processes import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nsenter") is None, reason="network namespaces need root and util-linux"
)
RATE = "30"
PAUSE = 0.05  # between a writer's requests: fewer than RATE
SECRET = "a secret that all of these hosts share, long enough"
# The health check speaks TLS as a client does: a host that drains, or has lost its database, gets nothing new.
BALANCER = """
defaults
  timeout connect 2s
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
  default-server send-proxy-v2 check check-send-proxy check-ssl verify none inter 200ms fall 2 rise 2 on-marked-down shutdown-sessions
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
def balancing(network):
    return network.host("balancer")


@pytest.fixture(scope="module")
def hosts(network, database, balancing):
    """Two whole Tasklanes with one database, behind a balancer that tells them by the PROXY protocol who asks."""
    with contextlib.ExitStack() as ends:
        made = []
        for name in ("one", "two"):
            host = network.host(name)
            stack = HostedStack(
                host, workers=1, LISTEN_ADDRESSES=host.address, BETTER_AUTH_SECRET=SECRET, DATABASE_URL=database.url("tasklane_api"),
                DATABASE_URL_DIRECT=database.url("tasklane_owner"), SERVER_NAME=balancing.address, TRUSTED_PROXIES=balancing.address,
                PROXY_PROTOCOL="on", RATE_LIMIT_PER_SECOND=RATE,
            )  # fmt: skip
            made.append(stack.start())
            ends.callback(stack.stop)
        yield made


@pytest.fixture(scope="module")
def door(balancing, hosts):
    """The balancer's URL."""
    servers = "".join(f"  server {n} {each.on.address}:{each.port}\n" for n, each in enumerate(hosts))
    with Balancer(BALANCER.format(address=balancing.address, servers=servers), balancing.inside):
        url = f"https://{balancing.address}"
        wait_for(lambda: asked(url) == 200, "the balancer to have found a host")
        yield url


def asked(url):
    try:
        return httpx.get(f"{url}/readyz", verify=False, trust_env=False, timeout=2).status_code
    except httpx.HTTPError:
        return None


def client_at(address, door, **headers):
    """A new user's, at an address of the network."""
    headers["Authorization"] = f"Bearer {tokens.token(SECRET, tokens.unique('user'))}"
    transport = httpx.HTTPTransport(verify=False, local_address=address, trust_env=False)
    return httpx.Client(base_url=door, transport=transport, timeout=20, headers=headers)


class Writers(Busy):
    """Users who create tasks all the time, each from an address, and each request on a connection of its own. A context."""

    def __init__(self, network, door, users=4):
        self.door = door
        self.acknowledged, self.failed, self.answers = [], [], Counter()
        super().__init__(self._write, [network.client(n) for n in range(users)])

    def _write(self, address):
        with client_at(address, self.door, **{"Connection": "close"}) as client:
            while not self.over.wait(PAUSE):
                title = tokens.unique("task")
                try:
                    answer = client.post("/api/tasks", json={"title": title})
                    (self.acknowledged if answer.status_code == 201 else self.failed).append(title)
                    self.answers[answer.status_code] += 1
                except httpx.HTTPError as error:
                    self.failed.append(title)
                    self.answers[type(error).__name__] += 1


def served(stacks):
    """How many tasks each of them has created so far."""
    logs = [(stack.log / "nginx-access.log").read_text() for stack in stacks]
    return [log.count('"status":"201"') for log in logs]


def check_ledger(database, writers):
    """What was acknowledged is stored, and nothing is stored twice."""
    titles = database.sql("SELECT array_agg(title) FROM tasks WHERE title LIKE 'task-%'")
    assert set(writers.acknowledged) <= set(titles) and max(Counter(titles).values()) == 1


def test_a_host_that_is_cut_off_costs_what_it_held_and_no_more(network, hosts, door, database):
    one, two = hosts
    with Writers(network, door) as writers:
        before = served(hosts)
        wait_for(lambda: all(now > then for now, then in zip(served(hosts), before)), "both hosts to serve")
        two.on.cut_off()
        try:
            before = served([one])
            wait_for(lambda: served([one])[0] > before[0] + 50, "the other host to serve alone")
        finally:
            two.on.bring_back()
        before = served(hosts)
        wait_for(lambda: all(now > then for now, then in zip(served(hosts), before)), "both hosts to serve again")
    assert len(writers.failed) <= len(writers.threads), writers.answers
    check_ledger(database, writers)


def test_clients_are_known_and_limited_by_their_own_addresses(network, hosts, door):
    eager, other = network.client(4), network.client(5)
    forged = {"X-Forwarded-For": other, "Forwarded": f"for={other}", "X-Request-Id": "forged"}
    with client_at(eager, door, **forged) as many, client_at(other, door) as few:
        statuses = Counter(many.get("/api/tasks").status_code for _ in range(400))
        assert set(statuses) == {200, 429}, statuses
        assert few.get("/api/tasks").status_code == 200
    logs = [(stack.log / "nginx-access.log") for stack in hosts]
    known = lambda: {address for log in logs for address in re.findall(r'"remote_addr":"([^"]+)"', log.read_text())}
    wait_for(lambda: {eager, other} <= known(), "both addresses in the logs")
    assert not [log for log in logs if '"request_id":"forged"' in log.read_text()]
