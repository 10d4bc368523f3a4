"""Somebody else's front end or backend behind our nginx (FRONTEND_UPSTREAM), as docs/quickstart.md tells."""

import base64
import os
import re
import signal
import subprocess
import threading
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import psycopg2
import pytest

from harness import client, tokens, wire
from harness.better_auth import BetterAuth, header_of, node, packages_of, token_of
from harness.processes import free_ports, wait_for
from harness.stack import PROJECT, Stack
from harness.web import Visitor

QUICKSTART = (PROJECT / "docs/quickstart.md").read_text()
PORT = free_ports()


@pytest.fixture(scope="module")
def stack_of_theirs():
    """Without FRONTEND_ROOT, as in development."""
    started = Stack(workers=1, frontend=True, FRONTEND_UPSTREAM=f"127.0.0.1:{PORT}", AUTH_ISSUER="", AUTH_AUDIENCE="").start()
    yield started
    started.stop()


@contextmanager
def upstream(answers, port=PORT):
    """An HTTP server with {path: (status, type, body)}; yields the (path, headers) that it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.path, dict(self.headers)))
            status, kind, body = answers.get(self.path.partition("?")[0], (404, "text/plain", b"theirs has none"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")  # or nginx would ask the server of the test before
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


def handshake(stack, path):
    """A connection with a WebSocket's handshake sent."""
    connection, key = wire.connect(stack), base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {path}?id=1 HTTP/1.1\r\nHost: 127.0.0.1:{stack.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nOrigin: {stack.url}\r\n\r\n".encode()
    )
    return connection


def upgrade(stack, path):
    """The status of the answer to the handshake."""
    with closing(handshake(stack, path)) as connection:
        return int(re.match(rb"HTTP/1.1 (\d+)", connection.recv(4096)).group(1))


def hears(connection, *words):
    """Waits until it has heard all of them."""
    heard = b""
    while not all(word in heard for word in words):
        more = connection.recv(65_536)
        assert more, f"it hung up after {heard[-300:]}"
        heard += more


def test_their_own_icon_comes_through_and_a_missing_one_is_none(stack_of_theirs):
    visitor = Visitor(stack_of_theirs)
    with upstream({"/favicon.ico": (200, "image/x-icon", b"their icon")}):
        answer = visitor.get("/favicon.ico")
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"their icon", "image/x-icon")
    with upstream({}):
        assert visitor.get("/favicon.ico").status_code == 204
    assert visitor.get("/favicon.ico").status_code == 204, "theirs is away"
    visitor.close()


def test_a_token_route_lives_below_api_auth_or_outside_of_api(stack_of_theirs):
    routes = ["/api/auth/api-token", "/token"]
    with upstream({path: (200, "application/json", b'{"token": "t"}') for path in [*routes, "/api/token"]}) as asked:
        visitor = Visitor(stack_of_theirs)
        for path in routes:
            answer = visitor.get(path)
            assert answer.json() == {"token": "t"} and answer.headers["cache-control"] == "no-store", path
        assert visitor.get("/api/token").status_code == 404, "that is the API's"
        assert [path for path, _ in asked] == routes
        visitor.close()
    for path in re.findall(r"^// app(/\S+)/route\.ts$", QUICKSTART, re.MULTILINE):
        assert path.startswith("/api/auth/") or not path.startswith("/api/"), f"{path} would reach the API"


def test_the_login_of_an_old_backend_stays(stack_of_theirs):
    """It signs with the shared secret, and is told who asks."""
    sub = tokens.unique("old")
    token = tokens.token(stack_of_theirs.secret, sub)
    with upstream({"/api/auth/login": (200, "text/plain", token.encode())}) as asked:
        visitor = Visitor(stack_of_theirs)
        given = visitor.http.post("/api/auth/login", json={"user": "u"}, headers={"X-Forwarded-For": "192.0.2.1"}).text
        visitor.close()
    headers = asked[0][1]
    assert headers["X-Forwarded-For"] == "127.0.0.1" and headers["X-Forwarded-Proto"] == "https"
    with closing(client.Api(stack_of_theirs, given, sub)) as api:
        assert api.create()["user_id"] == sub


