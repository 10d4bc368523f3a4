"""Beside another site in one nginx, whose http block is hostile: the contract holds, and neither site sees the other.

The contract's tests are run again here, with a stack behind that nginx."""

import inspect
import json
import os
import re
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness import logs, tokens, wire
from harness.neighbours import Neighboured, render
from harness.processes import PATIENCE, is_alive, wait_for
from harness.stack import Stack
from test_access_log import *
from test_auth import *
from test_bodies import *
from test_cors import *
from test_create import *
from test_idempotency import *
from test_isolation import *
from test_nginx_errors import *
from test_pages import *
from test_paths import *
from test_read import *
from test_smuggling import *
from test_tls import *

for _name, _test in list(globals().items()):  # those have a stack, or a master, of their own
    if _name.startswith("test_") and {"new_stack", "new_master"} & set(inspect.signature(_test).parameters):
        del globals()[_name]


@pytest.fixture(scope="module")
def stack(nothing_is_left_behind):
    started = Neighboured().start()
    yield started
    started.stop()


def ask_other(stack, *headers, target="/other.html", tls=True):
    """The other site's whole answer, but for the date and the visitor's number."""
    data = wire.request("GET", target, *headers).replace(b"Host: 127.0.0.1", b"Host: other.example")
    connection = socket.create_connection(("127.0.0.1", stack.port if tls else stack.plain_port), PATIENCE)
    if tls:
        context = wire.tls_context(stack.certificate)
        context.check_hostname = False
        connection = context.wrap_socket(connection, server_hostname="other.example")
    with connection:
        connection.sendall(data)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 ")
    return re.sub(rb"(Date|Expires): [^\r]*|other=[^;]*", b"", answer)


def test_the_other_sites_answers_are_the_same_as_without_us(stack):
    asked = [
        {}, {"tls": False}, {"target": "/api/tasks"}, {"target": "/missing", "tls": False}, {"target": "/metrics"},
    ]  # fmt: skip
    headers = [(), ("Accept-Encoding: gzip",), ("Origin: https://app.example.com",)]
    with_us = [ask_other(stack, *each, **how) for how in asked for each in headers]
    stack.serve([])
    try:
        without = [ask_other(stack, *each, **how) for how in asked for each in headers]
    finally:
        stack.serve([stack])
    assert with_us == without and all(without)


def test_neither_log_has_a_line_of_the_other(stack, alice):
    ask_other(stack, target="/theirs-alone")
    request_id = alice.get("/api/tasks?status=pending").headers["x-request-id"]
    logs.access_line(stack.log, request_id)
    logged = {path.name: path.read_text() for path in stack.log.glob("*.log")}
    assert "/theirs-alone" in logged["other-access.log"]
    for name, text in logged.items():
        if name.startswith("other-"):
            assert "/api/tasks?" not in text and alice.token not in text, name
        else:
            assert "/theirs-alone" not in text, name


class Answers(BaseHTTPRequestHandler):
    """A web app that says the same at every path: something that any gzip would shorten."""

    def do_GET(self):
        body = json.dumps({"token": "x" * 5_000}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "session=1; HttpOnly; Secure; SameSite=Lax; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def web_app(stack):
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        render(stack, stack.log, FRONTEND_UPSTREAM=f"127.0.0.1:{server.server_port}")
        stack.serve([stack])
        yield
        render(stack, stack.log, FRONTEND_UPSTREAM="")
        stack.serve([stack])
        server.shutdown()


def test_nothing_of_better_auth_is_compressed(stack, web_app):
    for encoding in ("gzip", "br", "deflate, gzip;q=1.0, *;q=0.5"):
        for path in ("/api/auth/token", "/api/auth/get-session", "/api/auth/x/y.css"):
            answer = wire.talk(stack, wire.request("GET", path, f"Accept-Encoding: {encoding}"))
            assert answer.status == 200 and answer.header("content-encoding") is None
            assert answer.json() == {"token": "x" * 5_000}
            assert answer.header("set-cookie") == "session=1; HttpOnly; Secure; SameSite=Lax; Path=/"
            assert answer.header("cache-control") == "no-store"
    page = wire.talk(stack, wire.request("GET", "/page", "Accept-Encoding: gzip"))
    assert page.header("content-encoding") == "gzip", "the pages are"


def test_two_instances_are_served_by_one_nginx(stack, alice):
    staging = Stack(workers=1, INSTANCE="staging").start()
    try:
        own = staging.pid("nginx")
        os.kill(own, signal.SIGTERM)
        wait_for(lambda: not is_alive(own), "its own nginx to end")
        render(
            staging, stack.log, HTTPS_PORT=stack.port, HTTP_PORT=stack.plain_port, SERVER_NAME="staging.example",
            TLS_CERTIFICATE=stack.certificate, TLS_CERTIFICATE_KEY=stack.state / "tls/key.pem", RATE_LIMIT_PER_SECOND=9,
        )  # fmt: skip
        stack.serve([stack, staging])

        def ask(host, token):
            data = wire.request("GET", "/api/tasks", f"Authorization: Bearer {token}")
            return wire.talk(stack, data.replace(b"Host: 127.0.0.1", b"Host: " + host)).status

        theirs = tokens.token(staging.secret, "bob")
        assert [ask(b"staging.example", token) for token in (theirs, alice.token)] == [200, 401]
        assert [ask(b"localhost", token) for token in (theirs, alice.token)] == [401, 200]
        for each in (stack, staging):
            operator = each.operator()
            assert len(operator.get("/status").json()["workers"]) == each.workers
            operator.close()
        stack.serve([stack])
    finally:
        staging.stop()
