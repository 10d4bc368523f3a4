"""Trusted proxies in front: whose word on client addresses and request ids counts. TLS ends here; where it ends in the
proxy, see test_tls_off.py."""

import http.server
import re
import threading

import pytest

from harness import contract, logs, wire
from harness.processes import free_ports
from harness.stack import Stack

PROXY = "127.0.0.3"  # loopback addresses are all this machine's
STRANGER = "127.0.0.9"
CLIENT = "203.0.113.7"


class Recorder(http.server.BaseHTTPRequestHandler):
    """A web app that tells the headers it got."""

    def do_GET(self):
        body = str(self.headers).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def web_app():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_ports()), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown(), server.server_close()


def started(**settings):
    stack = Stack(workers=1, frontend=True, **settings).start()
    try:
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="module")
def trusting(web_app):
    """The proxy and one in front of it."""
    yield from started(TRUSTED_PROXIES=f"{PROXY},198.51.100.0/24", RATE_LIMIT_PER_SECOND="1", FRONTEND_UPSTREAM=web_app)


@pytest.fixture(scope="module")
def by_rfc_7239(web_app):
    yield from started(TRUSTED_PROXIES=PROXY, PROXY_HEADER="Forwarded", FRONTEND_UPSTREAM=web_app, RATE_LIMIT_PER_SECOND="1")


def ask(stack, *headers, target="/api/tasks", source=PROXY):
    return wire.talk(stack, wire.request("GET", target, *headers), source=source)


def client_of(stack, *headers, **how):
    """The address that the log has."""
    return logs.access_line(stack.log, ask(stack, *headers, target="/healthz", **how).header("x-request-id"))["remote_addr"]


def told(stack, *headers, **how):
    """{name: value} of what the web app got."""
    text = ask(stack, *headers, target="/page", **how).body.decode()
    return {name.lower(): value for name, value in re.findall(r"^([^:\n]+): (.*?)\r?$", text, re.MULTILINE)}


@pytest.mark.parametrize(
    "forwarded, client",
    [
        ([CLIENT], CLIENT),
        (["6.6.6.6, " + CLIENT], CLIENT),
        ([f"6.6.6.6, {CLIENT}, 198.51.100.5"], CLIENT),
        (["6.6.6.6", CLIENT], CLIENT),
        ([f"{CLIENT}:4711"], CLIENT),
        (["2001:db8::7"], "2001:db8::7"),
        (["unknown"], PROXY),
        ([], PROXY),
    ],
)
def test_a_trusted_proxy_tells_the_clients_address(trusting, forwarded, client):
    assert client_of(trusting, *(f"X-Forwarded-For: {value}" for value in forwarded)) == client


@pytest.mark.parametrize("header", [f"X-Forwarded-For: {CLIENT}", f"Forwarded: for={CLIENT}", f"X-Real-IP: {CLIENT}"])
def test_another_peers_word_does_not_count(trusting, by_rfc_7239, header):
    for stack in (trusting, by_rfc_7239):
        assert client_of(stack, header, source=STRANGER) == STRANGER
        assert told(stack, header, source=STRANGER)["x-forwarded-for"] == STRANGER


def is_limited(stack, header, **how):
    """Whether one of many requests is refused; {} in the header is their number. On a slow machine it takes some."""
    return any(ask(stack, header.format(n), **how).status == 429 for n in range(200))


@pytest.mark.parametrize("which, header", [("trusting", "X-Forwarded-For: {}"), ("by_rfc_7239", "Forwarded: for={}")])
def test_each_client_behind_a_proxy_has_its_own_rate_limit(which, header, request):
    stack = request.getfixturevalue(which)
    assert is_limited(stack, header.format(CLIENT))
    assert not is_limited(stack, header.format("192.168.7.{}"))


def test_forged_addresses_share_the_limit_of_the_peer_that_sends_them(trusting):
    assert is_limited(trusting, "X-Forwarded-For: 203.0.113.{}", source=wire.own_address())


@pytest.mark.parametrize("name", ["0af7651916cd43dd8448eb211c80319c", "A.b_c-9", "x" * 64])
def test_a_trusted_proxys_request_id_is_kept(trusting, name):
    reply = ask(trusting, f"X-Request-Id: {name}", f"X-Forwarded-For: 192.168.8.{len(name)}")
    problem = contract.check_error(401, {k.lower(): v for k, v in reply.headers}, reply.body)
    assert reply.header("x-request-id") == problem["request_id"] == name
    assert logs.access_line(trusting.log, name)["request_id"] == name
    assert told(trusting, f"X-Request-Id: {name}")["x-request-id"] == name
    missing = ask(trusting, f"X-Request-Id: {name}", target="/api")  # nginx's own
    assert missing.json()["request_id"] == name


@pytest.mark.parametrize("name", ["", "x" * 65, "a b", "a\"b", "a/b", "é", "a,b"])
def test_a_malformed_request_id_and_a_strangers_are_replaced(trusting, name):
    for header, source in ((name, PROXY), ("well-formed", STRANGER)):
        given = ask(trusting, f"X-Request-Id: {header}", target="/healthz", source=source).header("x-request-id")
        assert re.fullmatch("[0-9a-f]{32}", given)


REWRITTEN = ["X-Forwarded-Prefix", "X-Forwarded-Server", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Original-URL",
             "X-Rewrite-URL", "X-Original-Host", "X-Middleware-Subrequest", "Forwarded", "CF-Connecting-IP", "True-Client-IP",
             "X-Client-IP", "X-HTTP-Method-Override"]  # fmt: skip


@pytest.mark.parametrize("source", [PROXY, STRANGER])
def test_the_web_app_is_told_what_nginx_knows_and_nothing_else(trusting, source):
    forged = [f"{name}: evil.example" for name in [*REWRITTEN, "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Proto"]]
    headers = told(trusting, *forged, f"X-Forwarded-For: {CLIENT}", source=source)
    assert "evil.example" not in headers.values()
    assert not {name.lower() for name in REWRITTEN} & headers.keys()
    client = CLIENT if source == PROXY else STRANGER
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == client
    assert headers["host"] == headers["x-forwarded-host"] == f"127.0.0.1:{trusting.port}"
    assert headers["x-forwarded-proto"] == "https" and headers["x-forwarded-port"] == str(trusting.port)


@pytest.mark.parametrize(
    "value, client",
    [
        (f"for={CLIENT}", CLIENT),
        (f"For=\"{CLIENT}:4711\";proto=https", CLIENT),
        (f"for=6.6.6.6;by=_x, proto=https; for={CLIENT};by=203.0.113.60", CLIENT),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ('for="[2001:DB8::7]"', "2001:DB8::7"),
        (f'for="6.6.6.6, for={CLIENT}', CLIENT),  # the first element breaks off: a client's doing
        ("for=6.6.6.6, for=unknown", PROXY),
        ("for=6.6.6.6, for=_hidden", PROXY),
        ("for=6.6.6.6, by=1.1.1.1", PROXY),
        ("notfor=6.6.6.6", PROXY),
        ("", PROXY),
    ],
)
def test_the_last_element_of_forwarded_counts(by_rfc_7239, value, client):
    forged = "X-Forwarded-For: 6.6.6.6"
    assert client_of(by_rfc_7239, f"Forwarded: {value}", forged) == client
    assert told(by_rfc_7239, f"Forwarded: {value}", forged)["x-forwarded-for"] == client
