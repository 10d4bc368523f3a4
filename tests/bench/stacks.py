"""What is measured: a whole Tasklane with users, tasks, and files of requests."""

import random
import subprocess
from functools import cached_property
from pathlib import Path

from bench import kinds, tokens
from harness import replay, wire
from harness.postgres import Postgres
from harness.stack import Stack, new_folder

BENCH = Path(__file__).parent
USERS = 10_000  # whose tokens are used: few enough for a worker to remember all of them, with the makers'
MAKERS = 5_000
LONG_USERS = 64
REQUESTS = 100_000  # in a file: as many as there are tasks
KNOWN = 1_000  # whose tokens are compared: few enough for each worker to have seen all of them in two seconds
FRESH = 120_000  # tokens used once each; by the time one comes again every worker has long forgotten it


class Seeded:
    """A stack of its own with `users` users of 10 tasks each; with `long` also long-1 … long-64 with 1,000 tasks each,
    heavy-1 with 10,000, and huge-1 with 5,000 of the longest descriptions."""

    def __init__(self, workers, users=USERS, long=False):
        self.users, self.long = users, long
        self.stack = Stack(workers=workers, LOG_FORMAT="json").start()
        self.folder = new_folder()
        self.source = random.Random(6)
        try:
            self._seed()
        except BaseException:  # nobody else knows yet that it is up
            self.stop()
            raise

    def _seed(self):
        settings = ("ON_ERROR_STOP=1", f"users={self.users}", f"long={int(self.long)}")
        given = [word for each in settings for word in ("-v", each)]
        subprocess.run(["psql", self.database, "-qX", *given, "-f", str(BENCH / "seed.sql")], check=True)
        self.postgres = Postgres(self.stack)
        self.last_id = self.postgres.execute("select max(id) from tasks", dbname="tasklane")[0][0]
        self.clean()

    port = property(lambda self: self.stack.port)
    database = property(lambda self: self.stack.settings["DATABASE_URL_DIRECT"])
    served_database = property(lambda self: self.stack.settings["DATABASE_URL"])  # as the workers' role, with its settings

    @cached_property
    def parts(self):
        """{part: roots of its processes} (proc.py)."""
        pid = self.stack.pid
        return {"nginx": [pid("nginx")], "worker": [pid("master")], "postgres": [self.postgres.pid]}

    @cached_property
    def readers(self):
        """{N: token of user-N}, of users all over the table."""
        chosen = range(1, self.users + 1, self.users // USERS)
        return dict(zip(chosen, tokens.hs256(self.stack.secret, (tokens.claims(f"user-{n}") for n in chosen))))

    @cached_property
    def long_readers(self):
        names = [f"long-{n}" for n in range(1, LONG_USERS + 1)]
        return dict(zip(names, tokens.hs256(self.stack.secret, map(tokens.claims, names))))

    @cached_property
    def makers(self):
        return list(tokens.hs256(self.stack.secret, (tokens.claims(f"maker-{n}") for n in range(1, MAKERS + 1))))

    def requests(self, what):
        """The file of requests: a kind of them, or what _lists() knows."""
        file = self.folder / what
        if not file.exists():
            if what in kinds.WITH_MIX:
                replay.write(file, kinds.some(what, REQUESTS, self.readers, self.makers, self.source))
            else:
                replay.write(file, (replay.request("GET", "/api/tasks", token) for token in self._lists(what)))
        return file

    def _lists(self, what):
        """Tokens for lists: "long", "heavy" and "huge" users', other algorithms', ones that are never seen twice."""
        if what == "long":
            return self.long_readers.values()
        if what in ("heavy", "huge"):
            return tokens.hs256(self.stack.secret, [tokens.claims(f"{what}-1")])
        algorithm, _, use = what.partition("-")
        few = list(self.readers)[:KNOWN]
        if use == "fresh":
            users = self.source.choices(few, k=FRESH)
            payloads = (tokens.claims(f"user-{user}", number) for number, user in enumerate(users))
        else:
            payloads = (tokens.claims(f"user-{user}") for user in few)
        return self.eddsa.tokens(payloads) if algorithm == "eddsa" else tokens.hs256(self.stack.secret, payloads)

    def first_request(self, what):
        data = self.requests(what).read_bytes()
        return data[10 : 10 + int(data[5:10])]

    def body_bytes(self, what):
        """Of the answer to the file's first request."""
        return len(wire.talk(self.stack, self.first_request(what)).body)

    @cached_property
    def eddsa(self):
        return tokens.EdDsaKey().publish(self.stack)

    def clean(self):
        """As it was seeded, so that every round finds the same: neither new tasks, dead rows nor a due checkpoint."""
        self.postgres.execute(f"delete from tasks where id > {self.last_id}", "vacuum tasks", dbname="tasklane")
        self.postgres.execute("checkpoint")

    def statuses(self):
        """{status: how many of the workers' answers about tasks had it, so far}."""
        return self.stack.answered("/api/tasks")

    def connections(self):
        """Database connections of all workers now."""
        return self.postgres.execute("select count(*) from pg_stat_activity where usename = 'tasklane_api'")[0][0]

    def stop(self):
        self.stack.stop()
