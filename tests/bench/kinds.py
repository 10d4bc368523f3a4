"""The kinds of requests that are measured, and random requests of a kind."""

import json

from harness.replay import request

KINDS = ("list", "get", "create", "toggle")
WITH_MIX = (*KINDS, "mix")
MIX = (40, 40, 10, 10)
STATUSES = {"list": "200", "get": "200", "create": "201", "toggle": "200", "mix": "200 201"}
TEXTS = {"title": "A task", "description": "In about the length of a sentence."}
NEW_TASK = json.dumps(TEXTS)
TASKS_PER_USER = 10


def task_ids(user):
    """The ids of user-N's tasks, as seed.sql gives them."""
    first = (user - 1) * TASKS_PER_USER + 1
    return range(first, first + TASKS_PER_USER)


def some(kind, count, readers, makers, source):
    """Random requests of a kind. `readers`: {N: token of user-N}, who have tasks; `makers`: tokens of users without, who do
    all the creating, so that nobody's list grows. The mix is 80 % reads (list and get half each) and 20 % writes (create
    and toggle half each). `source` is a random.Random."""
    users = list(readers)
    kinds = source.choices(KINDS, MIX, k=count) if kind == "mix" else [kind] * count
    for each in kinds:
        if each == "create":
            yield request("POST", "/api/tasks", source.choice(makers), NEW_TASK)
            continue
        user = source.choice(users)
        path = f"/api/tasks/{source.choice(task_ids(user))}"
        ask = {"list": ("GET", "/api/tasks"), "get": ("GET", path), "toggle": ("PATCH", f"{path}/complete")}[each]
        yield request(*ask, readers[user])
