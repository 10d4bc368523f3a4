"""A sample of bodies, against the rows of the database: asked by a client that holds every answer against the contract."""

from contextlib import contextmanager

from bench import kinds
from harness.client import Api

SAMPLE = {"list": 12, "get": 12, "create": 12, "toggle": 12, "long": 2}  # of each kind, before and after each run
ROW = """select id, user_id, title, description, completed,
  to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at,
  to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as updated_at
  from tasks where """


class WrongAnswer(Exception):
    """An answer that is not what the database has."""


def rows(cursor, condition, *values):
    cursor.execute(ROW + condition, values)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def expect(what, found, right):
    if found != right:
        raise WrongAnswer(f"{what}: {str(found)[:300]} instead of {str(right)[:300]}")


def ask(client, kind, path):
    """(status, body) of a request of a kind, a list of tasks."""
    if kind == "create":
        answer = client.post(kinds.NEW_TASK.encode())
    else:
        answer = client.patch(path) if kind == "toggle" else client.get(path)
    expect(f"status of {kind}", str(answer.status_code), kinds.STATUSES.get(kind, "200"))
    body = answer.json()
    return body if isinstance(body, list) else [body]


def check_one(client, cursor, seeded, kind):
    if kind == "create":
        client.token = seeded.source.choice(seeded.makers)
        (made,) = ask(client, kind, None)
        expect("a created task", [made], rows(cursor, "id = %s", made["id"]))
        return
    if kind == "long":
        name = seeded.source.choice(list(seeded.long_readers))
        client.token = seeded.long_readers[name]
    else:
        user = seeded.source.choice(list(seeded.readers))
        client.token, name = seeded.readers[user], f"user-{user}"
    if kind in ("list", "long"):
        expect(name, ask(client, kind, "/api/tasks"), rows(cursor, "user_id = %s order by created_at desc, id desc", name))
        return
    task = seeded.source.choice(kinds.task_ids(user))
    before = rows(cursor, "user_id = %s and id = %s", name, task)
    found = ask(client, kind, f"/api/tasks/{task}" + ("/complete" if kind == "toggle" else ""))
    expect(f"task {task} after {kind}", found, rows(cursor, "user_id = %s and id = %s", name, task))
    expect(f"whether {kind} changes a task", found[0]["completed"] != before[0]["completed"], kind == "toggle")


def sample(seeded, kind):
    """Asks for some, and raises WrongAnswer (or AssertionError for what breaks the contract) when one is wrong."""
    client = Api(seeded.stack)
    try:
        with seeded.stack.database() as connection, connection.cursor() as cursor:
            connection.autocommit = True  # each look sees what is committed by then
            for each in kinds.KINDS if kind == "mix" else (kind,):
                for _ in range(SAMPLE[each]):
                    check_one(client, cursor, seeded, each)
    finally:
        client.close()


@contextmanager
def verified(seeded, kind):
    """Samples before what is done inside, and after it."""
    sample(seeded, kind)
    yield
    sample(seeded, kind)
