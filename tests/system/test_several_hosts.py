"""More than one host: a balancer or one nginx before two of them, a database on a third, and a host that is cut off."""

import contextlib
import json
import os
import re
import shutil
from collections import Counter

import httpx
import pytest

from harness import fcgi, tokens
from harness.balancer import Balancer
from harness.busy import Busy
from harness.network import HostedStack, Network, database_on
from harness.processes import wait_for

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nsenter") is None, reason="network namespaces need root and util-linux"
)
RATE = "30"
FASTCGI_PORT = 9000
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
def nginx_host(network):
    return network.host("nginx")


def shared(database, host, **settings):
    """What a Tasklane on a host has in common with the others."""
    return HostedStack(
        host, workers=1, LISTEN_ADDRESSES=host.address, BETTER_AUTH_SECRET=SECRET, DATABASE_URL=database.url("tasklane_api"),
        DATABASE_URL_DIRECT=database.url("tasklane_owner"), RATE_LIMIT_PER_SECOND=RATE, **settings,
    )  # fmt: skip


@pytest.fixture(scope="module")
def hosts(network, database, balancing, nginx_host):
    """Two whole Tasklanes with one database, behind a balancer that tells them by the PROXY protocol who asks. Their workers
    listen for another nginx, too."""
    with contextlib.ExitStack() as ends:
        made = []
        for name in ("one", "two"):
            host = network.host(name)
            stack = shared(
                database, host, SERVER_NAME=balancing.address, TRUSTED_PROXIES=balancing.address, PROXY_PROTOCOL="on",
                FASTCGI_LISTEN=f"{host.address}:{FASTCGI_PORT}", FASTCGI_ALLOW=nginx_host.address,
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


@pytest.fixture(scope="module")
def nginx_alone(database, hosts, nginx_host):
    """One nginx before the workers of both hosts. Those beside it serve nobody."""
    servers = ",".join(stack.settings["FASTCGI_LISTEN"] for stack in hosts)
    stack = shared(database, nginx_host, FASTCGI_UPSTREAMS=servers).start()
    yield stack
    stack.stop()


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
        self.acknowledged, self.failed, self.refused, self.answers = [], [], [], Counter()
        self.answered = Counter()  # by address
        super().__init__(self._write, [network.client(n) for n in range(users)])

    def _write(self, address):
        with client_at(address, self.door, **{"Connection": "close"}) as client:
            while not self.over.wait(PAUSE):
                title = tokens.unique("task")
                try:
                    answer = client.post("/api/tasks", json={"title": title})
                    (self.acknowledged if answer.status_code == 201 else self.failed).append(title)
                    kind = answer.json().get("error_type")
                    self.answers[answer.status_code, kind] += 1
                    if kind == "service_unavailable":
                        self.refused.append(title)
                except httpx.HTTPError as error:
                    self.failed.append(title)
                    self.answers[type(error).__name__] += 1
                self.answered[address] += 1

    def wait_for_each(self, count=20):
        """Every writer has so many more answers, whatever they are."""
        before = dict(self.answered)
        wait_for(lambda: all(self.answered[who] >= then + count for who, then in before.items()), "every writer to go on")


def served(stacks):
    """How many tasks each of them has created so far."""
    logs = [(stack.log / "nginx-access.log").read_text() for stack in stacks]
    return [log.count('"status":"201"') for log in logs]


def passed_on(stack):
    """How many writes went on to another host, of those that nginx could not send to the first."""
    return len(re.findall(r'"status":"201".*"upstream_status":"50[24] : 201"', (stack.log / "nginx-access.log").read_text()))


def answered(stack):
    """How many requests the workers of a host have answered, by their own word."""
    with fcgi.Connection(stack.settings["FASTCGI_SOCKET"]) as connection:
        return sum(worker["requests_total"] for worker in json.loads(connection.ask("GET", "/status").body)["workers"])


def wait_for_both(hosts, count=20):
    """Each host's workers have answered so many more requests."""
    before = [answered(stack) for stack in hosts]
    wait_for(lambda: all(answered(s) > then + count for s, then in zip(hosts, before)), "the workers of both hosts to serve")


def check_ledger(database, writers):
    """What was acknowledged is stored, and nothing is stored twice."""
    titles = database.sql("SELECT array_agg(title) FROM tasks WHERE title LIKE 'task-%'")
    assert set(writers.acknowledged) <= set(titles) and max(Counter(titles).values()) == 1
    assert not set(writers.refused) & set(titles), "what was not done is there"


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


def test_workers_that_are_cut_off_cost_what_was_sent_to_them_and_no_more(network, hosts, nginx_alone, database):
    one, two = hosts
    with Writers(network, nginx_alone.url) as writers:
        wait_for_both(hosts)
        two.on.cut_off()
        try:
            writers.wait_for_each()  # the one, too, whose request hangs
            wait_for(lambda: passed_on(nginx_alone) > 0, "a write that could not be sent to go on")
        finally:
            two.on.bring_back()
        wait_for_both(hosts)
    # Of those that are back, the workers may still be without their database: they say so.
    assert {*writers.answers} <= {(201, None), (504, "outcome_unknown"), (503, "service_unavailable")}, writers.answers
    assert len(writers.failed) - len(writers.refused) <= len(writers.threads), writers.answers
    check_ledger(database, writers)


def test_what_comes_for_workers_that_have_stopped_goes_on(network, hosts, nginx_alone, database):
    two = hosts[1]
    with Writers(network, nginx_alone.url) as writers:
        wait_for_both(hosts)
        assert two.run("down").returncode == 0
        failed, gone_on = len(writers.failed), passed_on(nginx_alone)
        writers.wait_for_each()
        wait_for(lambda: passed_on(nginx_alone) > gone_on, "nginx to have tried that host again")
        assert len(writers.failed) == failed, writers.answers
        assert two.run("up", "--detach").returncode == 0
        wait_for_both(hosts)
    assert {*writers.answers} <= {(201, None), (502, "outcome_unknown")}, writers.answers
    assert len(writers.failed) <= len(writers.threads), writers.answers
    check_ledger(database, writers)


def test_workers_leave_without_a_failed_request_when_nginx_is_told_first(network, hosts, nginx_alone, database):
    one, two = hosts
    both = nginx_alone.environment["FASTCGI_UPSTREAMS"]
    with Writers(network, nginx_alone.url) as writers:
        wait_for_both(hosts)
        pass_to(nginx_alone, one.settings["FASTCGI_LISTEN"])
        assert two.run("down").returncode == 0
        before = answered(one)
        wait_for(lambda: answered(one) > before + 50, "the other host's workers to serve alone")
        assert two.run("up", "--detach").returncode == 0
        pass_to(nginx_alone, both)
        wait_for_both(hosts)
    assert not writers.failed, writers.answers
    check_ledger(database, writers)


def pass_to(stack, servers):
    """As an operator does it: another FASTCGI_UPSTREAMS, applied while all runs."""
    stack.environment["FASTCGI_UPSTREAMS"] = servers
    done = stack.run("up", "--detach")
    assert done.returncode == 0 and "with the changed settings" in done.stdout, done.stdout


def test_only_the_hosts_that_are_listed_reach_the_workers(hosts):
    for stack in hosts:
        place = (stack.on.address, FASTCGI_PORT)
        with pytest.raises(fcgi.Closed), fcgi.Connection(place) as stranger:  # this process is not on the list
            stranger.ask("GET", "/healthz")


@pytest.mark.parametrize("entry", ["balancer", "one nginx"])
def test_clients_are_known_and_limited_by_their_own_addresses(network, hosts, entry, request):
    balanced = entry == "balancer"
    door = request.getfixturevalue("door") if balanced else request.getfixturevalue("nginx_alone").url
    stacks = hosts if balanced else [request.getfixturevalue("nginx_alone")]
    eager, other = network.client(4), network.client(5)
    forged = {"X-Forwarded-For": other, "Forwarded": f"for={other}", "X-Request-Id": "forged"}
    with client_at(eager, door, **forged) as many, client_at(other, door) as few:
        statuses = Counter(many.get("/api/tasks").status_code for _ in range(400))
        assert set(statuses) == {200, 429}, statuses
        assert few.get("/api/tasks").status_code == 200
    logs = [(stack.log / "nginx-access.log") for stack in stacks]
    known = lambda: {address for log in logs for address in re.findall(r'"remote_addr":"([^"]+)"', log.read_text())}
    wait_for(lambda: {eager, other} <= known(), "both addresses in the logs")
    assert not [log for log in logs if '"request_id":"forged"' in log.read_text()]
