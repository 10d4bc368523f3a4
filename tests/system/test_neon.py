"""What Neon asks of a client, modelled: TLS with names and channel binding, SNI, and a server that falls asleep."""

import concurrent.futures
import socket
import ssl
import threading
import time

import psycopg2
import pytest

from harness import certificates, tokens
from harness.cluster import Cluster, service_folder, url, write
from harness.logs import texts
from harness.master import Master
from harness.operator import tasklane
from harness.processes import PATIENCE, free_ports, wait_for
from harness.relay import Relay
from harness.run import new_folder
from harness.stack import Stack

WAKE_MS = 500
LIBPQ = psycopg2.extensions.libpq_version()
HBA = """
local all all trust
hostssl template1 all 127.0.0.1/32 trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl all all all reject
"""


@pytest.fixture(scope="module")
def authority():
    return certificates.authority(new_folder())


@pytest.fixture(scope="module")
def cluster(authority):
    """TLS or nothing, for the name localhost."""
    folder = service_folder()
    made = certificates.certify(authority.parent, "localhost")
    for path in made:
        write(folder / path.name, path.read_text())
    names = (f"ssl_cert_file = '{folder}/server.pem'", f"ssl_key_file = '{folder}/server.key'")
    server = Cluster().create(settings="\n".join(("ssl = on", *names, "")), hba=HBA)
    yield server
    server.remove()


@pytest.fixture(scope="module")
def gate(cluster):
    with Relay(cluster.port, port=free_ports()) as relay:
        yield relay


def secure_url(role, port, authority, host="localhost", **parameters):
    how = {"sslmode": "verify-full", "sslrootcert": authority, "channel_binding": "require", **parameters}
    return url(role, [port], host=host, **how)


@pytest.fixture(scope="module")
def neon(cluster, gate, authority):
    stack = Stack(
        workers=2,
        DATABASE_URL=secure_url("tasklane_api", gate.address, authority),
        DATABASE_URL_DIRECT=secure_url("tasklane_owner", cluster.port, authority),
    ).start()
    yield stack
    stack.stop()


@pytest.fixture
def alice(neon):
    api = neon.user("alice")
    yield api
    api.close()


def test_every_connection_is_verified_bound_and_encrypted(neon, cluster, alice):
    task = alice.create("by TLS")
    assert alice.tasks() == [task]
    encrypted = "SELECT array_agg(DISTINCT ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'tasklane_api'"
    assert cluster.sql(encrypted) == [True]
    status, said = tasklane(neon, "check", "--db")
    assert status == 0 and "TLS" not in said, said


@pytest.mark.parametrize(
    "wrong, why",
    [
        ({"host": "127.0.0.1"}, 'does not match host name "127.0.0.1"'),
        ({"sslrootcert": "another"}, "certificate verify failed"),
        ({"sslmode": "disable", "channel_binding": "disable"}, "no encryption"),
        ({"database": "template1"}, "channel binding required"),
    ],
    ids=["another name", "another authority", "no TLS", "no channel binding"],
)
def test_a_server_that_cannot_prove_itself_gets_no_password(neon, cluster, authority, wrong, why):
    wrong = dict(wrong)
    if "sslrootcert" in wrong:
        wrong = {"sslrootcert": certificates.authority(new_folder(), "Somebody else")}
    database = wrong.pop("database", "tasklane")  # the server lets everybody into template1
    refused = secure_url("tasklane_api", cluster.port, authority, **wrong).replace("/tasklane?", f"/{database}?")
    master = Master(neon, DATABASE_URL=refused, DATABASE_URL_DIRECT=refused).start()
    try:
        wait_for(lambda: why in texts(master.folder)["tasklane.log"].replace('\\"', '"'), lambda: texts(master.folder)["tasklane.log"])
        with master.connect() as connection:
            assert connection.ask("GET", "/readyz").status == 503
        for command in (("migrate",), ("check", "--db")):
            status, said = tasklane(master, *command)
            assert status != 0 and why in said, said
        assert ":api@" not in texts(master.folder)["tasklane.log"]
    finally:
        master.stop()


