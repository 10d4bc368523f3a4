"""docs/operations/secrets.md: every secret changes under load, and no request is refused."""

import base64
import json
import os
import secrets
import time

import jwt
import psycopg2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import tokens
from harness.better_auth import BetterAuth, header_of, token_of
from harness.client import Api
from harness.configuration import change
from harness.load import Load
from harness.operator import reload, tasklane
from harness.processes import wait_for
from harness.stack import Stack
from harness.visits import Visits
from harness.web import Visitor
from harness.web_app import replace_web_app, settings_of

LIGHT = {"connections": 20, "rate": 200}


def by_secret(secret):
    return lambda sub: tokens.token(secret, sub, ttl=3600)


def by_key(name, key):
    return lambda sub: jwt.encode(
        {"sub": sub, "exp": int(time.time()) + 3600}, key, algorithm="EdDSA", headers={"kid": name}
    )


def status_with(stack, sign):
    """What the API answers to a token that is signed so."""
    api = Api(stack, sign(tokens.unique("late")))
    try:
        return api.get().status_code
    finally:
        api.close()


def write_secret(stack, text):
    """A file that the master can read, as it reads tasklane.env. Renamed into place, so that it is never read half."""
    file, like = stack.state / "secrets", os.stat(stack.state / "tasklane.env")
    new = stack.state / "secrets.new"
    new.write_text(f"{text}\r\n")
    new.chmod(0o600)
    os.chown(new, like.st_uid, like.st_gid)
    return new.replace(file)


@pytest.mark.parametrize("place", ["BETTER_AUTH_SECRETS", "BETTER_AUTH_SECRETS_FILE"])
def test_the_secret_of_hs256_tokens_changes(new_stack, place):
    stack = new_stack(workers=2)
    old, new = stack.secret, secrets.token_urlsafe(32)

    def put_in_force(text):
        change(stack, BETTER_AUTH_SECRET=None, **{place: text if place.endswith("S") else write_secret(stack, text)})
        assert tasklane(stack, "check")[0] == 0
        reload(stack)

    with Load(stack, **LIGHT) as before:
        put_in_force(f"2:{new},1:{old}")
        after = Load(stack, **LIGHT, sign=by_secret(new))
        with after:
            before.wait_for_more(200)
            after.wait_for_more(200)
    for load in (before, after):
        assert load.report["failures"] == {}, load.told()
        load.check_writes()
    status, token = tasklane(stack, "token", "--sub", "u")
    assert status == 0 and jwt.decode(token.strip(), new, algorithms=["HS256"])["sub"] == "u", "signed by another version"
    with Load(stack, **LIGHT, sign=by_secret(new)) as after:
        put_in_force(f"2:{new}")
        assert status_with(stack, by_secret(old)) == 401, "what the old secret has signed still counts"
        after.wait_for_more(200)
    assert after.report["failures"] == {}, after.told()
    after.check_writes()


def test_a_version_that_cannot_be_right_is_refused_and_changes_nothing(new_stack):
    stack = new_stack(workers=1)
    change(stack, BETTER_AUTH_SECRETS=f"2:{secrets.token_urlsafe(32)},1:short,better-auth-secret-12345678901234567890")
    for command in (["check"], ["reload", "--wait"]):
        status, said = tasklane(stack, *command)
        assert status in (1, 100)
        assert "BETTER_AUTH_SECRETS version 1 has 5 bytes; at least 32 are needed" in said
        assert "BETTER_AUTH_SECRETS entry 3 must be VERSION:SECRET" in said and "better-auth-secret" not in said
    assert status_with(stack, by_secret(stack.secret)) == 200


def role_in(url):
    return url.partition("://")[2].partition(":")[0]


