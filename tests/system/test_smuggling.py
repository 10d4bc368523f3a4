"""FastCGI records in a request's body must never run as a request of their own.

An answer given before the body was read leaves the body's bytes on the kept connection, where they parse as the next
records: a request with chosen method, target and parameters. libfcgi reads 8 KiB at a time, so what is left begins at
a place that depends on nginx's parameters, always a multiple of eight: `attacks` tries every one. A loop of
FCGX_Accept_r that answers 401 at once runs one forged request per sweep.
"""

import pytest

from harness import fcgi, tokens, wire
from harness.client import path_of

JSON = "Content-Type: application/json"


def aligned(kind, content=b""):
    return fcgi.record(kind, content, padding=-len(content) % 8)


def forged(token):
    """A request that creates a task, as nginx would send it, in records of whole multiples of eight bytes."""
    body = b'{"title":"smuggled"}'
    params = fcgi.pairs(fcgi.params_of("POST", "/api/tasks", token, body))
    return (
        fcgi.begin()
        + aligned(fcgi.PARAMS, params)
        + aligned(fcgi.PARAMS)
        + aligned(fcgi.STDIN, body)
        + aligned(fcgi.STDIN)
    )


def attacks(token, length):
    """Bodies of forged requests, one after another, of which one begins exactly where libfcgi would go on reading."""
    one = forged(token)
    for filler in range(0, len(one), 8):
        yield b"\0" * filler + one * (length // len(one))


@pytest.fixture
def victim(stack):
    api = stack.user("victim")
    yield api
    assert api.tasks() == [], "a request from inside a body ran"
    api.close()


def send(stack, method, target, body, *headers):
    return wire.talk(stack, wire.request(method, target, *headers, body=body))


@pytest.mark.parametrize("length", [12_000, 60_000, 200_000])
def test_a_body_of_records_without_a_token_runs_nothing(stack, victim, length):
    for body in attacks(victim.token, length):
        assert send(stack, "POST", "/api/tasks", body, JSON).status == 401


@pytest.mark.parametrize(
    "status, method, target, content_type, with_token",
    [
        (415, "POST", "/api/tasks", "text/plain", True),
        (400, "POST", "/api/tasks", "application/json", True),
        (404, "POST", "/api/none/such", "application/json", True),
        (405, "PUT", "/api/tasks", "application/json", True),
        (403, "PUT", "/api/somebody/tasks/1", "application/json", True),
        (400, "PUT", "/api/tasks/0", "application/json", True),
        (404, "DELETE", "/api/tasks/0", "application/json", True),
        (401, "PUT", "/api/tasks/1", "text/plain", False),
        (200, "GET", "/api/tasks", "application/json", True),
        (200, "GET", "/healthz", "text/plain", False),
    ],
)
def test_no_early_answer_leaves_a_body_to_run(
    stack, victim, status, method, target, content_type, with_token
):
    own = tokens.token(stack.secret, tokens.unique("attacker"))
    headers = [f"Content-Type: {content_type}", *([f"Authorization: Bearer {own}"] if with_token else [])]
    for body in attacks(victim.token, 30_000):
        assert send(stack, method, target, body, *headers).status == status


def test_a_chunked_body_of_records_runs_nothing(stack, victim):
    for body in attacks(victim.token, 30_000):
        chunked = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"
        assert send(stack, "POST", "/api/tasks", chunked, JSON, "Transfer-Encoding: chunked").status == 401


def test_a_body_past_nginxs_limit_runs_nothing(stack, victim):
    for body in attacks(victim.token, 300_000):
        assert send(stack, "POST", "/api/tasks", body, JSON).status == 413


def test_a_client_that_leaves_in_mid_body_runs_nothing(stack, victim):
    for number, body in enumerate(attacks(victim.token, 30_000)):
        with wire.connect(stack) as connection:
            declared = f"Content-Length: {len(body)}"
            connection.sendall(wire.request("POST", "/api/tasks", JSON, declared) + body[: 500 * number])


@pytest.mark.parametrize("status", [401, 413])
def test_on_the_socket_itself_a_body_past_the_limit_is_read_to_its_end(new_master, stack, victim, status):
    attacker = tokens.token(stack.secret, "attacker") if status == 413 else None
    with new_master().connect() as connection:
        for body in attacks(victim.token, 300_000):
            assert connection.ask("POST", "/api/tasks", attacker, body).status == status
            following = connection.ask("GET", "/api/tasks", victim.token)
            assert (following.status, following.body) == (200, b"[]")


def test_headers_of_the_client_do_not_become_parameters(stack, alice, bob):
    task = alice.create()
    spoofed = {
        "Request-Uri": path_of(task), "X-Request-Method": "DELETE", "Http-Authorization": f"Bearer {alice.token}",
        "Request_Method": "DELETE", "Proxy": "http://127.0.0.1:1", "Remote-User": alice.sub,
        "X-Original-URL": path_of(task),
        "X-HTTP-Method-Override": "DELETE",
    }  # fmt: skip
    assert bob.get(headers=spoofed).json() == []
    assert alice.tasks() == [task]
