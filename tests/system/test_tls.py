"""TLS versions, HTTP/2, and the operations endpoints."""

import json
import ssl
import subprocess

import httpx
import pytest

from harness import wire
from harness.client import path_of
from harness.namespace import Namespace
from harness.processes import free_ports


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_tls_1_0_and_1_1_are_refused(stack, version):
    context = wire.tls_context(stack.certificate, lowest=version)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        wire.talk(stack, wire.request("GET", "/healthz"), context=context)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_taken(stack, version):
    context = wire.tls_context(stack.certificate, lowest=version)
    assert wire.talk(stack, wire.request("GET", "/healthz"), context=context).status == 200


def test_the_modern_profile_takes_1_3_alone(new_stack):
    modern = new_stack(workers=1, TLS_PROFILE="modern")
    old = wire.tls_context(modern.certificate, lowest=ssl.TLSVersion.TLSv1_2)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        wire.talk(modern, wire.request("GET", "/healthz"), context=old)
    new = wire.tls_context(modern.certificate, lowest=ssl.TLSVersion.TLSv1_3)
    assert wire.talk(modern, wire.request("GET", "/healthz"), context=new).status == 200


@pytest.mark.smoke
def test_http_2_is_chosen_by_alpn(stack):
    context = wire.tls_context(stack.certificate, alpn=["h2", "http/1.1"])
    with wire.connect(stack, context=context) as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_the_api_works_over_http_2(stack):
    api = stack.user("h2", http2=True)
    task = api.create("t", description="x" * 10_000)
    response = api.get(path_of(task))
    assert response.http_version == "HTTP/2"
    assert response.json() == task
    assert api.post(b"{").status_code == 400
    assert api.delete(path_of(task)).status_code == 204
    api.close()


def test_a_body_past_the_limit_is_a_json_413_over_http_2_too(stack, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * 300_000)
    command = ["curl", "-sS", "--http2", "--noproxy", "*", "--cacert", stack.certificate, "-w", " %{http_version}"]
    command += ["-H", "Content-Type: application/json", "--data-binary", f"@{tmp_path}/body", f"{stack.url}/api/tasks"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    assert said.endswith(" 2")
    assert json.loads(said[:-2])["status_code"] == 413


def test_healthz_needs_no_token(anyone):
    assert anyone.get("/healthz").status_code == 200


@pytest.mark.smoke
def test_readyz_says_yes_while_the_database_answers(anyone):
    assert anyone.get("/readyz").status_code == 200


@pytest.mark.smoke
def test_metrics_are_prometheus_text(operator):
    response = operator.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in response.text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0, line
    assert "tasklane_" in response.text


def test_status_is_json_about_every_worker(stack, operator):
    workers = operator.get("/status").json()["workers"]
    assert sorted(worker["pid"] for worker in workers) == stack.worker_pids()


def test_counters_sum_over_all_workers(stack, alice, operator):
    before = stack.answered("/api/tasks")
    for _ in range(40):
        alice.get()
    assert stack.answered("/api/tasks") - before == {"200": 40}
    in_all = sum(worker["requests_total"] for worker in operator.get("/status").json()["workers"])
    assert sum(stack.answered("").values()) == in_all + 1, "and the question for them"


@pytest.mark.parametrize("path", ["/metrics", "/status", "/metrics/", "/%6detrics", "//status", "/status?x"])
def test_operations_endpoints_are_not_at_the_public_door(stack, path):
    """Nor for loopback, where a tunnel's or a proxy's requests come from."""
    for method, refused in (("GET", {404}), ("HEAD", {404}), ("POST", {404, 405})):
        assert wire.talk(stack, wire.request(method, path), method).status in refused
    assert wire.talk(stack, wire.request("GET", path), tls=False).status == 301


def test_readyz_has_its_details_for_operators_alone(anyone, operator):
    assert anyone.get("/readyz").json() == {"status": "ready"}
    assert operator.get("/readyz").json()["workers"]["ready"] == 2
    forged = {"READINESS_DETAILS": "on", "Readiness-Details": "on"}
    assert anyone.get("/readyz?READINESS_DETAILS=on", headers=forged).json() == {"status": "ready"}


def test_the_operators_listener_has_nothing_else(operator):
    assert operator.get("/healthz").status_code == 200
    for path in ("/api/tasks", "/docs/", "/"):
        assert operator.http.get(path).status_code == 404
    assert operator.http.post("/metrics").status_code == 405


def test_operations_endpoints_are_open_to_listed_addresses(new_stack):
    with Namespace() as network:
        friend, other = network.addresses
        port = free_ports()
        new_stack(workers=1, port=port, OPERATIONS_ALLOW=f"{friend}/32", OPERATIONS_LISTEN=f"0.0.0.0:{port + 2}")
        url = f"http://{network.host}:{port + 2}/metrics"
        assert [status for status, _ in network.ask(url, friend, 1, "x")] == [200]
        assert [status for status, _ in network.ask(url, other, 1, "x")] == [403]


def test_without_a_listener_operators_have_the_command_alone(new_stack):
    stack = new_stack(workers=1, OPERATIONS_LISTEN="off")
    with pytest.raises(httpx.ConnectError):
        stack.operator().http.get("/metrics")
    command = [stack.binaries / "tasklane", "status", "--env-file", stack.state / "tasklane.env"]
    assert "workers 1 of 1" in subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout


def test_both_address_families_are_served_by_default(new_stack):
    stack = new_stack(workers=1, LISTEN_ADDRESSES="0.0.0.0,[::]")
    for host in ("127.0.0.1", "[::1]"):
        for scheme, port, expected in (("https", stack.port, 200), ("http", stack.plain_port, 301)):
            with httpx.Client(verify=wire.tls_context(stack.certificate), trust_env=False) as client:
                assert client.get(f"{scheme}://{host}:{port}/docs/").status_code == expected