def test_a_database_password_changes_by_roles_that_take_turns(new_stack):
    """Workers are replaced all the time, so the old generation logs in until it ends."""
    stack = new_stack(workers=2, WORKER_REQUESTS_MAX="100")
    first = stack.settings["DATABASE_URL"]
    second = f"postgresql://tasklane_api_b:{secrets.token_hex(16)}@{first.partition('@')[2]}"
    password = second.partition("@")[0].rpartition(":")[2]
    with Load(stack, **LIGHT) as load:
        with stack.database() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE tasklane_api_b LOGIN PASSWORD '{password}'")
            cursor.execute("CALL tasklane_grant('tasklane_api_b')")
        load.wait_for_more(200)
        change(stack, DATABASE_URL=second)
        status, said = tasklane(stack, "check", "--db")
        assert status == 0, said
        reload(stack)
        with stack.database() as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {role_in(first)} NOLOGIN")
        load.wait_for_more(400)
    assert load.report["failures"] == {}, load.told()
    load.check_writes()
    with pytest.raises(psycopg2.OperationalError, match="not permitted to log in"):
        psycopg2.connect(first)


def test_the_password_of_one_role_changes_while_its_connections_live_on(new_stack):
    stack = new_stack(workers=2)
    role, rest = role_in(stack.settings["DATABASE_URL"]), stack.settings["DATABASE_URL"].partition("@")[2]
    password = secrets.token_hex(16)
    with Load(stack, **LIGHT) as load:
        with stack.database() as connection, connection.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {role} PASSWORD '{password}'")
        load.wait_for_more(200)
        change(stack, DATABASE_URL=f"postgresql://{role}:{password}@{rest}")
        reload(stack)
        load.wait_for_more(200)
    assert load.report["failures"] == {}, load.told()
    load.check_writes()


def key_set(**keys):
    def jwk(name, key):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "kid": name, "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}

    return json.dumps({"keys": [jwk(name, key) for name, key in keys.items()]})


def test_the_keys_of_a_file_change(new_stack):
    stack = new_stack(workers=2)
    a, b = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    change(stack, AUTH_JWKS=write_secret(stack, key_set(a=a)))
    reload(stack)
    with Load(stack, **LIGHT, sign=by_key("a", a)) as before:
        write_secret(stack, key_set(a=a, b=b))
        after = Load(stack, **LIGHT, sign=by_key("b", b))
        with after:
            before.wait_for_more(200)
            after.wait_for_more(200)
    with Load(stack, **LIGHT, sign=by_key("b", b)) as last:
        write_secret(stack, key_set(b=b))
        wait_for(lambda: status_with(stack, by_key("a", a)) == 401, "the old key to go")
        last.wait_for_more(200)
    for load in (before, after, last):
        assert load.report["failures"] == {}, load.told()
        load.check_writes()


def test_better_auth_as_it_comes_needs_the_old_secret_beside_versions_and_ends_sessions(new_stack):
    """What the page says of other front ends."""
    stack = new_stack(workers=1)
    email, old = "someone@example.com", stack.secret
    site = BetterAuth(stack)
    before, _ = site.sign_up(email)
    assert header_of(token_of(before))["alg"] == "EdDSA"
    site.stop()
    for beside, status in ((old, 200), ("", 500)):
        versions = f"2:{secrets.token_urlsafe(32)},1:{old}"
        site = BetterAuth(stack, site.port, BETTER_AUTH_SECRETS=versions, BETTER_AUTH_SECRET=beside)
        try:
            assert before.get("/api/auth/token").status_code == 401
            again, _ = site.sign_in(email)
            assert again.get("/api/auth/token").status_code == status
            again.close()
        finally:
            site.stop()
    before.close()


# The web app


@pytest.fixture(scope="module", params=["jwks", "secret"])
def web(request):
    started = Stack(workers=2, frontend=True, TASKLANE_TOKENS=request.param).start()
    started.tokens = request.param
    yield started
    started.stop()


def versions_of(stack):
    """[(version, secret)] in force, the current one first."""
    settings = stack.settings
    if not settings.get("BETTER_AUTH_SECRETS"):
        return [(1, settings["BETTER_AUTH_SECRET"])]
    return [(int(n), value) for n, _, value in (each.partition(":") for each in settings["BETTER_AUTH_SECRETS"].split(","))]


def settings_for(versions):
    return {"BETTER_AUTH_SECRETS": ",".join(f"{n}:{value}" for n, value in versions), "BETTER_AUTH_SECRET": None}


def put_in_force(stack, versions):
    """In the API first: it has to know what the web app will sign with."""
    change(stack, **settings_for(versions))
    reload(stack)
    replace_web_app(stack, **settings_for(versions))


def execute(stack, *statements):
    with stack.database("superuser") as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else None


