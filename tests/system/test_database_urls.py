"""One database URL, one meaning: the command, a worker and the web app reach the same server by it, in the same way, or none.
Each form is tried against servers with TLS."""

import concurrent.futures
import contextlib
import re
import shutil
import urllib.parse
import uuid

import pytest

from harness import certificates, database_urls
from harness.better_auth import node, run
from harness.cluster import Cluster, service_folder, write
from harness.database_urls import LIBPQ, by_command, by_web_app, by_worker
from harness.master import Master
from harness.operator import tasklane
from harness.run import new_folder
from harness.stack import PROJECT, Stack
from harness.web import Visitor

ROLE, PASSWORD = "odd@role", "p%2F@:#?+ \u00e9\\$'\" "
# A database for each way in. In `cleartext` and `trusting` the server proves nothing by a password.
HBA = """
local all all scram-sha-256
host postgres,replication all 127.0.0.1/32 scram-sha-256
hostssl cleartext all 127.0.0.1/32 password
hostssl trusting all 127.0.0.1/32 trust
hostssl tasklane all 127.0.0.1/32 scram-sha-256
hostnossl plain all 127.0.0.1/32 scram-sha-256
"""
LINE = re.compile(
    r"^(\S+ \S+) .*connection authorized: user=\S+ database=\S+ application_name=(\S+)( SSL enabled)?", re.MULTILINE
)


class Servers:
    """A primary and its standby, with TLS for the name localhost."""

    def __init__(self, ends):
        self.authority = certificates.authority(new_folder())
        self.another = certificates.authority(new_folder(), "Somebody else")
        self.client, self.key = certificates.certify(self.another.parent, "a client")
        folder = service_folder()
        for path in certificates.certify(self.authority.parent, "localhost"):
            write(folder / path.name, path.read_text())
        names = f"ssl_cert_file = '{folder}/server.pem'\nssl_key_file = '{folder}/server.key'\n"
        lines = "log_connections = on\nlog_timezone = UTC\n"
        self.primary = Cluster().create(settings=f"ssl = on\n{names}{lines}", hba=HBA)
        ends.callback(self.primary.remove)
        self.standby = None
        self.ends = ends

    def fill(self, stack):
        """Tasklane's tables in each database, then the standby."""
        sql = self.primary.sql
        owner = f"postgresql://tasklane_owner:owner@localhost:{self.primary.port}/tasklane?sslmode=require"
        master = Master(stack, DATABASE_URL=owner, DATABASE_URL_DIRECT=owner)
        status, said = tasklane(master, "migrate")
        assert status == 0, said
        shutil.rmtree(master.folder)
        quoted = PASSWORD.replace("'", "''")
        sql(f"CREATE ROLE \"{ROLE}\" LOGIN PASSWORD '{quoted}' IN ROLE tasklane_api", database="postgres")
        for name in ("plain", "cleartext", "trusting"):
            sql(f"CREATE DATABASE {name} TEMPLATE tasklane", database="postgres")
        self.standby = Cluster().follow(self.primary)
        self.ends.callback(self.standby.remove)

    def reached(self, name):
        """By whom calls itself so: the server that it has reached last, and how; None: none."""
        found = []
        for server, log in (("primary", self.primary.log), ("standby", self.standby.log)):
            found += [(at, server, ssl) for at, who, ssl in LINE.findall(log.read_text()) if who == name]
        return (found and f"{max(found)[1]}{max(found)[2] and ' by TLS'}") or None


@pytest.fixture(scope="module")
def compiled():
    return database_urls.compiled()


@pytest.fixture(scope="module")
def servers(stack):
    with contextlib.ExitStack() as ends:
        made = Servers(ends)
        made.fill(stack)
        yield made


