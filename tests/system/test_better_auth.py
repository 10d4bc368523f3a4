"""The main job on real input: a real Better Auth issues the tokens; the keys are in its jwks table."""

import psycopg2
import pytest

from harness import tokens
from harness.better_auth import BetterAuth, header_of, token_of
from harness.client import Api, path_of
from harness.processes import wait_for


@pytest.fixture(scope="module")
def auth(stack):
    # The stack has started and served before the jwks table existed: an absent table is a normal start.
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('jwks')")
        assert cursor.fetchone() == (None,)
    served = BetterAuth(stack)
    yield served
    served.stop()


@pytest.fixture
def email():
    return f"{tokens.unique('user')}@example.com"


def walk(api):
    """Create, list, get, toggle, change and delete, as a front end would."""
    task = api.create("Try Tasklane", description="with a real token")
    assert task["user_id"] == api.sub
    assert api.tasks() == [task]
    assert api.get(path_of(task)).json() == task
    assert api.patch(path_of(task) + "/complete").json()["completed"] is True
    assert api.put(path_of(task), {"title": "Tried"}).json()["title"] == "Tried"
    assert [t["title"] for t in api.tasks("?status=completed")] == ["Tried"]
    assert api.delete(path_of(task)).status_code == 204
    assert api.tasks() == []


def test_from_sign_up_to_the_task_list_with_the_jwt_plugins_token(stack, auth, email):
    _, user_id = auth.sign_up(email)
    browser, _ = auth.sign_in(email)
    token = token_of(browser)
    assert header_of(token)["alg"] == "EdDSA"
    api = Api(stack, token, user_id)
    walk(api)
    api.close()


def test_from_sign_up_to_the_task_list_with_a_hand_made_token(stack, auth, email):
    browser, user_id = auth.sign_up(email)
    token = token_of(browser, "/hand-made-token")
    assert header_of(token) == {"alg": "HS256"}
    api = Api(stack, token, user_id)
    walk(api)
    api.close()


def test_both_tokens_of_a_user_are_the_same_user(stack, auth, email):
    browser, user_id = auth.sign_up(email)
    plugin, made = Api(stack, token_of(browser), user_id), Api(
        stack, token_of(browser, "/hand-made-token"), user_id
    )
    task = plugin.create("one list")
    assert made.tasks() == [task]
    plugin.close(), made.close()


def test_two_accounts_are_isolated(stack, auth):
    apis = []
    for name in ("first", "second"):
        browser, user_id = auth.sign_up(f"{tokens.unique(name)}@example.com")
        apis.append(Api(stack, token_of(browser), user_id))
    task = apis[0].create("private")
    assert apis[1].tasks() == []
    assert apis[1].get(path_of(task)).status_code == 404
    assert apis[1].get(f"/api/{apis[0].sub}/tasks").status_code == 403
    for api in apis:
        api.close()


def test_a_rotated_key_is_learned_without_a_restart_and_the_old_one_stays_good(stack, auth, email):
    browser, user_id = auth.sign_up(email)
    old = token_of(browser)
    api = Api(stack, old, user_id)
    assert api.get().status_code == 200
    with stack.database() as connection, connection.cursor() as cursor:  # as the plugin's own rotation leaves it
        cursor.execute("update jwks set \"expiresAt\" = now() - interval '1 second'")
    new = token_of(browser)
    assert header_of(new)["kid"] != header_of(old)["kid"]
    rotated = Api(stack, new, user_id)
    # A worker that just looked for another unknown key waits out the interval first.
    wait_for(
        lambda: all(rotated.get().status_code == 200 for _ in range(6)), "the new key in every worker"
    )
    assert api.get().status_code == 200, "a key counts for 30 days past its expiry"
    api.close(), rotated.close()


@pytest.mark.parametrize("base", ["/cookie-jwks", "/cookie-hs256"])
def test_a_session_cookie_cache_is_no_api_token(stack, auth, email, base):
    auth.sign_up(email)
    browser, _ = auth.sign_in(email, base=base)
    cookie = browser.cookies["better-auth.session_data"]
    assert cookie.count(".") == 2, "a JWT"
    api = Api(stack, cookie)
    assert api.get().status_code == 401
    api.close()


def test_the_opaque_session_token_is_no_api_token(stack, auth, email):
    auth.sign_up(email)
    _, session = auth.sign_in(email)
    api = Api(stack, session)
    response = api.get()
    assert response.status_code == 401
    assert "JWT" in response.json()["detail"]
    api.close()


@pytest.mark.parametrize(
    "query",
    ['select "privateKey" from jwks', "select * from jwks", "select to_jsonb(j) from jwks j", 'select * from "user"',
     "select token from session", "select password from account", "create table x (y int)", "truncate tasks",
     "drop table tasks"],
)  # fmt: skip
def test_the_workers_role_reads_no_private_key_and_no_session(stack, auth, email, query):
    browser, _ = auth.sign_up(email)
    token_of(browser)
    with stack.database("worker") as connection, connection.cursor() as cursor:
        cursor.execute("select kid, jwk, alg from tasklane_public_keys")
        rows = cursor.fetchall()
        assert rows and all('"d"' not in jwk for _, jwk, _ in rows)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(query)


def test_the_front_ends_tables_leave_the_tasks_alone(stack, auth, alice):
    alice.create()
    BetterAuth(stack).stop()  # runs its migration once more
    assert len(alice.tasks()) == 1