def rotate_keys(stack):
    execute(stack, 'UPDATE jwks SET "expiresAt" = now() WHERE "expiresAt" IS NULL OR "expiresAt" > now()')


def test_the_web_apps_secret_changes_and_sessions_go_on(web):
    versions = versions_of(web)
    newer = [(versions[0][0] + 1, secrets.token_urlsafe(32)), *versions]
    early = Visitor(web).sign_up()
    with Visits(web) as before:
        put_in_force(web, newer)
        before.wait_for_more()
        if web.tokens == "jwks":
            rotate_keys(web)  # the next key is encrypted with the new version
            before.wait_for_more()
            newest = 'SELECT "privateKey" FROM jwks ORDER BY "createdAt" DESC LIMIT 1'
            ((private_key,),) = execute(web, newest)
            assert private_key.startswith(f'"$ba${newer[0][0]}$')
        with Visits(web) as after:
            after.wait_for_more()
        assert before.refused() == {} and after.refused() == {}
    with Visits(web) as after:
        put_in_force(web, newer[:1])
        after.wait_for_more()
    assert after.refused() == {}, "a session that the new secret has signed"
    assert early.get("/api/auth/token").status_code == 401, "a session that the old secret has signed"
    early.close()


@pytest.mark.parametrize("web", ["jwks"], indirect=True)
def test_signing_keys_change(web):
    with Visits(web) as visits:
        first = visits.visitors[0].token()
        rotate_keys(web)
        visits.wait_for_more()
        assert header_of(visits.visitors[0].token())["kid"] != header_of(first)["kid"]
        api = Api(web, first)
        assert api.get().status_code == 200, "a token of the key before"
        api.close()
        visits.wait_for_more()
    assert visits.refused() == {}


@pytest.mark.parametrize("web", ["jwks"], indirect=True)
def test_the_web_apps_database_password_changes(web):
    first = settings_of(web.state / "frontend.env")["DATABASE_URL"]
    password = secrets.token_hex(16)
    with Visits(web) as visits:
        execute(web, f"CREATE ROLE tasklane_auth_b LOGIN PASSWORD '{password}' IN ROLE {role_in(first)}")
        replace_web_app(web, DATABASE_URL=f"postgresql://tasklane_auth_b:{password}@{first.partition('@')[2]}")
        execute(web, f"ALTER ROLE {role_in(first)} NOLOGIN")
        visits.wait_for_more()
        with Visits(web) as after:  # whose sign-up writes
            after.wait_for_more()
    assert visits.refused() == {} and after.refused() == {}


def signed_in(stack):
    """The API with a new user's token, accepted at once."""
    visitor = Visitor(stack).sign_up()
    api = visitor.api()
    visitor.close()
    assert api.create()["user_id"] == api.sub
    return api


def end_keys(stack):
    execute(stack, "DELETE FROM session")
    rotate_keys(stack)
    api = signed_in(stack)  # whose token makes the new key
    execute(stack, 'DELETE FROM jwks WHERE "expiresAt" <= now()')
    reload(stack)
    return api


def end_secrets(stack):
    versions = versions_of(stack)
    newest = [(versions[0][0] + 1, secrets.token_urlsafe(32))]
    change(stack, **settings_for(newest + versions))
    reload(stack)
    replace_web_app(stack, **settings_for(newest))
    execute(stack, "DELETE FROM session")
    api = signed_in(stack)
    change(stack, **settings_for(newest))
    reload(stack)
    return api


def test_everybody_is_logged_out_now_and_can_sign_in_again(web):
    with Visits(web) as visits:
        old = Api(web, visits.visitors[0].token())
        new = end_keys(web) if web.tokens == "jwks" else end_secrets(web)
        assert old.get().status_code == 401, "a token of before"
        visits.wait_for_more(1)  # what was under way has been answered
        good = {kind: visits.answers[kind, 200] for kind in ("token", "tasks", "page")}
        visits.wait_for_more()
        assert good == {kind: visits.answers[kind, 200] for kind in good}, "a session of before"
        assert len(new.tasks()) == 1
    assert visits.refused().keys() == {("token", 401), ("tasks", 401), ("page", 307)}
    after = signed_in(web)
    for api in (old, new, after):
        api.close()
