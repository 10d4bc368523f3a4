"""`tasklane maintenance` and `tasklane read-only`: once the command has returned, over a restart, without an edited file."""

import json

import httpx
import pytest

from harness import wire
from harness.client import path_of
from harness.operator import reload, tasklane
from harness.stack import ORIGINS, PROJECT, Stack

OPERATOR = "127.0.0.7"
HOSTILE = 'Back "soon" \\ <!--#echo var="x"--> </p><script>alert(1)</script> REQUEST-ID ${x} $uri ☕'


@pytest.fixture(scope="module")
def stack():
    started = Stack(workers=2, OPERATIONS_ALLOW=OPERATOR).start()
    yield started
    started.stop()


@pytest.fixture
def alice(stack):
    api = stack.user("alice")
    yield api
    api.close()


@pytest.fixture
def operator_of(stack):
    client = stack.operator()
    yield client
    client.close()


@pytest.fixture
def open_again(stack):
    yield
    for mode in ("maintenance", "read-only"):
        assert tasklane(stack, mode, "off")[0] == 0


def close(stack, *more):
    status, said = tasklane(stack, "maintenance", "on", "--templates", str(PROJECT / "nginx"), *more)
    assert status == 0, said


def browse(stack, path, source=None):
    transport = httpx.HTTPTransport(verify=wire.tls_context(stack.certificate), local_address=source)
    with httpx.Client(base_url=stack.url, transport=transport) as client:
        return client.get(path)


def check_closed(response, message):
    assert response.status_code == 503
    assert response.headers["retry-after"] == "60"
    body = response.json()
    assert body["error_type"] == "maintenance" and body["detail"] == body["message"] == message
    assert body["request_id"] == response.headers["x-request-id"]


def test_everybody_is_told_with_the_message_whatever_is_in_it(stack, alice, open_again):
    task = alice.create()
    close(stack, "--message", HOSTILE)
    for response in (
        alice.get(), alice.post({"title": "x"}), alice.put(path_of(task), {"title": "x"}), alice.patch(path_of(task) + "/complete"),
        alice.delete(path_of(task)), alice.get("/api/auth/ok"),
    ):  # fmt: skip
        check_closed(response, HOSTILE)
    origin = {"Origin": ORIGINS[0]}
    assert alice.get(headers=origin).headers["access-control-allow-origin"] == ORIGINS[0]
    assert alice.request("HEAD", "/api/tasks").status_code == 503

    page = browse(stack, "/")
    assert page.status_code == 503 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["retry-after"] == "60" and "<script>" not in page.text
    assert "Back \"soon\" \\ &lt;!--#echo" in page.text and "☕" in page.text
    assert browse(stack, "/docs/").status_code == 503

    assert tasklane(stack, "maintenance", "off")[0] == 0
    assert alice.get(path_of(task)).json() == task, "nothing was changed"
    assert browse(stack, "/").status_code == 200


def test_balancers_preflights_and_operators_are_served(stack, open_again):
    close(stack)
    anyone = stack.anonymous()
    assert anyone.get("/healthz").status_code == 200 and anyone.get("/readyz").status_code == 200
    asked = {"Origin": ORIGINS[0], "Access-Control-Request-Method": "POST"}
    assert anyone.request("OPTIONS", "/api/tasks", headers=asked).status_code == 204
    anyone.close()
    operator = stack.user("operator", source=OPERATOR)
    assert operator.create("while closed")["title"] == "while closed"
    operator.close()
    assert browse(stack, "/", source=OPERATOR).status_code == 200


def test_maintenance_outlives_a_reload_and_a_restart(stack, alice, open_again):
    close(stack, "--message", "Back at noon")
    reload(stack)
    check_closed(alice.get(), "Back at noon")
    assert stack.run("down").returncode == 0
    done = stack.run("up", "--detach")  # whose own checks meet the closed door
    check_closed(alice.get(), "Back at noon")
    assert tasklane(stack, "maintenance", "off")[0] == 0
    assert stack.run("up", "--detach").returncode == 0, done.stdout


@pytest.mark.parametrize("message", ["", "two\nlines", "x" * 501])
def test_a_message_that_is_no_line_is_refused(stack, alice, message):
    status, said = tasklane(stack, "maintenance", "on", "--templates", str(PROJECT / "nginx"), f"--message={message}")
    assert status == 2 and "--message" in said
    assert alice.get().status_code == 200


def test_neither_on_nor_off_is_wrong_usage(stack):
    for mode in ("maintenance", "read-only"):
        assert tasklane(stack, mode)[0] == 2
        assert tasklane(stack, mode, "maybe")[0] == 2


def test_read_only_serves_reads_and_refuses_writes(stack, alice, operator_of, open_again):
    task = alice.create()
    assert tasklane(stack, "read-only", "on")[0] == 0
    for _ in range(2):  # the second time after a restart of the workers
        for response in (
            alice.post({"title": "x"}), alice.put(path_of(task), {"title": "x"}), alice.patch(path_of(task) + "/complete"), alice.delete(path_of(task)),
        ):  # fmt: skip
            assert response.status_code == 503 and response.json()["error_type"] == "read_only"
            assert "turned off" in response.json()["detail"] and response.headers["retry-after"] == "60"
        assert alice.get(path_of(task)).json() == task
        assert alice.tasks() == [task]
        ready = alice.get("/readyz")
        assert ready.status_code == 200 and ready.json()["read_only"] is True
        assert operator_of.get("/readyz").json()["read_only"] is True
        assert operator_of.get("/status").json()["read_only"] is True
        status, said = tasklane(stack, "check", "--db")
        assert status == 0 and "warning: read-only is on" in said
        reload(stack)
    assert tasklane(stack, "read-only", "off")[0] == 0
    assert alice.put(path_of(task), {"title": "y"}).status_code == 200
    assert "read_only" not in json.loads(alice.get("/readyz").text)
    assert "read-only" not in tasklane(stack, "check", "--db")[1]
