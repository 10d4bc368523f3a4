"""scripts/verify --frontend: each way in which the two sides can miss each other is told by the variable's name."""

import os
import re
import signal
import subprocess
from contextlib import contextmanager

import pytest

from harness.better_auth import BetterAuth
from harness.processes import free_ports, is_alive, wait_for
from harness.stack import Stack


@pytest.fixture(scope="module")
def web():
    started = Stack(workers=1, frontend=True).start()
    make_elsewhere(started)
    yield started
    started.stop()


def make_elsewhere(stack):
    """Another database of the same form, with no users, keys or tasks."""
    made = re.search(r"^POSTGRES_PASSWORD=(.*)$", (stack.state / "generated.env").read_text(), re.MULTILINE).group(1)
    environment = {**os.environ, "PGHOST": str(stack.state / "pg"), "PGUSER": "postgres", "PGPASSWORD": made}
    script = "createdb elsewhere && pg_dump --schema-only tasklane | psql -XqAt -v ON_ERROR_STOP=1 elsewhere >/dev/null"
    subprocess.run(["bash", "-o", "pipefail", "-ec", script], env=environment, check=True, stdin=subprocess.DEVNULL)


def verify(stack, *options):
    return stack.run("verify", "--frontend", *options, timeout=60)


@contextmanager
def changed(path, changes):
    """A file with some of its NAME=value lines changed, in place: its owner and mode stay."""
    before = path.read_text()
    kept = [line for line in before.splitlines() if line.partition("=")[0] not in changes]
    path.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in changes.items())]) + "\n")
    try:
        yield
    finally:
        path.write_text(before)


def reload(stack):
    """Until the old workers are gone: what they hold, they still answer by the old configuration."""
    before = set(stack.worker_pids())
    subprocess.run(
        [stack.binaries / "tasklane", "reload", "--wait", "--env-file", stack.state / "tasklane.env"], check=True, timeout=60
    )
    wait_for(lambda: not before & set(stack.worker_pids()), "the old workers to end")


def restart_web_app(stack):
    victim = stack.pid("frontend")
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not is_alive(victim), "the web app to be gone")
    done = stack.run("up", "--detach")
    assert done.returncode == 0, done.stdout


def blamed(done):
    assert done.returncode == 1, done.stdout
    assert re.search(r"^\d+ passed, 1 failed$", done.stdout, re.MULTILINE), done.stdout
    return re.search(r"^      wrong: (.*)$", done.stdout, re.MULTILINE).group(1)


def test_what_belongs_together_passes_and_leaves_nothing_behind(web):
    done = verify(web)
    assert done.returncode == 0, done.stdout
    for sentence in ("the API accepts it", "both sides reach the same database", "(EdDSA) is published"):
        assert sentence in done.stdout
    assert re.search(r"the user \S+@verify.invalid is deleted again", done.stdout)
    with web.database() as connection, connection.cursor() as cursor:
        cursor.execute("""SELECT count(*) FROM "user" WHERE email LIKE '%@verify.invalid'""")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM tasks")
        assert cursor.fetchone() == (0,)


def test_from_outside_it_says_what_it_cannot_see(web, tmp_path):
    """Another host knows neither the configuration nor the database."""
    done = verify(web, "--env-file", tmp_path / "none")
    assert done.returncode == 0, done.stdout
    assert "that both sides reach the same database is not shown" in done.stdout


def test_the_rest_of_verify_passes_with_a_web_app_too(web):
    command = web.command("verify")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


ELSEWHERE = "postgresql://{user}:{password}@/elsewhere?host={host}"


def elsewhere(stack, user, password):
    found = re.search(rf"^{password}=(.*)$", (stack.state / "generated.env").read_text(), re.MULTILINE).group(1)
    return f"'{ELSEWHERE.format(user=user, password=found, host=stack.state / 'pg')}'"


@pytest.mark.parametrize(
    "wrong, value",
    [("AUTH_ISSUER", "https://elsewhere.example"), ("AUTH_AUDIENCE", "https://elsewhere.example"), ("AUTH_JWKS", ""),
     ("DATABASE_URL", None)],
)  # fmt: skip
def test_a_wrong_variable_of_the_api_is_named(web, wrong, value):
    value = elsewhere(web, "tasklane_api", "API_PASSWORD") if value is None else value
    with changed(web.state / "tasklane.env", {wrong: value}):
        reload(web)
        done = verify(web)
        assert blamed(done).startswith(wrong)
        if value.startswith("https:"):
            assert re.search(rf"is {re.escape(web.url)}, {wrong} is {value}", done.stdout), "both values"
    reload(web)


