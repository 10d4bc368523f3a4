"""Holding up statements on the tasks from outside, to have requests in flight for as long as a test needs."""

from contextlib import contextmanager

from harness.processes import wait_for


@contextmanager
def held_tasks(stack):
    """Every statement on the table waits while this is open (the role's lock timeout gives up after 4 s)."""
    with stack.database() as connection:
        connection.cursor().execute("lock table tasks in access exclusive mode")
        yield


def waiting(stack):
    """How many statements wait for a lock."""
    with stack.database() as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted")
        return cursor.fetchone()[0]


def wait_for_waiting(stack, count=1):
    """Returns once so many statements wait for a lock."""
    wait_for(lambda: waiting(stack) >= count, "a statement to wait for the lock")
