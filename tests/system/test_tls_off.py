"""TLS=off: TLS ends in a proxy in front, a real nginx, and the plain port serves that proxy alone."""

import json

import pytest

from harness import client, contract, front, logs, wire
from harness.front import ADDRESS, front_of
from harness.processes import free_ports
from harness.stack import Stack
from harness.web import Visitor
from harness.web_app import settings_of

PORT = free_ports()
PUBLIC = f"https://127.0.0.1:{PORT}"
PASSWORD = {"password": "not this one"}


@pytest.fixture(scope="module")
def behind():
    started = Stack(workers=1, frontend=True, TLS="off", TRUSTED_PROXIES=ADDRESS, PUBLIC_URL=PUBLIC).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def proxy(behind):
    with front_of(behind, port=PORT) as made:
        made.secret, made.log = behind.secret, behind.log
        yield made


def ask(stack, *headers, target="/api/tasks", source=ADDRESS, method="GET"):
    return wire.talk(stack, wire.request(method, target, *headers), tls=False, source=source)


def test_there_is_no_port_with_tls(behind):
    with pytest.raises(ConnectionRefusedError):
        wire.connect(behind)


def test_the_contract_holds_through_the_proxy(proxy):
    visitor = Visitor(proxy).sign_up()
    api = visitor.api()
    task = api.create("Behind a proxy")
    path = client.path_of(task)
    assert api.get(path).json() == task and task in api.tasks()
    assert api.patch(f"{path}/complete").status_code == 200
    assert api.post(b"{").status_code == 400 and api.get("/api/tasks/0").status_code == 404
    assert api.delete(path).status_code == 204
    answer = api.get()
    assert answer.headers["strict-transport-security"] == "max-age=63072000"
    assert api.http.get("/docs").headers["location"] == "/docs/"
    api.close(), visitor.close()


def test_a_visitor_signs_up_with_a_secure_cookie_and_has_tasks(behind, proxy):
    visitor = Visitor(proxy)
    form = {"email": "tls-off@example.com", "password": "correct horse battery", "name": "V"}
    answer = visitor.http.post("/api/auth/sign-up/email", json=form)
    assert answer.status_code == 200, answer.text
    cookies = answer.headers.get_list("set-cookie")
    assert cookies and all("; Secure" in each and each.startswith("__Secure-") for each in cookies), cookies
    visitor.id = answer.json()["user"]["id"]
    api = visitor.api()
    assert api.create("Signed up")["user_id"] == visitor.id
    page = visitor.get("/tasks")
    assert page.status_code == 200 and "strict-transport-security" in page.headers
    away = visitor.http.post("/api/auth/sign-in/email", json=form, headers={"Origin": f"http://127.0.0.1:{behind.plain_port}"})
    assert away.status_code == 403, "the inner address is no origin of ours"
    api.close(), visitor.close()


def test_the_web_app_and_its_tokens_know_the_public_origin(behind, proxy):
    assert settings_of(behind.state / "frontend.env")["BETTER_AUTH_URL"] == PUBLIC
    assert behind.settings["AUTH_ISSUER"] == behind.settings["AUTH_AUDIENCE"] == PUBLIC
    assert f"web app        {PUBLIC}/" in behind.up_output


def test_sessions_and_the_log_have_the_clients_address(behind, proxy):
    visitor = Visitor(proxy, source="127.0.0.21").sign_up(**{"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"})
    with behind.database() as connection, connection.cursor() as cursor:
        cursor.execute('SELECT "ipAddress" FROM session WHERE "userId" = %s', (visitor.id,))
        assert cursor.fetchall() == [("127.0.0.21",)]
    answer = visitor.get("/api/auth/ok")
    assert logs.access_line(behind.log, answer.headers["x-request-id"])["remote_addr"] == "127.0.0.21"
    visitor.close()


def sign_ins(proxy, source, how_many, **headers):
    visitor = Visitor(proxy, source=source)
    try:
        form = {"email": "nobody@example.com", **PASSWORD}
        return [visitor.http.post("/api/auth/sign-in/email", json=form, headers=headers).status_code for _ in range(how_many)]
    finally:
        visitor.close()


