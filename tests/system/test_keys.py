"""Keys in the database that workers may not read, or that are in a table of another name."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import tokens
from harness.better_auth import BetterAuth, token_of
from harness.client import Api
from harness.configuration import change
from harness.operator import reload, tasklane
from harness.processes import wait_for

GRANT = "GRANT SELECT ON tasklane_public_keys TO tasklane_api"
REVOKE = "REVOKE SELECT ON tasklane_public_keys FROM tasklane_api"


class Issuer:
    """Signs as Better Auth's jwt plugin does; its key is in the stack's database."""

    def __init__(self, stack, table="jwks"):
        self.stack = stack
        self.sql("create schema if not exists auth", f"""create table if not exists {table}
                 (id text, "publicKey" text, "privateKey" text, "createdAt" timestamptz)""")
        self.table = table
        self.new_key()

    def sql(self, *statements):
        with self.stack.database() as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def new_key(self):
        self.key, self.kid = Ed25519PrivateKey.generate(), tokens.unique("key")
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        public = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()}
        self.sql(f"insert into {self.table} values ('{self.kid}', '{json.dumps(public)}', 'x', now())")

    def user(self):
        sub = tokens.unique("user")
        claims = {"sub": sub, "exp": 4_000_000_000}
        return Api(self.stack, jwt.encode(claims, self.key, algorithm="EdDSA", headers={"kid": self.kid}), sub)


def readiness(api):
    """The status for the public, and what an operator sees."""
    answer, operator = api.get("/readyz"), api.stack.operator()
    try:
        return answer.status_code, operator.get("/readyz").json()
    finally:
        operator.close()


def test_without_the_right_to_read_keys_a_token_that_needs_them_is_503(new_stack):
    stack = new_stack(workers=2)
    issuer, by_secret = Issuer(stack), stack.user()
    issuer.sql(REVOKE)
    api = issuer.user()
    answers = [api.get() for _ in range(8)]
    assert {a.status_code for a in answers} == {503}, [a.text for a in answers]
    assert answers[0].json()["error_type"] == "service_unavailable" and "Retry-After" in answers[0].headers
    assert "tasklane_api" not in answers[0].text
    assert by_secret.get().status_code == 200
    wait_for(lambda: readiness(api)[1].get("keys") == "unreadable", "/readyz to tell")
    assert readiness(api)[0] == 200 and readiness(api)[1]["status"] == "degraded"
    assert f"a right is missing: {GRANT}" in (stack.log / "tasklane.log").read_text()
    status, said = tasklane(stack, "check", "--db")
    assert status == 1 and f"error: the public keys cannot be read: a right is missing: {GRANT}" in said, said


def test_readyz_is_503_where_no_token_can_be_verified(new_stack):
    stack = new_stack(workers=2, AUTH_JWKS="database")  # without a secret
    issuer = Issuer(stack)
    issuer.sql(REVOKE)
    api = issuer.user()
    wait_for(lambda: readiness(api)[0] == 503, "/readyz to tell")
    assert readiness(api)[1]["detail"] == "Keys to verify tokens with cannot be read"
    status, said = tasklane(stack, "reload", "--wait")
    assert status == 1 and GRANT in said, said
    issuer.sql(GRANT)
    wait_for(lambda: api.get().status_code == 200, "the right to be back")
    wait_for(lambda: readiness(api)[0] == 200, "/readyz to say so")


def test_keys_that_are_known_go_on_without_the_right(new_stack):
    stack = new_stack(workers=1)
    issuer = Issuer(stack)
    known = issuer.user()
    assert known.get().status_code == 200
    issuer.sql(REVOKE)
    issuer.new_key()
    rotated = issuer.user()
    wait_for(lambda: rotated.get().status_code == 503, "the new key to be looked for")
    assert known.get().status_code == 200
    issuer.sql(GRANT)
    wait_for(lambda: rotated.get().status_code == 200, "the right to be back")
    wait_for(lambda: readiness(known)[1]["status"] == "ready", "/readyz to say so")


@pytest.mark.parametrize("table", ["jwkss", "auth.signingKeys"])
def test_keys_in_a_table_of_another_name(new_stack, table):
    stack = new_stack(workers=1)
    quoted = ".".join(f'"{part}"' for part in table.split("."))
    issuer = Issuer(stack, quoted)
    api = issuer.user()
    assert api.get().status_code == 401
    status, said = tasklane(stack, "check", "--db")
    named = table if "." in table else f"public.{table}"
    assert status == 1 and f"set AUTH_JWKS_TABLE={named}" in said, said
    change(stack, AUTH_JWKS_TABLE=table)
    status, said = tasklane(stack, "check", "--db")
    assert status == 0 and "public keys in the database: 1" in said, said
    reload(stack)
    assert api.get().status_code == 200


def test_better_auth_with_a_table_name_of_its_own(new_stack):
    stack = new_stack(workers=1, AUTH_JWKS_TABLE="jwkss")
    auth = BetterAuth(stack, JWKS_TABLE="jwkss")
    try:
        browser, user_id = auth.sign_up(f"{tokens.unique('user')}@example.com")
        api = Api(stack, token_of(browser), user_id)
        assert api.create("from a table called jwkss")["user_id"] == user_id
        with stack.database() as connection, connection.cursor() as cursor:
            cursor.execute("select to_regclass('jwks')")
            assert cursor.fetchone() == (None,)
    finally:
        auth.stop()


def test_a_key_file_with_too_many_keys_is_told(stack, tmp_path):
    keys = [{"kty": "OKP", "crv": "Ed25519", "kid": str(n), "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
            for n in range(1, 301)]  # fmt: skip
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": keys}))
    tmp_path.chmod(0o755)
    before = change(stack, AUTH_JWKS=file)
    try:
        status, said = tasklane(stack, "check")
    finally:
        (stack.state / "tasklane.env").write_text(before)
    assert status == 0, said
    assert said.count("warning: AUTH_JWKS: key 257 and all behind it: only the first 256 count") == 1, said
