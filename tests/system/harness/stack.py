"""A whole Tasklane, started by scripts/up in a folder of its own and ended by scripts/down."""

import os
import re
import shlex
import shutil
import subprocess
from collections import Counter
from contextlib import closing, contextmanager

import psycopg2

from harness import client, logs, template
from harness.build import BUILD, PROJECT
from harness.processes import children_of, free_ports, is_alive, wait_until_gone
from harness.run import KEEP, new_folder

SANITIZERS = {
    "ASAN_OPTIONS": "abort_on_error=1:detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
ORIGINS = ("https://app.example.com", "http://localhost:3000")


def clean_environment():
    """This process's environment, with every name that configures Tasklane empty: a developer's .env must not count."""
    names = re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)
    names += ["FRONTEND_DATABASE_URL", "BETTER_AUTH_URL"]  # scripts/up's own
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "TASKLANE"))}
    return {**kept, **dict.fromkeys(names, ""), **SANITIZERS}


def totals(metrics_text):
    """{metric name: sum over its labels}."""
    sums = {}
    for line in metrics_text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            name = name.partition("{")[0]
            sums[name] = sums.get(name, 0.0) + float(value)
    return sums


class Stack:
    running = []  # of this test run, for the reports of failed tests
    host = "127.0.0.1"  # how clients call it

    def __init__(self, workers=2, frontend=False, from_nothing=False, port=None, **environment):
        """`from_nothing`: scripts/up makes its cluster; otherwise it finds a copy of the run's migrated one."""
        self.state = new_folder()
        self.port = port or free_ports()
        self.plain_port = self.port + 1
        self.workers = workers
        self.frontend = frontend
        self.failed = False
        self.expected_alarm = None
        self.environment = {
            **clean_environment(),
            "LISTEN_ADDRESSES": "127.0.0.1",
            "CORS_ORIGINS": ",".join(ORIGINS),
            **environment,
        }
        self.from_nothing = from_nothing or bool(self.environment["DATABASE_URL"])

    def command(self, *arguments):
        script = [str(PROJECT / "scripts" / arguments[0]), "--state", str(self.state), *arguments[1:]]
        if arguments[0] == "up":
            script += [
                "--no-build",
                "--build",
                str(BUILD),
                "--port",
                str(self.port),
                "--workers",
                str(self.workers),
                *([] if self.frontend else ["--no-frontend"]),
            ]
        return script

    def run(self, *arguments, timeout=None):
        """Runs a script of the project on this state, to its end. The first web app of a tree has to be built."""
        timeout = timeout or (900 if self.frontend else 300)
        return subprocess.run(
            self.command(*arguments), env=self.environment, cwd=PROJECT, timeout=timeout, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip

    def start(self):
        if not (self.from_nothing or (self.state / "postgres").exists()):
            template.copy_to(self.state, lambda: Stack(workers=1, from_nothing=True))
        try:
            done = self.run("up", "--detach")
        except BaseException:  # too slow, or Ctrl-C: up was killed and could not undo what it had begun
            self.run("down")
            raise
        if done.returncode != 0:
            self.run("down")
            raise AssertionError(f"scripts/up exited {done.returncode}\n{done.stdout}\n{logs.tail(self.log)}")
        self.up_output = done.stdout
        Stack.running.append(self)
        return self

    def stop(self):
        """Ends the stack and checks what it leaves behind."""
        done = self.run("down")
        if self in Stack.running:
            Stack.running.remove(self)
        try:
            assert done.returncode == 0, f"scripts/down exited {done.returncode}\n{done.stdout}"
            wait_until_gone(self.state)
            sockets = self.settings["FASTCGI_SOCKET"]
            assert not os.path.exists(sockets), f"{sockets} is left behind"
            offences = logs.offences(self.log, self.expected_alarm)
            assert not offences, "\n".join(offences)
        except AssertionError:
            self.failed = True
            raise
        finally:
            if not (KEEP and self.failed):
                shutil.rmtree(self.state, ignore_errors=True)

    log = property(lambda self: self.state / "log")
    url = property(lambda self: f"https://{self.host}:{self.port}")
    operations_url = property(lambda self: f"http://127.0.0.1:{self.port + 2}")
    certificate = property(lambda self: self.state / "tls/cert.pem")
    secret = property(lambda self: self.settings["BETTER_AUTH_SECRET"])
    binaries = property(lambda self: self.state / "app/bin")

    @property
    def settings(self):
        """The configuration in force."""
        pairs = (line.partition("=") for line in (self.state / "tasklane.env").read_text().splitlines())
        return {k: "".join(shlex.split(v)) for k, sep, v in pairs if sep and not k.startswith("#")}

    def pid(self, name):
        return int((self.state / f"run/{name}.pid").read_text())

    def worker_pids(self):
        return children_of(self.pid("master"))

    def user(self, name="user", **how):
        return client.api(self, name, **how)

    def anonymous(self, **how):
        return client.Api(self, **how)

    def operator(self, **how):
        """A client of the operators' listener."""
        return client.Api(self, url=self.operations_url, **how)

    @contextmanager
    def database(self, role="owner"):
        """A connection of the owner, the worker's role or the superuser: one transaction, then closed."""
        url = self.settings["DATABASE_URL" if role == "worker" else "DATABASE_URL_DIRECT"]
        how = {}
        if role == "superuser":
            made = re.search(r"^POSTGRES_PASSWORD=(.*)$", (self.state / "generated.env").read_text(), re.MULTILINE)
            how = {"user": "postgres", "password": made.group(1)}
        with closing(psycopg2.connect(url, **how)) as connection, connection:
            yield connection

    def metrics_text(self):
        api = self.operator()
        try:
            return api.get("/metrics").text
        finally:
            api.close()

    def metrics(self):
        return totals(self.metrics_text())

    def metric(self, name, label):
        """{value of its only label: number}."""
        found = re.findall(rf'^{name}{{{label}="(\w+)"}} (\d+)$', self.metrics_text(), re.MULTILINE)
        return {value: int(number) for value, number in found}

    def answered(self, route):
        """{status: how many answers of routes that begin so had it, by the metrics}."""
        line = rf'^tasklane_requests_total{{route="{route}[^"]*",.*status="(\d+)"}} (\d+)$'
        counts = Counter()
        for status, count in re.findall(line, self.metrics_text(), re.MULTILINE):
            counts[status] += int(count)
        return counts

    def is_whole(self):
        workers = self.worker_pids()
        return len(workers) == self.workers and all(is_alive(w) for w in workers)