def test_better_auth_counts_sign_ins_by_the_real_client(proxy):
    assert sign_ins(proxy, "127.0.0.31", 21) == [401] * 20 + [429]
    assert sign_ins(proxy, "127.0.0.31", 1, **{"X-Forwarded-For": "203.0.113.9"}) == [429], "a forged address counts"
    assert sign_ins(proxy, "127.0.0.32", 1) == [401]


@pytest.mark.parametrize("target", ["/api/tasks", "/", "/docs/", "/api/auth/ok", "/metrics"])
def test_a_peer_that_is_no_trusted_proxy_is_refused(behind, target):
    for forged in ((), ("X-Forwarded-For: 127.0.0.3", "X-Forwarded-Proto: https", f"X-Real-IP: {ADDRESS}")):
        reply = ask(behind, *forged, target=target, source="127.0.0.9")
        problem = contract.check_error(reply.status, {k.lower(): v for k, v in reply.headers}, reply.body)
        assert reply.status == 403 and "TRUSTED_PROXIES" in problem["detail"]
        assert reply.header("location") is None and reply.header("strict-transport-security") is None


@pytest.mark.parametrize("target", ["/healthz", "/readyz"])
def test_any_peer_and_host_may_ask_for_health(behind, target):
    for source in ("127.0.0.9", ADDRESS):
        data = f"GET {target} HTTP/1.1\r\nHost: 10.0.0.9:{behind.plain_port}\r\nConnection: close\r\n\r\n".encode()
        assert wire.talk(behind, data, tls=False, source=source).status == 200


def test_another_host_is_refused_though_a_trusted_proxy_asks(behind):
    data = b"GET /docs/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    reply = wire.talk(behind, data, tls=False, source=ADDRESS)
    assert reply.status == 421 and reply.header("location") is None


def test_the_proxys_own_clients_without_tls_are_sent_to_the_public_url(behind, proxy):
    page = wire.talk(proxy, wire.request("GET", "/docs/?x=1"), tls=False)
    assert (page.status, page.header("location")) == (301, f"{PUBLIC}/docs/?x=1")
    assert page.header("strict-transport-security") is None
    for request in (wire.request("GET", "/api/tasks"), wire.request("GET", "/x", "Authorization: Bearer x")):
        reply = wire.talk(proxy, request, tls=False)
        assert (reply.status, reply.header("location")) == (403, None)
        assert json.loads(reply.body)["detail"] == "The API is served over HTTPS only"


def test_no_redirect_has_the_inner_port(behind, proxy):
    for target in ("/docs", "/docs/", "/", "/tasks", "/api", "/sign-in"):
        location = ask(behind, target=target).header("location") or ""
        assert str(behind.plain_port) not in location and "http://" not in location, target
        if location.startswith("http"):
            assert location.startswith(PUBLIC)


def test_a_request_id_of_the_proxy_is_kept(behind):
    assert ask(behind, "X-Request-Id: from-the-proxy").json()["request_id"] == "from-the-proxy"


def test_rfc_7239_tells_the_scheme_as_well():
    stack = Stack(workers=1, TLS="off", TRUSTED_PROXIES=ADDRESS, PUBLIC_URL="https://localhost", PROXY_HEADER="Forwarded").start()
    try:
        with front_of(stack, headers=front.FORWARDED) as proxy:
            assert wire.talk(proxy, wire.request("GET", "/api/tasks")).status == 401
            page = wire.talk(proxy, wire.request("GET", "/docs/"), tls=False)
            assert (page.status, page.header("location")) == (301, "https://localhost/docs/")
            answer = wire.talk(proxy, wire.request("GET", "/healthz"), source="127.0.0.41")
            assert logs.access_line(stack.log, answer.header("x-request-id"))["remote_addr"] == "127.0.0.41"
    finally:
        stack.stop()