# What stands behind the user and password, and what is reached.
REACH = {
    # encrypted, and by an authority that nothing names
    "{host}/tasklane": "primary by TLS",
    "{host}/tasklane?sslmode=allow": "primary by TLS",
    "{host}/tasklane?sslmode=prefer": "primary by TLS",
    "{host}/tasklane?sslmode=require": "primary by TLS",
    "{host}/tasklane?ssl=true": "primary by TLS",
    "{host}/tasklane?sslmode=require&sslrootcert=/nonexistent.pem": "primary by TLS",
    "127.0.0.1:{port}/tasklane?sslmode=require": "primary by TLS",
    "{host}/plain": "primary",
    "{host}/plain?sslmode=disable": "primary",
    "{host}/plain?sslmode=allow": "primary",
    "{host}/plain?sslmode=prefer": "primary",
    "{host}/plain?sslmode=prefer&sslrootcert={another}": "primary",
    # verified
    "{host}/tasklane?sslmode=require&sslrootcert={authority}": "primary by TLS",
    "{host}/tasklane?sslmode=verify-ca&sslrootcert={authority}": "primary by TLS",
    "127.0.0.1:{port}/tasklane?sslmode=verify-ca&sslrootcert={authority}": "primary by TLS",
    "{host}/tasklane?sslmode=verify-full&sslrootcert={authority}": "primary by TLS",
    "{host}/tasklane?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={authority}": "primary by TLS",
    "{host}/tasklane?sslmode=verify-full&sslrootcert={authority}&sslsni=0": "primary by TLS",
    "{host}/tasklane?sslmode=require&ssl_min_protocol_version=TLSv1.3": "primary by TLS",
    "{host}/tasklane?sslmode=require&ssl_max_protocol_version=tlsv1.2": "primary by TLS",
    "{host}/tasklane?sslmode=require&sslcert={client}&sslkey={key}": "primary by TLS",
    # channel binding
    "{host}/tasklane?sslmode=require&channel_binding=require": "primary by TLS",
    "{host}/tasklane?sslmode=verify-full&sslrootcert={authority}&channel_binding=prefer": "primary by TLS",
    "{host}/tasklane?channel_binding=disable": "primary by TLS",
    "{host}/cleartext": "primary by TLS",
    "{host}/trusting?channel_binding=prefer": "primary by TLS",
    # several hosts
    "{both}/tasklane": "primary by TLS",
    "{both}/tasklane?target_session_attrs=any": "standby by TLS",
    "{both}/tasklane?target_session_attrs=read-write": "primary by TLS",
    "{both}/tasklane?target_session_attrs=primary": "primary by TLS",
    "{turned}/tasklane?target_session_attrs=read-only": "standby by TLS",
    "{turned}/tasklane?target_session_attrs=standby": "standby by TLS",
    "{turned}/tasklane?target_session_attrs=prefer-standby": "standby by TLS",
    "{host}/tasklane?target_session_attrs=prefer-standby": "primary by TLS",
    "127.0.0.1:1,{host}/tasklane?connect_timeout=2": "primary by TLS",
    "localhost,localhost/tasklane?port={standby},{port}": "primary by TLS",
    "no-such-host.invalid,{host}/tasklane": "primary by TLS",
    "/tasklane?host=localhost,localhost&port=1,{port}": "primary by TLS",
    # unix sockets: no TLS there, whatever sslmode says
    "/tasklane?host={folder}&port={port}": "primary",
    "{encoded}:{port}/tasklane": "primary",
    ":{port}/tasklane?host={folder}&sslmode=verify-full": "primary",
    "127.0.0.1:1,localhost/plain?host=127.0.0.1,{folder}&port=1,{port}&sslmode=disable": "primary",
    # the rest
    "{host}/%74asklane?ssl%6Dode=require": "primary by TLS",
    "{host}/plain?dbname=tasklane": "primary by TLS",
    "{host}/tasklane?options=-c%20search_path%3Dpublic&keepalives_idle=30&tcp_user_timeout=3000": "primary by TLS",
    "{host}/tasklane?client_encoding=LATIN1&gssencmode=prefer&sslcompression=0&replication=": "primary by TLS",
}  # fmt: skip
# What no password goes to, and words of the reason in libpq and in the web app.
FAIL = {
    "{host}/tasklane?sslmode=disable": ("no encryption", "no encryption"),
    "{host}/plain?sslmode=require": ("SSL encryption", "SSL"),
    "{host}/tasklane?sslmode=require&sslrootcert={another}": ("certificate verify failed", "certificate"),
    "{host}/tasklane?sslmode=verify-ca&sslrootcert={another}": ("certificate verify failed", "certificate"),
    "127.0.0.1:{port}/tasklane?sslmode=verify-full&sslrootcert={authority}": ("does not match host name", "not in the cert"),
    "{host}/plain?sslmode=disable&channel_binding=require": ("channel binding", "channel binding"),
    "{host}/cleartext?sslmode=require&channel_binding=require": ("channel binding", "channel binding"),
    "{host}/trusting?sslmode=require&channel_binding=require": ("channel binding", "channel binding"),
    "/tasklane?host={folder}&port={port}&channel_binding=require": ("channel binding", "channel binding"),
    "{host}/tasklane?target_session_attrs=standby": ("not in hot standby", "not in hot standby"),
    "{host}/tasklane?target_session_attrs=read-only": ("not read-only", "not read-only"),
    "localhost:{standby}/tasklane?target_session_attrs=read-write": ("read-only", "read-only"),
    "localhost:{standby}/tasklane?target_session_attrs=primary": ("hot standby", "hot standby"),
}  # fmt: skip


def filled(form, servers, name, user="tasklane_api:api"):
    primary, standby = servers.primary, servers.standby
    form = form.format(
        host=f"localhost:{primary.port}", port=primary.port, standby=standby.port, authority=servers.authority,
        both=f"localhost:{standby.port},localhost:{primary.port}", turned=f"localhost:{primary.port},localhost:{standby.port}",
        another=servers.another, folder=primary.folder, encoded=str(primary.folder).replace("/", "%2F"),
        client=servers.client, key=servers.key,
    )  # fmt: skip
    return f"postgresql://{user}@{form}{'&' if '?' in form else '?'}application_name={name}"


