"""Which host names are served, and where redirects go."""

import json
import subprocess

import pytest

from harness import contract, wire
from harness.stack import Stack

PUBLIC = "https://tasks.test:4443"


def ask(stack, host, target="/api/tasks", tls=True, method="GET"):
    data = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    return wire.talk(stack, data, tls=tls)


@pytest.fixture(scope="module")
def public():
    started = Stack(workers=1, PUBLIC_URL=PUBLIC, SERVER_NAME="localhost *.tests.test www.Others.test.").start()
    yield started
    started.stop()


@pytest.mark.smoke
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("target", ["/api/tasks", "/docs/", "/docs", "/", "/openapi.json", "/api/auth/ok"])
def test_another_host_is_a_json_421_and_leads_nowhere(stack, target, tls):
    reply = ask(stack, "evil.example", target, tls)
    assert reply.status == 421 and reply.header("location") is None
    problem = contract.check_error(421, {k.lower(): v for k, v in reply.headers}, reply.body)
    assert problem["error_type"] == "validation_error" and "SERVER_NAME" in problem["detail"]
    assert b"evil" not in reply.body


@pytest.mark.smoke
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("target", ["/healthz", "/readyz"])
def test_health_is_told_whatever_the_host(stack, target, tls):
    assert ask(stack, "10.1.2.3:8080", target, tls).status == 200


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost", "localhost.", "localhost:1", "127.0.0.1", "127.0.0.1:443", "[::1]", "[::1]:8443"]
)
def test_a_name_counts_however_it_is_spelled(stack, host):
    assert ask(stack, host).status == 401
    location = ask(stack, host, "/x?y=1", tls=False).header("location")
    name = host.lower() if host.endswith("]") else host.lower().rpartition(":")[0] or host.lower()
    assert location == f"https://{name.removesuffix('.')}:{stack.port}/x?y=1"


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_the_addresses_of_nginxs_own_answers_are_not_served(stack, tls):
    for target in ("/_problem/421", "/_problem/page", "/_problem/400", "/_problem/x"):
        reply = ask(stack, "evil.example", target, tls)
        assert reply.status in (404, 421) and reply.header("location") is None


@pytest.mark.parametrize("host", ["localhost.evil.example", "127.0.0.2", "xlocalhost", "[::2]", "unix:", "localhost@evil"])
def test_a_name_that_only_looks_like_ours_does_not_count(stack, host):
    assert ask(stack, host).status in (400, 421)


def test_the_request_lines_host_counts_and_not_the_headers(stack):
    def both(line, header):
        return wire.talk(stack, f"GET https://{line}/api/tasks HTTP/1.1\r\nHost: {header}\r\nConnection: close\r\n\r\n".encode())

    assert both("evil.example", "localhost").status == 421
    assert both("localhost", "evil.example").status == 401


def test_http_2_authorities_are_looked_at_too(stack):
    def curl(host):
        command = ["curl", "-sS", "--http2", "--noproxy", "*", "--cacert", stack.certificate, "-H", f"Host: {host}"]
        done = subprocess.run([*command, f"{stack.url}/api/tasks"], capture_output=True, text=True, timeout=20, check=True)
        return json.loads(done.stdout)["status_code"]

    assert curl("evil.example") == 421 and curl("localhost:99") == 401


def test_another_name_in_the_handshake_changes_nothing(stack):
    context = wire.tls_context(stack.certificate)
    context.check_hostname = False
    with wire.connect(stack, tls=False) as _, wire.socket.create_connection(("127.0.0.1", stack.port)) as raw:
        with context.wrap_socket(raw, server_hostname="evil.example") as connection:
            connection.sendall(wire.request("GET", "/api/tasks"))
            assert wire.read_reply(connection).status == 401


def test_a_client_of_http_1_0_names_no_host_and_is_served(stack):
    assert wire.talk(stack, b"GET /api/tasks HTTP/1.0\r\n\r\n").status == 401


@pytest.mark.parametrize("host, status", [
    ("tasks.test", 401), ("a.tests.test", 401), ("www.others.test", 401), ("tests.test", 421), ("test", 421),
])  # fmt: skip
def test_names_come_from_server_name_and_public_url(public, host, status):
    assert ask(public, host).status == status


def test_redirects_go_to_the_public_url_alone(public):
    for host in ("tasks.test", "localhost", "a.tests.test:8080"):
        reply = ask(public, host, "/docs?x=%20", tls=False)
        assert (reply.status, reply.header("location")) == (301, f"{PUBLIC}/docs?x=%20")
    for tls, target in ((True, "/docs"), (True, "/api")):
        assert str(public.port) not in (ask(public, "localhost", target, tls).header("location") or "")
    assert ask(public, "localhost", "/docs").header("location") == "/docs/"