def test_what_is_equivalent_in_an_issuer_is_no_difference(web):
    written = web.url.replace("https://", "HTTPS://") + "/"
    with changed(web.state / "tasklane.env", {"AUTH_ISSUER": written, "AUTH_AUDIENCE": written}):
        reload(web)
        done = verify(web)
        assert done.returncode == 0, done.stdout
    reload(web)


@pytest.mark.parametrize(
    "wrong, value",
    [("BETTER_AUTH_URL", "https://elsewhere.example"), ("BETTER_AUTH_SECRET", "x" * 40), ("DATABASE_URL", None)],
)
def test_a_wrong_variable_of_the_web_app_is_named(web, wrong, value):
    verify(web)  # so that there is a key, encrypted with the right secret
    value = elsewhere(web, "tasklane_auth", "AUTH_PASSWORD") if value is None else value
    with changed(web.state / "frontend.env", {wrong: value}):
        restart_web_app(web)
        assert wrong in blamed(verify(web))
    restart_web_app(web)


def test_with_the_shared_secret_a_secret_that_differs_is_named_and_so_is_another_database(web):
    with changed(web.state / "frontend.env", {"TASKLANE_TOKENS": "secret"}):
        restart_web_app(web)
        done = verify(web)
        assert done.returncode == 0 and "HS256" in done.stdout, done.stdout
    different = {"TASKLANE_TOKENS": "secret", "BETTER_AUTH_SECRET": "x" * 40}
    with changed(web.state / "frontend.env", different):
        restart_web_app(web)
        assert blamed(verify(web)).startswith("BETTER_AUTH_SECRET")
    apart = {"TASKLANE_TOKENS": "secret", "DATABASE_URL": elsewhere(web, "tasklane_auth", "AUTH_PASSWORD")}
    with changed(web.state / "frontend.env", apart):
        restart_web_app(web)
        assert blamed(verify(web)).startswith("DATABASE_URL")
    restart_web_app(web)


def test_a_web_app_that_is_away_is_told(web):
    victim = web.pid("frontend")
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: not is_alive(victim), "the web app to be gone")
    assert blamed(verify(web)).startswith("FRONTEND_UPSTREAM")
    assert web.run("up", "--detach").returncode == 0


THEIR_PORT = free_ports()


@pytest.fixture(scope="module")
def api():
    """It reads another front end's keys, and lets that one's origin in."""
    started = Stack(workers=1, AUTH_JWKS="database", CORS_ORIGINS=f"http://127.0.0.1:{THEIR_PORT}").start()
    yield started
    started.stop()


@contextmanager
def theirs(api, **settings):
    """A front end that is not Tasklane's, with an origin of its own."""
    site = BetterAuth(api, THEIR_PORT, **settings)
    try:
        yield site
    finally:
        site.stop()


CALLS_API = "default-src 'self'; connect-src 'self' {api}"


@pytest.mark.parametrize(
    "settings",
    [{}, {"AUTO_SIGN_IN": "no"}, {"PAGE_LOADS": "/app.js /app.css"}, {"PAGE_POLICY": "script-src 'self'"},
     {"PAGE_POLICY": CALLS_API}, {"PAGE_POLICY": "default-src https:"}],
    ids=lambda settings: "_".join(settings) or "plain",
)  # fmt: skip
def test_another_front_end_that_works_passes(api, settings):
    with theirs(api, **{name: value.format(api=api.url) for name, value in settings.items()}) as site:
        done = verify(api, "--page", site.url)
        assert done.returncode == 0, done.stdout
        assert "the page may call the API" in done.stdout


@pytest.mark.parametrize(
    "settings, said",
    [({"PAGE_LOADS": "/app.js /gone.css"}, "the web app does not serve what its page names"),
     ({"PAGE_POLICY": "default-src 'self'"}, "the page's Content-Security-Policy: its connect-src"),
     ({"PAGE_POLICY": "connect-src https://*.example.com"}, "the page's Content-Security-Policy: its connect-src")],
)  # fmt: skip
def test_what_is_wrong_with_another_front_end_is_no_variable_of_ours(api, settings, said):
    with theirs(api, **settings) as site:
        assert blamed(verify(api, "--page", site.url)) == said


def test_no_token_or_password_is_shown(web):
    with changed(web.state / "tasklane.env", {"AUTH_ISSUER": "https://elsewhere.example"}):
        reload(web)
        said = verify(web).stdout
    reload(web)
    assert not re.search(r"eyJ[\w-]{20}", said), "a token"
    for name in ("API_PASSWORD", "OWNER_PASSWORD", "AUTH_PASSWORD", "BETTER_AUTH_SECRET"):
        assert re.search(rf"^{name}=(.*)$", (web.state / "generated.env").read_text(), re.MULTILINE).group(1) not in said
