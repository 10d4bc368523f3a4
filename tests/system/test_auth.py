"""Who may come in, through nginx: tokens signed with the secret. test_better_auth.py has the other keys,
tests/unit/auth_jwt_test.cpp every fault that a token can have."""

import json
import time

import jwt
import pytest

from harness import tokens, wire
from harness.bounds import limits_of_the_code
from harness.client import Api
from harness.processes import wait_for
from harness.stack import totals

OPAQUE = "hlNG6GyFtpX2aOIIWByI3P6A0I6HMCKj"  # what Better Auth's sign-in returns: no JWT


def ask(stack, authorization):
    api = stack.anonymous()
    try:
        return api.get(headers={"Authorization": authorization} if authorization is not None else {})
    finally:
        api.close()


@pytest.mark.parametrize("authorization", [None, "", "Basic dXNlcjpwYXNz", "Token abc", "Digest x=y"])
@pytest.mark.smoke
def test_a_request_without_a_bearer_token_is_401_and_says_bearer(stack, authorization):
    response = ask(stack, authorization)
    assert response.status_code == 401
    assert response.json()["error_type"] == "authentication_error"
    # RFC 6750 section 3.1: no token, no error code.
    assert response.headers["www-authenticate"] == 'Bearer realm="tasklane"'


def secret_tokens(secret):
    """{fault: token}: each wrong in one way only, and one of each kind."""
    now = int(time.time())
    head, body, signature = tokens.token(secret, "u").split(".")
    usual = {"sub": "u", "iat": now, "exp": now + 600}

    def sign(claims, **how):
        return jwt.encode(claims, secret, algorithm="HS256", **how)

    def without(name):
        return {k: v for k, v in usual.items() if k != name}

    return {
        "opaque session token": OPAQUE,
        "wrong secret": tokens.token("another secret of more than 32 bytes!", "u"),
        "alg none": tokens.unsigned("u"),
        "HS512": jwt.encode(usual, secret, algorithm="HS512"),
        "expired": tokens.token(secret, "u", ttl=-60),
        "no exp": sign(without("exp")),
        "no sub": sign(without("sub")),
        "id instead of sub": sign({**without("sub"), "id": "u", "userId": "u", "email": "u@example.com"}),
        "nbf in the future": sign({**usual, "nbf": now + 300}),
        "crit": sign(usual, headers={"crit": ["exp"]}),
        "typ of a cookie": sign(usual, headers={"typ": "better-auth.session-cache+jwt"}),
        "changed body": f"{head}.{tokens.segment({**usual, 'sub': 'v'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "padded base64": f"{head}=.{body}.{signature}",
        "JSON that is no object": f"{tokens.segment([])}.{body}.{signature}",
        "15 KB": "x" * 15_000,
    }


@pytest.mark.parametrize("fault", secret_tokens("0" * 32))
def test_a_bad_token_is_401_invalid_token(stack, fault):
    response = ask(stack, f"Bearer {secret_tokens(stack.secret)[fault]}")
    assert response.status_code == 401
    assert response.json()["error_type"] == "authentication_error"
    assert response.headers["www-authenticate"] == 'Bearer realm="tasklane", error="invalid_token"'


def test_the_message_tells_an_expired_token_and_an_opaque_one_apart(stack):
    bad = secret_tokens(stack.secret)
    assert "expired" in ask(stack, f"Bearer {bad['expired']}").json()["detail"].lower()
    assert "jwt" in ask(stack, f"Bearer {OPAQUE}").json()["detail"].lower()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_compared_without_case(stack, scheme):
    assert ask(stack, f"{scheme} {tokens.token(stack.secret, 'u')}").status_code == 200


def test_a_tab_around_the_token_is_no_part_of_it(stack):
    token = tokens.token(stack.secret, "u")
    for line in (f"Authorization: Bearer {token}\t", f"Authorization:\tBearer {token}", f"Authorization: Bearer {token} \t "):
        assert wire.talk(stack, wire.request("GET", "/api/tasks", line)).status == 200, line


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_a_token_of_any_type_for_an_api_is_taken(stack, typ):
    claims = {"sub": "u", "exp": int(time.time()) + 600}
    made = jwt.encode(claims, stack.secret, algorithm="HS256", headers={"typ": typ})
    assert ask(stack, f"Bearer {made}").status_code == 200


def test_a_token_within_the_leeway_is_taken(stack):
    assert ask(stack, f"Bearer {tokens.token(stack.secret, tokens.unique('u'), ttl=-10)}").status_code == 200


def test_a_sub_of_255_astral_code_points_is_a_user(stack):
    api = stack.user(sub=tokens.unique("\U0001f600" * 242))
    assert len(api.sub) == 255
    assert api.create()["user_id"] == api.sub
    api.close()


