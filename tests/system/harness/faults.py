"""What can happen to a database and the way to it. Each fault is in force while its context is open; when it closes,
Postgres accepts connections again."""

import os
import random
import signal
import string
import subprocess
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Callable

from harness.postgres import Postgres, wait_until_connected
from harness.processes import wait_for
from harness.relay import Relay
from harness.run import new_folder


CONNECT_TIMEOUT = 2  # s, of an attempt to connect, so that a silent server is soon given up
STOPPED_SECONDS = float(os.environ.get("TASKLANE_STOPPED_SECONDS", "3"))  # a minute by hand; docs/RELIABILITY.md


class SmallDisk:
    """The tasks on a file system of their own that can be full. As root it is a tmpfs; nobody else can mount one, and
    then a trigger gives the error that Postgres gives (53100)."""

    SIZE = 16 * 1024 * 1024

    def __init__(self, postgres):
        self.postgres = postgres
        self.real = os.geteuid() == 0
        self.folder = new_folder()
        self.filler = self.folder / "filler"

    def __enter__(self):
        if self.real:
            mount = ["mount", "-t", "tmpfs", "-o", f"size={self.SIZE},mode=755", "tasklane-test", str(self.folder)]
            self.real = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        if self.real:
            space = self.folder / "space"
            space.mkdir()
            os.chown(space, self.postgres.owner, -1)
            self.postgres.execute(f"create tablespace small location '{space}'")
            self.postgres.execute("alter table tasks set tablespace small", dbname="tasklane")
        else:
            self.postgres.execute(
                "create function full_disk() returns trigger language plpgsql as $$ begin"
                " raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$",
                dbname="tasklane",
            )
        return self

    def __exit__(self, *_):
        try:
            if self.real:
                self.postgres.execute("alter table tasks set tablespace pg_default", dbname="tasklane")
                self.postgres.execute("drop tablespace small")
            else:
                self.postgres.execute("drop function full_disk() cascade", dbname="tasklane")
        finally:
            if self.real:
                subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @contextmanager
    def full(self):
        if not self.real:
            trigger = "create trigger full_disk before insert on tasks for each row execute function full_disk()"
            self.postgres.execute(trigger, dbname="tasklane")
            yield
            self.postgres.execute("drop trigger full_disk on tasks", dbname="tasklane")
            return
        with self.filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass
        try:
            yield
        finally:
            self.filler.unlink()


class Site:
    """A stack whose workers reach Postgres by way of a relay, and what can be done to both."""

    def __init__(self, stack):
        self.stack = stack
        self.postgres = Postgres(stack)
        self.relay = Relay(stack.state / "pg")
        self.disk = SmallDisk(self.postgres)
        self.read_only = []  # the sessions that are, though new ones no longer are

    def __enter__(self):
        with ExitStack() as parts:
            parts.enter_context(self.relay)
            self.relay.put_before(self.stack, connect_timeout=CONNECT_TIMEOUT)
            parts.enter_context(self.disk)
            self.user = parts.enter_context(closing(self.stack.user("needs-room", ttl=7200)))
            self.parts = parts.pop_all()
        return self

    def __exit__(self, *_):
        self.parts.close()

    def heal(self):
        """Whatever a test left behind."""
        for command in ("flow", "accept", "delay 0", "cut-query 0", "swallow 0"):
            self.relay.tell(command)
        if not self.postgres.is_running():
            self.postgres.start()
        self.postgres.resume()


def room_for(api):
    """The status of a POST that needs several new pages: noise does not compress."""
    noise = "".join(random.choices(string.ascii_letters + string.digits, k=10_000))
    return api.post({"title": "large", "description": noise}).status_code


@contextmanager
def restarted(site, number=signal.SIGINT):
    site.postgres.signal(number)
    yield
    site.postgres.start()


@contextmanager
def paused(site):
    site.postgres.pause()
    try:
        yield
    finally:
        site.postgres.resume()


