"""The relay of tests/relay between workers and Postgres: relay.h tells its commands."""

import json
import subprocess
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from harness.operator import reload
from harness.processes import undone_by, wait_for
from harness.run import new_folder
from harness.stack import BUILD


class Relay:
    """Listens as a Postgres in a folder of its own (or on a port), and carries to the one at `server`: a folder with
    its socket, the path of the socket, or a port. Use as `with Relay(server) as relay:`, then `relay.url_of(url)`."""

    def __init__(self, server, port=None):
        self.folder = None if port else new_folder()
        self.address = str(port or self.folder / ".s.PGSQL.5432")
        server = str(server)
        self.server = f"{server}/.s.PGSQL.5432" if "/" in server and ".s.PGSQL." not in server else server

    def __enter__(self):
        self.process = subprocess.Popen(
            [BUILD / "tests/relay/relay", self.address, self.server], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, bufsize=1,
        )  # fmt: skip
        with undone_by(self.process.kill):
            assert self.process.stdout.readline() == "ready\n", "the relay does not start"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(60)
        self.process.stdout.close()
        assert status == 0, f"the relay has ended with {status}"

    def tell(self, *words):
        """Gives a command and returns what is said to it."""
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        said = self.process.stdout.readline().strip()
        assert said and not said.startswith("error"), f"{words}: {said}"
        return said

    def counts(self):
        return json.loads(self.tell("counts"))

    def wait_for_count(self, name, least):
        wait_for(lambda: self.counts()[name] >= least, lambda: f"{least} {name} in {self.counts()}")

    def url_of(self, url, **parameters):
        """The database URL, by way of the relay, with other parameters if need be."""
        parts = urlsplit(url)
        query = {**{k: v for k, v in parse_qsl(parts.query) if k not in ("host", "port")}, **parameters}
        user = parts.netloc.rpartition("@")[0]
        if self.folder:
            query["host"], place = str(self.folder), ""
        else:
            place = f"127.0.0.1:{self.address}"
        return urlunsplit(parts._replace(netloc=f"{user}@{place}" if user else place, query=urlencode(query, safe="/")))

    def put_before(self, stack, connect_timeout=10, **settings):
        """Lets a running stack's workers reach their database by way of the relay, with other settings if need be."""
        by_relay = self.url_of(stack.settings["DATABASE_URL"], connect_timeout=connect_timeout)
        settings = {"DATABASE_URL": by_relay, **settings}
        file = stack.state / "tasklane.env"
        kept = [line for line in file.read_text().splitlines() if line.partition("=")[0] not in settings]
        file.write_text("\n".join(kept + [f"{name}='{value}'" for name, value in settings.items()]) + "\n")
        reload(stack)
        wait_for(stack.is_whole, "the workers from before to end")