def test_the_systems_authorities_need_a_newer_libpq_and_that_is_told(neon, cluster):
    by_system = secure_url("tasklane_api", cluster.port, "system")
    master = Master(neon, DATABASE_URL=by_system, DATABASE_URL_DIRECT=by_system)
    master.write_settings(0o600)
    status, said = tasklane(master, "migrate")
    if LIBPQ >= 160000:
        assert "certificate verify failed" in said, "the test's authority is none of the system's"
    else:
        assert status == 1 and "sslrootcert=system needs libpq 16" in said and "ca-certificates.crt" in said, said


def test_the_hosts_name_goes_with_the_connection(neon, authority):
    """SNI: Neon's proxy finds the database by it. Workers look the name up themselves, and still have to send it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(authority.parent / name for name in ("server.pem", "server.key")))
    asked = []
    context.sni_callback = lambda _connection, name, _context: asked.append(name)

    def answer(listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    if connection.recv(8)[4:] == bytes.fromhex("04d2162f"):  # SSLRequest
                        connection.sendall(b"S")
                        context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        there = secure_url("tasklane_api", listener.getsockname()[1], authority)
        master = Master(neon, DATABASE_URL=there, DATABASE_URL_DIRECT=there).start()
        try:
            wait_for(lambda: "localhost" in asked, lambda: f"the worker to name the host, not {asked}")
            asked.clear()
            tasklane(master, "migrate")
            assert "localhost" in asked
        finally:
            master.stop()
            listener.shutdown(socket.SHUT_RDWR)


def test_a_database_that_fell_asleep_is_woken_without_a_failed_request(neon, gate):
    users = [neon.user(f"sleeper{n}") for n in range(8)]
    gate.tell("gate", WAKE_MS, 0)
    try:
        for turn in range(3):
            sleeps = gate.counts()
            gate.tell("suspend")

            def write_and_read(api, turn=turn):
                statuses = [api.get().status_code, api.post({"title": f"turn {turn}"}).status_code]
                return statuses, len(api.tasks())

            with concurrent.futures.ThreadPoolExecutor(len(users)) as threads:
                answers = list(threads.map(write_and_read, users))
            assert answers == [([200, 201], turn + 1)] * len(users), (sleeps, gate.counts())
            assert gate.counts()["connections"] > sleeps["connections"], "it was never woken"
        assert users[0].get("/readyz").status_code == 200
    finally:
        gate.tell("gate", 0, 0)
        for api in users:
            api.close()


def test_a_host_600_ms_a_round_trip_away_is_reached(neon, gate, authority):
    """TCP, TLS, SCRAM and preparing: seven round trips or so."""
    gate.tell("delay", 300)
    try:
        began = time.monotonic()
        master = Master(neon, DATABASE_URL=secure_url("tasklane_api", gate.address, authority)).start()
        try:
            with master.connect() as connection:
                assert connection.ask("GET", "/api/tasks", tokens.token(neon.secret, tokens.unique("distant"))).status == 200
            assert time.monotonic() - began > 3, "it is not that far away"
            assert "cannot connect" not in texts(master.folder)["tasklane.log"]
        finally:
            master.stop()
    finally:
        gate.tell("delay", 0)


def test_a_command_waits_for_a_database_that_wakes_up(neon, gate, authority):
    gate.tell("gate", WAKE_MS, 0)
    try:
        gate.tell("suspend")
        sleeping = secure_url("tasklane_owner", gate.address, authority)
        master = Master(neon, DATABASE_URL_DIRECT=sleeping)
        master.write_settings(0o600)
        status, said = tasklane(master, "migrate")
        assert status == 0, said
    finally:
        gate.tell("gate", 0, 0)