@contextmanager
def told(site, *commands, afterwards=()):
    for command in commands:
        site.relay.tell(command)
    try:
        yield
    finally:
        for command in afterwards:
            site.relay.tell(command)


@contextmanager
def session_ended(site, times=5):
    """One at a time, chosen at random, once all connections are there."""
    for _ in range(times):
        wait_until_connected(site.stack)
        site.postgres.end_sessions(1)
    yield


@contextmanager
def sessions_ended(site):
    site.postgres.end_sessions()
    yield


@contextmanager
def armed(site, command, counted, times=5):
    """The relay does it to a request, so many times; each time only once all connections are there."""
    for _ in range(times):
        wait_until_connected(site.stack)
        goal = site.relay.counts()[counted] + 1
        site.relay.tell(command)
        site.relay.wait_for_count(counted, goal)
    yield


@contextmanager
def too_many_connections(site):
    """53300 for the workers' role, once the connections they have are gone."""
    site.postgres.execute("alter role tasklane_api connection limit 0")
    try:
        site.postgres.end_sessions()
        yield
    finally:
        site.postgres.execute("alter role tasklane_api connection limit -1")


@contextmanager
def read_only(site):
    """25006, as on a standby that a failover left the workers on. Sessions keep what was set when they began."""
    site.postgres.execute("alter database tasklane set default_transaction_read_only = on")
    try:
        site.postgres.end_sessions()
        yield
    finally:
        site.read_only = site.postgres.sessions()
        site.postgres.execute("alter database tasklane reset default_transaction_read_only")
        site.postgres.end_other_sessions(site.read_only)  # they may be either


@contextmanager
def disk_full(site):
    with site.disk.full():
        wait_for(lambda: room_for(site.user) == 503, "a page that cannot be had")
        yield


@dataclass(frozen=True)
class Fault:
    name: str
    begin: Callable  # a context manager of a Site
    seconds: float = 0  # in force for so long
    down: bool = False  # nothing is served meanwhile, and /readyz says so
    # Connections are merely lost, "one" at a time or "all": of the writes only those in flight fail, and no read, but one
    # that is repeated on a connection that is lost a moment later.
    cut: str = ""
    unknown: bool = True  # a write may be left in doubt
    lingers: bool = False  # in sessions that began while it was in force
    recovery: float = 1  # s after Postgres is back: nothing fails any more


def _fault(name, begin, *arguments, **how):
    kept = {key: how.pop(key) for key in ("afterwards", "number") if key in how}
    return Fault(name, lambda site: begin(site, *arguments, **kept), **how)


FAULTS = (
    _fault("restarted", restarted, down=True),
    _fault("restarted immediately", restarted, number=signal.SIGQUIT, down=True),
    _fault("stopped", restarted, seconds=STOPPED_SECONDS, down=True),
    _fault("paused", paused, seconds=1.5, unknown=False),
    _fault("session ended", session_ended, cut="one"),
    _fault("all sessions ended", sessions_ended, cut="all"),
    _fault("all cut", told, "cut", cut="all"),
    _fault("cut in mid-query", armed, "cut-query", "cut", cut="one"),
    _fault("reply cut off", armed, "swallow", "swallowed", cut="one"),
    _fault("stalled", told, "stall", afterwards=["flow"], seconds=9.5, down=True),
    _fault("refused by the network", told, "refuse", "cut", afterwards=["accept"], seconds=2, down=True),
    _fault("hung up on", told, "hangup", "cut", afterwards=["accept"], seconds=2, down=True),
    # An attempt without an answer is given up after 2 s (CONNECT_TIMEOUT).
    _fault("accepted and never answered", told, "mute", "cut", afterwards=["accept"], seconds=3, down=True, recovery=3),
    _fault("too many connections", too_many_connections, seconds=2, down=True),
    _fault("disk full", disk_full, seconds=2, unknown=False),
    _fault("read-only", read_only, seconds=2, lingers=True),
)