def everybody(stack, servers, compiled, forms, **user):
    """[(form, command, worker, web app)]: what each has told, and (by the servers' logs) reached."""
    names = {(who, form): f"{who}-{uuid.uuid4().hex}" for who in ("command", "worker", "web") for form in forms}
    url = lambda who, form: filled(form, servers, names[who, form], **user)
    reached = lambda who, form: servers.reached(names[who, form])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        commands = list(pool.map(lambda form: by_command(stack, url("command", form)), forms))
        workers = list(pool.map(lambda form: by_worker(stack, url("worker", form)), forms))
    webs = by_web_app(compiled, [url("web", form) for form in forms])
    return [
        (form, (*command, reached("command", form)), (*worker, reached("worker", form)), (web, reached("web", form)))
        for form, command, worker, web in zip(forms, commands, workers, webs, strict=True)
    ]


def test_a_url_leads_all_of_them_to_the_same_server_in_the_same_way(stack, servers, compiled):
    for form, command, worker, web in everybody(stack, servers, compiled, list(REACH)):
        assert "connecting takes" in command[1] and command[2] == REACH[form], (form, command)
        assert worker[0] and worker[2] == REACH[form], (form, worker)
        assert web == ({}, REACH[form]), (form, web)


def test_a_server_that_is_not_as_asked_for_is_used_by_none(stack, servers, compiled):
    for form, command, worker, web in everybody(stack, servers, compiled, list(FAIL)):
        libpq, ours = FAIL[form]
        assert command[0] != 0 and libpq in command[1] and "connecting takes" not in command[1], (form, command)
        assert not worker[0] and libpq in worker[1].replace("\\", ""), (form, worker)
        assert ours in web[0]["failure"], (form, web)


def test_names_and_passwords_are_percent_encoded(stack, servers, compiled):
    user = ":".join(urllib.parse.quote(each, safe="") for each in (ROLE, PASSWORD))
    ((_, command, worker, web),) = everybody(stack, servers, compiled, ["{host}/tasklane?sslmode=require"], user=user)
    assert "connecting takes" in command[1] and worker[0] and web[0] == {}, (command, worker, web)
    assert command[2] == worker[2] == web[1] == "primary by TLS"


def test_the_systems_authorities_verify_host_and_certificate(stack, servers, compiled):
    forms = {host: filled(f"{host}:{{port}}/tasklane?sslrootcert=system", servers, "x") for host in ("localhost", "127.0.0.1")}
    ours = {"SSL_CERT_FILE": str(servers.authority)}
    right, wrong = by_web_app(compiled, forms.values(), **ours)
    assert right == {} and "not in the cert" in wrong["failure"], (right, wrong)
    (unknown,) = by_web_app(compiled, [forms["localhost"]])
    assert "certificate" in unknown["failure"], "the test's authority is none of the system's"
    _, said = by_command(stack, forms["localhost"], **ours)
    assert ("connecting takes" if LIBPQ >= 160000 else "sslrootcert=system needs libpq 16") in said, said


def test_a_server_that_has_become_read_only_is_left(servers, compiled):
    script = """
const { databasePool } = require(process.argv[1] + "/database.js");
const pool = databasePool(process.argv[2], process.env, { max: 1, connectTimeoutMs: 20000 });
(async () => {
  const pid = async () => (await pool.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
  const first = await pid();
  const client = await pool.connect();
  await client.query("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
  const code = await client.query("DELETE FROM tasks").catch((error) => error.code);
  client.release();
  console.log(code, first === (await pid()), (await pool.query("SHOW transaction_read_only")).rows[0].transaction_read_only);
  await pool.end();
})();
"""
    url = filled("{both}/tasklane", servers, "x")
    assert run(node(), "-e", script, str(compiled), url, cwd="/") == "25006 false off\n"


def test_the_web_app_itself_finds_the_primary_and_binds_its_login_to_tls(servers):
    """Behind scripts/up: its migration, sign-up, and a token that the API takes."""
    page = (PROJECT / "docs/SECURITY.md").read_text()
    roles = re.search(r"In a database of your own:\n\n((?:    .*\n)+)", page).group(1).replace("\u2026", "secret")
    servers.primary.sql(roles)
    form = "{both}/tasklane?sslmode=verify-full&sslrootcert={authority}&channel_binding=require"
    urls = {
        "DATABASE_URL": filled(form, servers, "api"),
        "DATABASE_URL_DIRECT": filled(form, servers, "owner", user="tasklane_owner:owner"),
        "FRONTEND_DATABASE_URL": filled(form, servers, "web", user="tasklane_auth:secret"),
    }
    stack = Stack(workers=1, frontend=True, AUTH_JWKS="database", **urls).start()
    try:
        visitor = Visitor(stack).sign_up()
        api = visitor.api()
        assert api.create()["user_id"] == visitor.id
        encrypted = "SELECT array_agg(DISTINCT ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'tasklane_auth'"
        assert servers.primary.sql(encrypted) == [True] and servers.reached("web") == "primary by TLS"
        api.close(), visitor.close()
    finally:
        stack.stop()
