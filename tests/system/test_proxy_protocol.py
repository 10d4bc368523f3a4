"""PROXY_PROTOCOL=on: a balancer of connections tells client addresses, and HTTP headers are the clients' own."""

import re

import pytest

from harness import logs, proxy_protocol, wire
from harness.proxy_protocol import LOCAL_V2, UNKNOWN_V1, v1, v2
from harness.stack import Stack

BALANCER, STRANGER, CLIENT = "127.0.0.3", "127.0.0.9", "203.0.113.7"
ALPN = bytes([0x01, 0, 2]) + b"h2"  # an additional field, as AWS sends of its own


@pytest.fixture(scope="module")
def balanced():
    started = Stack(workers=1, PROXY_PROTOCOL="on", TRUSTED_PROXIES=BALANCER, RATE_LIMIT_PER_SECOND="1").start()
    yield started
    started.stop()


def client_of(stack, head, *headers, source=BALANCER):
    reply = proxy_protocol.talk(stack, head, wire.request("GET", "/healthz", *headers), source=source)
    assert reply.status == 200
    return logs.access_line(stack.log, reply.header("x-request-id"))["remote_addr"]


@pytest.mark.parametrize(
    "head, client",
    [
        (v1(CLIENT), CLIENT),
        (v2(CLIENT), CLIENT),
        (v2(CLIENT, more=ALPN), CLIENT),
        (v1("2001:db8::7"), "2001:db8::7"),
        (v2("2001:db8::7"), "2001:db8::7"),
        (UNKNOWN_V1, BALANCER),
        (LOCAL_V2, BALANCER),  # the balancer asks for itself
    ],
)
def test_a_trusted_balancer_tells_the_clients_address(balanced, head, client):
    assert client_of(balanced, head) == client


def test_another_peers_word_does_not_count(balanced):
    assert client_of(balanced, v1(CLIENT), source=STRANGER) == STRANGER


def test_headers_are_the_clients_own_and_tell_nothing(balanced):
    forged = ["X-Forwarded-For: 6.6.6.6", "Forwarded: for=6.6.6.6", "X-Forwarded-Proto: http", "X-Request-Id: forged"]
    assert client_of(balanced, v1(CLIENT), *forged) == CLIENT
    reply = proxy_protocol.talk(balanced, v1(CLIENT), wire.request("GET", "/healthz", *forged), source=BALANCER)
    assert re.fullmatch("[0-9a-f]{32}", reply.header("x-request-id"))


def test_each_client_has_its_own_rate_limit(balanced):
    def is_limited(client):
        ask = wire.request("GET", "/api/tasks")
        heads = (v2(client.format(n)) for n in range(200))
        return any(proxy_protocol.talk(balanced, head, ask, source=BALANCER).status == 429 for head in heads)

    assert is_limited(CLIENT)
    assert not is_limited("198.51.100.{}")


def test_a_connection_without_it_is_refused(balanced):
    assert proxy_protocol.is_refused(balanced, b"", wire.request("GET", "/healthz"))
    assert proxy_protocol.is_refused(balanced, b"PROXY TCP4 x\r\n", wire.request("GET", "/healthz"))


def test_the_plain_port_speaks_it_too(balanced):
    reply = proxy_protocol.talk(balanced, v1(CLIENT), wire.request("GET", "/x"), tls=False, source=BALANCER)
    assert (reply.status, reply.header("location")) == (301, f"https://127.0.0.1:{balanced.port}/x")


def test_up_finds_it_running(balanced):
    assert "already running" in balanced.run("up", "--detach").stdout
