"""TLS versions, HTTP/2, and the operations endpoints."""

import json
import ssl
import subprocess

import pytest

from harness import wire
from harness.client import path_of
from harness.wire import own_address


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
def test_metrics_are_prometheus_text(anyone):
    response = anyone.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in response.text.splitlines():
        assert line.startswith("#") or float(line.rpartition(" ")[2]) >= 0, line
    assert "tasklane_" in response.text


def test_status_is_json_about_every_worker(stack, anyone):
    workers = anyone.get("/status").json()["workers"]
    assert sorted(worker["pid"] for worker in workers) == stack.worker_pids()


def test_counters_sum_over_all_workers(stack, alice, anyone):
    before = stack.answered("/api/tasks")
    for _ in range(40):
        alice.get()
    assert stack.answered("/api/tasks") - before == {"200": 40}
    in_all = sum(worker["requests_total"] for worker in anyone.get("/status").json()["workers"])
    assert sum(stack.answered("").values()) == in_all + 1, "and the question for them"


@pytest.mark.parametrize("path", ["/metrics", "/status"])
def test_operations_endpoints_are_loopbacks_alone(stack, path):
    stranger = stack.anonymous(source=own_address())
    response = stranger.get(path)
    assert response.status_code == 403
    assert stranger.get("/healthz").status_code == 200
    assert stranger.get("/readyz").status_code == 200
    stranger.close()


def test_operations_endpoints_are_open_to_listed_addresses(new_stack):
    listed = new_stack(workers=1, OPERATIONS_ALLOW=f"{own_address()}/32")
    friend = listed.anonymous(source=own_address())
    assert friend.get("/metrics").status_code == 200
    assert friend.get("/status").status_code == 200
    friend.close()
