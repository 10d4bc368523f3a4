"""A host leaves: /readyz says 503 while everything is served, until load balancers have turned away."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx

from harness import tokens
from harness.balancer import Balancer
from harness.busy import Busy
from harness.operator import ask, reload, status_of, tasklane
from harness.processes import PATIENCE, is_alive, wait_for
from harness.stack import Stack


def get(master, target, token=None):
    with master.connect() as connection:
        return connection.ask("GET", target, token)


def test_drain_turns_balancers_away_and_serves_on(new_master, stack):
    master = new_master(workers=2)
    token = tokens.token(stack.secret, tokens.unique("drain"))
    assert get(master, "/readyz").status == 200
    assert tasklane(master, "drain") == (0, "accepted\n")
    for _ in range(2):  # the second time changes nothing
        refused = get(master, "/readyz")
        assert refused.status == 503 and b"This host is draining" in refused.body
        assert get(master, "/healthz").status == get(master, "/api/tasks", token).status == 200
        assert status_of(master)["state"] == "draining"
        assert "draining: /readyz says 503" in tasklane(master, "status")[1]
        assert tasklane(master, "drain", "--wait") == (0, "done\n")  # without a delay
    reload(master)
    assert get(master, "/readyz").status == 503, "a reload does not make it ready again"
    assert tasklane(master, "upgrade", "--wait")[0] == 0
    assert get(master, "/readyz").status == 503, "nor does a new executable"
    assert get(master, "/api/tasks", token).status == 200
    master.signal(signal.SIGTERM)
    assert master.process.wait(PATIENCE) == 0


def test_a_stop_waits_for_balancers_and_a_second_one_does_not(new_master, stack):
    master = new_master(workers=2, DRAIN_DELAY_SECONDS=3600)
    token = tokens.token(stack.secret, tokens.unique("drain"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tasklane, master, "drain", "--wait")
        wait_for(lambda: get(master, "/readyz").status == 503, "the drain to begin")
        master.signal(signal.SIGTERM)
        wait_for(lambda: "stopping when load balancers" in master.log.read_text(), "the stop to be heard")
        assert ask(master, "reload wait") == "failed: the master is stopping\n"
        assert ask(master, "upgrade") == "accepted\n"  # and refused, in the log
        assert get(master, "/api/tasks", token).status == 200
        assert master.is_whole() and not waiting.done()
        master.signal(signal.SIGTERM)
        assert waiting.result() == (0, "done\n")
    assert master.process.wait(PATIENCE) == 0


def test_after_a_drain_the_stop_does_not_wait_again(new_master):
    master = new_master(DRAIN_DELAY_SECONDS=1)
    assert tasklane(master, "drain", "--wait") == (0, "done\n")
    master.signal(signal.SIGTERM)
    assert master.process.wait(PATIENCE) == 0
    assert master.log.read_text().count("not ready any more") == 1


class Clients(Busy):
    """Users who read and write all the time through a balancer. Use as `with Clients(…) as clients:`."""

    def __init__(self, balancer, secret, count=8):
        self.balancer, self.failures, self.answered = balancer, [], 0
        super().__init__(self.work, [tokens.token(secret, tokens.unique("drain"), 3600) for _ in range(count)])

    def work(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=self.balancer.url, headers=headers, timeout=PATIENCE, trust_env=False) as client:
            while not self.over.is_set():
                for method, body, expected in (("POST", {"title": "x"}, 201), ("GET", None, 200)):
                    try:
                        response = client.request(method, "/api/tasks?status=completed", json=body)
                        if response.status_code != expected:
                            self.failures.append((method, response.status_code, response.text))
                    except httpx.HTTPError as error:
                        self.failures.append((method, repr(error)))
                    self.answered += 1

    def wait_for_more(self, count):
        aim = self.answered + count
        wait_for(lambda: self.answered >= aim, f"{aim} answers")


def test_a_host_leaves_under_load_and_no_request_fails():
    with ExitStack() as ends:
        first = Stack(workers=1, DRAIN_DELAY_SECONDS="2").start()
        ends.callback(first.stop)
        urls = {name: first.settings[name] for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET")}
        second = Stack(workers=1, DRAIN_DELAY_SECONDS="2", **urls).start()
        ends.callback(second.stop)

        def wait_for_its_share():
            wait_for(lambda: balancer.up() == {"first", "second"}, "both hosts to be ready")
            wait_for(lambda: second.answered("/api/tasks").total() > 50, "the second host to have its share")

        with Balancer.before(first=first, second=second) as balancer, Clients(balancer, first.secret) as clients:
            wait_for_its_share()
            done = second.run("down")
            assert done.returncode == 0 and "draining for 2 s" in done.stdout, done.stdout
            assert balancer.up() == {"first"}
            clients.wait_for_more(200)
            assert second.run("up", "--detach").returncode == 0
            wait_for_its_share()
            # The master's stop alone does the same. The health checks that still come find nginx without it.
            second.expected_alarm = "connect() to unix:"
            master = second.pid("master")
            os.kill(master, signal.SIGTERM)
            wait_for(lambda: not is_alive(master), "the master to stop")
            assert balancer.up() == {"first"}
            clients.wait_for_more(200)
        assert clients.failures == [], clients.failures[:5]
