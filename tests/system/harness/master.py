"""A master and its workers, without nginx: for tests that speak FastCGI or break the pool."""

import os
import shutil
import signal
import subprocess

from harness import fcgi, logs
from harness.processes import PATIENCE, children_of, is_alive, processes_of, undone_by, wait_for, wait_until_gone
from harness.run import new_folder
from harness.stack import clean_environment

DATABASE = ("DATABASE_URL", "DATABASE_URL_DIRECT", "BETTER_AUTH_SECRET", "AUTH_JWKS")


class Master:
    """Uses the database and the secret of a stack, and nothing else of it."""

    def __init__(self, stack, workers=1, own_programs=False, **settings):
        """`own_programs`: it runs copies, which a test may replace."""
        self.folder = new_folder()
        self.stack, self.workers = stack, workers
        self.binaries = stack.binaries
        if own_programs:
            self.binaries = shutil.copytree(stack.binaries, self.folder / "bin")
        self.socket = self.folder / "tasklane.sock"
        self.log = self.folder / "tasklane.log"
        self.env_file = self.folder / "tasklane.env"
        given = {name: stack.settings[name] for name in DATABASE if name in stack.settings}
        self.settings = {**given, "FASTCGI_SOCKET": self.socket, "WORKERS": workers, **settings}
        # Not clean_environment(): an empty variable would win over the file.
        self.environment = {k: v for k, v in clean_environment().items() if v}
        self.write_settings(0o600)

    def write_settings(self, mode):
        lines = [f"{name}='{value}'" for name, value in self.settings.items() if value is not None]
        self.env_file.write_text("\n".join(lines) + "\n")
        self.env_file.chmod(mode)

    @property
    def pid(self):
        return self.process.pid

    def command(self):
        return [str(self.binaries / "tasklane-master"), "--env-file", str(self.env_file)]

    def launch(self):
        """Starts it and waits for nothing."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def run_to_its_end(self):
        """For what must not start: (exit status, what it said)."""
        done = subprocess.run(
            self.command(), env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def start(self):
        self.launch()
        with undone_by(self.kill_all):
            wait_for(lambda: self.process.poll() is not None or self.serves(), "the master's workers to serve")
            assert self.process.poll() is None, self.log.read_text()
            wait_for(self.is_ready, "all workers to be ready")
        return self

    def kill_all(self):
        for pid in processes_of(self.folder):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(60)
        self.socket.unlink(missing_ok=True)

    def serves(self):
        try:
            with self.connect(timeout=2) as connection:
                return connection.ask("GET", "/healthz").status == 200
        except (OSError, fcgi.Closed):
            return False

    def is_ready(self):
        """Whether all workers serve, be there a database or not."""
        with self.connect() as connection:
            numbers = connection.ask("GET", "/metrics").body.decode()
        return f"\ntasklane_workers_ready {self.workers}\n" in numbers

    def connect(self, timeout=30.0):
        return fcgi.Connection(self.socket, timeout)

    def worker_pids(self):
        return children_of(self.pid)

    def is_whole(self):
        pids = self.worker_pids()
        return len(pids) == self.workers and all(is_alive(p) for p in pids)

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        """Drains it, and checks what it leaves behind."""
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
                assert self.process.wait(60) == 0, f"exit {self.process.returncode}"
            wait_until_gone(self.folder)
            assert not self.socket.exists(), "the socket is left behind"
            assert not logs.offences(self.folder), logs.offences(self.folder)
        except BaseException:
            print(logs.tail(self.folder))
            raise
        finally:
            self.kill_all()
            shutil.rmtree(self.folder, ignore_errors=True)