@pytest.fixture
def next_dev(tmp_path):
    """A real `next dev`; yields its page's source."""
    folder, packages = tmp_path, packages_of(PROJECT / "frontend")
    (folder / "node_modules").symlink_to(packages / "node_modules")
    (folder / "package.json").write_text('{"name": "theirs", "private": true}')
    told = re.search(r"^    (module\.exports = .*allowedDevOrigins.*)$", QUICKSTART, re.MULTILINE).group(1)
    (folder / "next.config.js").write_text(told.replace("tasks.localhost", "127.0.0.1"))
    (folder / "app").mkdir()
    (folder / "app/layout.jsx").write_text("export default ({ children }) => <html><body>{children}</body></html>;")
    page = folder / "app/page.jsx"
    page.write_text("export default () => <p>first</p>;")
    command = [node(), "node_modules/next/dist/bin/next", "dev", "--webpack", "-H", "127.0.0.1", "-p", str(PORT)]
    environment = {**os.environ, "NEXT_TELEMETRY_DISABLED": "1", "NODE_ENV": "development"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    with ExitStack() as ends:
        ends.callback(process.wait)
        ends.callback(os.killpg, process.pid, signal.SIGKILL)  # it has a child that serves
        wait_for(lambda: "Ready" in (folder / "log").read_text() or process.poll() is not None, "next dev", 120)
        assert process.poll() is None, (folder / "log").read_text()
        assert "first" in httpx.get(f"http://127.0.0.1:{PORT}/", timeout=120, trust_env=False).text, "it compiles at the first request"
        yield page


def test_a_change_of_a_page_in_development_is_told_through_nginx(stack_of_theirs, next_dev):
    visitor = Visitor(stack_of_theirs)
    assert "first" in visitor.get("/").text
    visitor.close()
    with closing(handshake(stack_of_theirs, "/_next/hmr")) as connection:
        hears(connection, b"101 Switching", b'"sync"')
        next_dev.write_text("export default () => <p>second</p>;")
        hears(connection, b'"built"')


def test_nothing_is_upgraded_where_a_build_is_served(new_stack):
    port = free_ports()
    built = new_stack(workers=1, frontend=True, FRONTEND_UPSTREAM=f"127.0.0.1:{port}", FRONTEND_ROOT="/nonexistent")
    with upstream({}, port) as asked:
        for path in ("/_next/hmr", "/_next/webpack-hmr"):
            assert upgrade(built, path) == 404
    assert len(asked) == 2 and all("Upgrade" not in headers for _, headers in asked)


def test_the_older_path_of_hot_reload_is_passed_too(stack_of_theirs):
    with upstream({}) as asked:
        upgrade(stack_of_theirs, "/_next/webpack-hmr")
    assert [headers["Upgrade"] for _, headers in asked] == ["websocket"]


def test_the_role_and_grants_of_the_quickstart_are_enough(new_stack):
    """A front end's own role makes Better Auth's tables, the workers read its public keys, and it has no right on tasks."""
    stack = new_stack(workers=1, AUTH_JWKS="database", BETTER_AUTH_SECRET="")
    section = QUICKSTART.split("### One database", 1)[1].split("\n### ", 1)[0]
    statements = re.search(r"\n\n((?:    .*\n)+)", section).group(1).replace("…", "secret")
    with stack.database("superuser") as connection, connection.cursor() as cursor:
        cursor.execute(statements)
    url = f"postgresql://app:secret@/tasklane?host={stack.state / 'pg'}"
    site = BetterAuth(stack, DATABASE_URL=url, BETTER_AUTH_SECRET="s" * 8 + os.urandom(16).hex())
    try:
        browser, sub = site.sign_up(f"{tokens.unique('theirs')}@example.com")
        token = token_of(browser)
        browser.close()
    finally:
        site.stop()
    assert header_of(token)["alg"] == "EdDSA"
    with closing(client.Api(stack, token, sub)) as api:
        assert api.create()["user_id"] == sub
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("SELECT FROM tasks")
