"""Workers that listen by TCP, for the nginx of another host: who may connect, and what is answered there."""

import json
import socket
import struct

import pytest

from harness import fcgi, tokens
from harness.master import Master
from harness.operator import reload, tasklane
from harness.processes import free_ports, undone_by, wait_for

STRANGER = "127.0.0.9"  # every address of 127.0.0.0/8 is this host's


def by_tcp(master, source=None, timeout=30.0):
    host, _, port = str(master.settings["FASTCGI_LISTEN"]).rpartition(":")
    return fcgi.Connection((host.strip("[]"), int(port)), timeout, source)


def place(host="127.0.0.1"):
    return f"{host}:{free_ports()}"


def is_refused(master, source):
    """Whether a peer's connection is closed before anything is answered."""
    with by_tcp(master, source) as connection:
        try:
            connection.ask("GET", "/healthz")
        except fcgi.Closed:
            return True
    return False


@pytest.fixture
def master(new_master):
    return new_master(workers=2, FASTCGI_LISTEN=place(), FASTCGI_ALLOW="127.0.0.1,192.0.2.0/24")


def test_requests_are_served_and_operators_paths_are_not(master, stack):
    token = tokens.token(stack.secret, tokens.unique("tcp"))
    with by_tcp(master) as connection:
        created = connection.ask("POST", "/api/tasks", token, b'{"title": "by TCP"}')
        assert created.status == 201
        assert [t["title"] for t in json.loads(connection.ask("GET", "/api/tasks", token).body)] == ["by TCP"]
        for target in ("/metrics", "/status"):
            answer = connection.ask("GET", target)
            assert answer.status == 404 and json.loads(answer.body)["error_type"] == "not_found_error"
        assert json.loads(connection.ask("GET", "/readyz", READINESS_DETAILS="on").body) == {"status": "ready"}
        assert connection.ask("GET", "/healthz").status == 200
    with master.connect() as connection:
        for target in ("/metrics", "/status"):
            assert connection.ask("GET", target).status == 200
        assert json.loads(connection.ask("GET", "/readyz").body)["workers"]["configured"] == 2


def test_who_is_not_listed_is_closed_and_told_once(master):
    assert all(is_refused(master, STRANGER) for _ in range(20))
    assert not is_refused(master, "127.0.0.1")
    told = [line for line in master.log.read_text().splitlines() if "FASTCGI_ALLOW does not list" in line]
    assert 1 <= len(told) <= 2 and STRANGER in told[0]  # once for each worker


def test_ipv6_and_loopback_without_a_list(new_master):
    master = new_master(FASTCGI_LISTEN=place("[::1]"))
    with by_tcp(master) as connection:
        assert connection.ask("GET", "/healthz").status == 200


def test_a_reload_changes_the_list_and_not_the_place(master):
    assert is_refused(master, STRANGER)
    master.settings["FASTCGI_ALLOW"] = STRANGER
    master.write_settings(0o600)
    reload(master)
    assert is_refused(master, "127.0.0.1") and not is_refused(master, STRANGER)
    was = master.settings["FASTCGI_LISTEN"]
    for other in (place(), None):
        master.settings.update(FASTCGI_LISTEN=other, FASTCGI_ALLOW=other and STRANGER)
        master.write_settings(0o600)
        status, said = tasklane(master, "reload", "--wait")
        assert status == 1 and f"FASTCGI_LISTEN cannot change from {was} by a reload: restart" in said
    master.settings["FASTCGI_LISTEN"] = was
    assert not is_refused(master, STRANGER)


def test_reloads_and_upgrades_lose_nothing(master):
    with by_tcp(master) as kept:
        assert kept.ask("GET", "/healthz").status == 200
        for round in range(2):
            # What is kept is served until nginx closes it: so does this client, or the old workers would stay.
            status, said = tasklane(master, "upgrade")
            assert status == 0, said
            assert kept.ask("GET", "/healthz").status == 200
            with by_tcp(master) as new:
                assert new.ask("GET", "/healthz").status == 200
    assert reload(master) > 1
    assert not is_refused(master, "127.0.0.1") and is_refused(master, STRANGER)


def test_after_a_stop_nobody_listens(stack):
    master = Master(stack, FASTCGI_LISTEN=place()).start()
    with undone_by(master.kill_all), by_tcp(master) as connection:
        assert connection.ask("GET", "/healthz").status == 200
    master.stop()
    with pytest.raises(ConnectionRefusedError):
        by_tcp(master)


@pytest.mark.parametrize(
    "listen, allow, why",
    [
        ("0.0.0.0:9000", None, "FASTCGI_LISTEN needs FASTCGI_ALLOW"),
        ("127.0.0.1:9000", "0.0.0.0/0", "FASTCGI_ALLOW entry 1 must be"),
        (None, "127.0.0.1", "FASTCGI_ALLOW needs FASTCGI_LISTEN"),
        ("127.0.0.1", None, "FASTCGI_LISTEN must be ADDRESS:PORT"),
    ],
)
def test_a_mistake_is_told_and_nothing_starts(stack, listen, allow, why):
    master = Master(stack, FASTCGI_LISTEN=listen, FASTCGI_ALLOW=allow)
    status, said = master.run_to_its_end()
    assert status == 100 and why in said, said
    assert why in tasklane(master, "check")[1]


def test_a_port_that_is_taken_may_come_free(stack):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = Master(stack, FASTCGI_LISTEN=f"127.0.0.1:{taken.getsockname()[1]}").run_to_its_end()
    assert status == 111 and "Address already in use" in said


def test_a_hostile_peer_is_closed_and_holds_up_nobody(new_master, stack):
    master = new_master(workers=1, FASTCGI_LISTEN=place())
    token = tokens.token(stack.secret, tokens.unique("tcp"))
    (worker,) = master.worker_pids()
    whole = fcgi.request_bytes("POST", "/api/tasks", token, b'{"title": "x"}')
    for bad in (b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 4096, fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\xff" * 9)):
        with by_tcp(master) as connection:
            connection.send(bad)
            assert connection.is_closed()
    with by_tcp(master) as slow, by_tcp(master) as cut, by_tcp(master) as other:
        slow.send(whole[:-1])
        cut.send(whole[:30])
        cut.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        cut.close()
        assert other.ask("GET", "/api/tasks", token).status == 200
        assert slow.is_closed()  # 2 s after its first byte
    wait_for(lambda: fastcgi_connections(master) == 1, "only the question's own connection to be left")
    assert master.worker_pids() == [worker]


def fastcgi_connections(master):
    with master.connect() as connection:
        return sum(worker["connections"] for worker in json.loads(connection.ask("GET", "/status").body)["workers"])
