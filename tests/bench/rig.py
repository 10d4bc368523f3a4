"""Everything that is measured in one run, each part started when a point first wants it, all of it ended by close()."""

from functools import cached_property

import psycopg2

from bench.at_once import AtOnce
from bench.load import closed
from bench.points import COMMIT_MICROSECONDS
from bench.stacks import Seeded
from harness.relay import Relay


class Rig:
    def __init__(self, workers):
        self.workers = workers
        self.seeded = []  # the stacks that are up, with a database each
        self.others = []  # what else has to be ended, in reverse order
        self.wrong = []

    def _seeded(self, **how):
        self.seeded.append(Seeded(self.workers, **how))
        return self.seeded[-1]

    @cached_property
    def main(self):
        """10,000 users with 10 tasks each; warm."""
        made = self._seeded()
        for kind in ("list", "get", "create", "toggle", "list"):
            closed(made, kind, 64, 1)
        made.clean()
        return made

    @cached_property
    def long(self):
        return self._seeded(long=True)

    @cached_property
    def large(self):
        """160,000 users with 10 tasks each, in a database of their own; warm."""
        made = self._seeded(users=160_000)
        closed(made, "list", 64, 2)
        return made

    @cached_property
    def far(self):
        """With the relay before its database, which delays on command."""
        made = self._seeded()
        relay = Relay(made.stack.state / "pg")
        relay.__enter__()
        self.others.append(lambda: relay.__exit__())
        self.relay = relay
        relay.put_before(made.stack)
        return made

    @cached_property
    def slow(self):
        """Each commit takes 5 ms."""
        made = self._seeded()
        made.postgres.execute(
            f"alter system set commit_delay = {COMMIT_MICROSECONDS}", "alter system set commit_siblings = 0",
            "select pg_reload_conf()",
        )  # fmt: skip
        return made

    @cached_property
    def at_once(self):
        made = AtOnce(self.main, self.workers)
        self.others.append(made.stop)
        closed(made, "list", 64, 1)
        return made

    def clean(self):
        for each in self.seeded:
            try:
                each.clean()
            except psycopg2.Error as error:  # the next round is not comparable, but what was measured is not lost
                self.wrong.append(f"cleaning up after a round: {error}")

    def close(self):
        """Ends everything; returns what went wrong besides the measurements, such as an alarm in a log."""
        ends = [*reversed(self.others), *(each.stop for each in reversed(self.seeded))]
        for end in ends:
            try:
                end()
            except (AssertionError, OSError) as error:
                self.wrong.append(str(error))
        return self.wrong
