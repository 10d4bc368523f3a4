"""The private Postgres of a stack: stopped, paused, started again as it was."""

import os
import random
import re
import shlex
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2

from harness.processes import children_of, is_alive, wait_for


class Postgres:
    def __init__(self, stack):
        self.stack = stack
        self.data = stack.state / "postgres"
        self.log = stack.state / "pg/restarted.log"  # the log folder is not for Postgres' user
        self.arguments = Path(f"/proc/{self.pid}/cmdline").read_text().rstrip("\0").split("\0")
        self.owner = self.data.stat().st_uid

    @property
    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def signal(self, number):
        pid = self.pid
        subprocess.run(["kill", f"-{int(number)}", str(pid)], check=True)
        wait_for(lambda: not is_alive(pid), "Postgres to stop")

    def stop(self):
        self.signal(signal.SIGINT)  # "fast shutdown": open connections are cut

    def start(self):
        """Returns when it accepts connections."""
        options = [a for i, a in enumerate(self.arguments[1:]) if a != "-D" and self.arguments[i] != "-D"]
        control = Path(self.arguments[0]).resolve().parent / "pg_ctl"
        command = [
            str(control), "-D", str(self.data), "-l", str(self.log), "-W", "-o", shlex.join(options), "start",
        ]  # fmt: skip
        # Its output must not be a pipe: the server inherits it and would keep it open.
        who = {"user": self.owner, "group": self.data.stat().st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(
            command, **who, cwd="/", check=True, timeout=30, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(self.accepts, "Postgres to accept connections")

    def is_running(self):
        return (self.data / "postmaster.pid").exists()

    def accepts(self):
        try:
            self.execute("select 1")
        except psycopg2.OperationalError:
            return False
        return True

    def processes(self):
        return [self.pid, *children_of(self.pid)]

    def pause(self):
        """All of it stands still: it answers nothing, and every connection stays open."""
        for pid in self.processes():
            subprocess.run(["kill", "-STOP", str(pid)], check=True)

    def resume(self):
        for pid in self.processes():
            subprocess.run(["kill", "-CONT", str(pid)], stderr=subprocess.DEVNULL, check=False)  # it may have ended

    def execute(self, *statements, dbname="postgres"):
        """As the superuser, each statement by itself; returns the last one's rows, if it has any."""
        made = (self.stack.state / "generated.env").read_text()
        password = re.search(r"^POSTGRES_PASSWORD=(.*)$", made, re.MULTILINE).group(1)
        where = {"host": str(self.stack.state / "pg"), "user": "postgres", "password": password, "dbname": dbname}
        with closing(psycopg2.connect(**where)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None

    def sessions(self):
        """The process ids of the workers' sessions, each listed as soon as it has read the database's settings."""
        return [pid for (pid,) in self.execute("select pid from pg_stat_activity where usename = 'tasklane_api'")]

    def end_sessions(self, most=100):
        """Ends the workers' sessions, or some at random; returns when none of these is left."""
        pids = self.sessions()
        self._end(random.sample(pids, min(most, len(pids))))

    def end_other_sessions(self, kept):
        """Ends the workers' sessions but for these, those that begin at this moment too: they hold their database locked
        until they are listed. Returns when none of them is left."""
        begin = self.execute("select pid from pg_locks where classid = 'pg_database'::regclass and pid <> pg_backend_pid()")
        self._end({*self.sessions(), *(pid for (pid,) in begin)} - {*kept})

    def _end(self, pids):
        chosen = f"array[{','.join(map(str, pids))}]::int[]"
        self.execute(f"select pg_terminate_backend(pid) from unnest({chosen}) pid")
        left = f"select count(*) from pg_stat_activity where pid = any({chosen})"
        wait_for(lambda: self.execute(left) == [(0,)], "the sessions to end")


def connections(stack):
    """{state: database connections of all workers}."""
    return stack.metric("tasklane_database_connections", "state")


def wait_until_connected(stack):
    """A worker that still reconnects prepares its statements, which waits for locks as a request does. At rest it does not
    reconnect: all of them are asked meanwhile, by more requests at once than one would take."""

    def ready():
        if connections(stack)["ready"] == 2 * stack.workers:
            return True
        with ThreadPoolExecutor(4 * stack.workers) as pool:
            list(pool.map(lambda _: ask(stack), range(4 * stack.workers)))
        return False

    wait_for(ready, lambda: f"every connection to be ready: {connections(stack)}")
    return time.monotonic()


def ask(stack):
    api = stack.anonymous()
    api.get("/readyz")
    api.close()