def test_every_endpoint_needs_a_token(anyone):
    for response in (
        anyone.get(), anyone.post({"title": "t"}), anyone.get("/api/tasks/1"),
        anyone.put("/api/tasks/1", {"title": "t"}),
        anyone.delete("/api/tasks/1"), anyone.patch("/api/tasks/1/complete"), anyone.get("/api/u/tasks"),
    ):  # fmt: skip
        assert response.status_code == 401, response.request.method


def test_a_token_in_the_query_or_a_cookie_is_none(stack):
    api = stack.anonymous()
    good = tokens.token(stack.secret, "u")
    assert api.get(f"/api/tasks?access_token={good}&token={good}").status_code == 401
    assert api.get(headers={"Cookie": f"better-auth.session_token={good}; token={good}"}).status_code == 401
    api.close()


def test_two_authorization_headers_are_refused(stack):
    good = f"Authorization: Bearer {tokens.token(stack.secret, 'u')}"
    reply = wire.talk(stack, wire.request("GET", "/api/tasks", good, good))
    assert reply.status == 400
    assert reply.json()["error_type"] == "validation_error"


@pytest.mark.smoke
def test_bad_tokens_cost_no_database_work(stack):
    before, bad = stack.metrics(), list(secret_tokens(stack.secret).values())
    api = Api(stack)
    for n in range(100):
        forged = tokens.token("a guess of at least 32 bytes ......", f"u{n}")
        for token in (forged, bad[n % len(bad)]):
            assert api.get(headers={"Authorization": f"Bearer {token}"}).status_code == 401
    api.close()
    after = stack.metrics()
    grown = {name: after[name] - before[name] for name in after}
    assert grown["tasklane_authentication_failures_total"] == 200
    # The one statement a worker may send on its own meanwhile is the periodic look at the keys.
    assert grown["tasklane_database_statements_total"] <= stack.workers


def test_unknown_keys_look_the_table_up_at_times_and_not_for_every_token(new_master):
    master = new_master()
    with master.connect() as connection:

        def statements():
            return totals(connection.ask("GET", "/metrics").body.decode())["tasklane_database_statements_total"]

        before, began = statements(), time.monotonic()
        for n in range(100):
            head = tokens.segment({"alg": "EdDSA", "kid": f"made-up-{n}"})
            claims = tokens.segment({"sub": "u", "exp": int(time.time()) + 60})
            answer = connection.ask("GET", "/api/tasks", f"{head}.{claims}.{tokens.segment(bytes(64))}")
            assert answer.status == 401
        # At once, then each time the interval is over; a regular look may come between.
        intervals = (time.monotonic() - began) * 1000 // limits_of_the_code()["kKeyRefreshIntervalMin"]
        assert 1 <= statements() - before <= 2 + intervals


def test_the_issuer_and_the_audience_are_compared_as_urls_and_a_difference_is_logged(new_master):
    for name, claim in (("AUTH_ISSUER", "iss"), ("AUTH_AUDIENCE", "aud")):
        master = new_master(**{name: "HTTPS://Id.Example:443/realms/one/"})

        def status(value):
            token = tokens.token(master.settings["BETTER_AUTH_SECRET"], "u", **{claim: value})
            with master.connect() as connection:
                return connection.ask("GET", "/api/tasks", token).status

        def told():
            return [json.loads(line) for line in master.log.read_text().splitlines() if f"than {name}" in line]

        for same in ("https://id.example/realms/one", "https://id.example/realms/one/", "https://ID.example:443/realms/one"):
            assert status(same) == 200, same
        assert not told()
        for _ in range(3):
            assert status("https://id.example/realms/two") == 401
        [line] = told()  # and not with every request
        assert line[claim] == "https://id.example/realms/two"
        assert line["configured"] == "HTTPS://Id.Example:443/realms/one/"


def test_the_request_after_a_token_expired_is_refused_though_it_was_cached(new_stack):
    strict = new_stack(workers=1, AUTH_LEEWAY_SECONDS="0", AUTH_ISSUER="https://me", AUTH_AUDIENCE="tasks")
    api = strict.anonymous()
    how = {"iss": "https://me", "aud": ["other", "tasks"]}

    def status(token):
        return api.get(headers={"Authorization": f"Bearer {token}"}).status_code

    for wrong in (
        {},
        {**how, "iss": "https://you"},
        {**how, "aud": "other"},
        {**how, "aud": []},
        {"iss": "https://me"},
    ):
        assert status(tokens.token(strict.secret, "u", **wrong)) == 401, wrong
    # As short as this machine lets it be seen in force.
    made = (tokens.token(strict.secret, "u", ttl=ttl, **how) for ttl in (1, 2, 4, 8, 16))
    short = next(token for token in made if status(token) == 200)
    wait_for(lambda: status(short) == 401, "an expired token to be refused")
    assert status(tokens.token(strict.secret, "u", **how)) == 200
    api.close()
