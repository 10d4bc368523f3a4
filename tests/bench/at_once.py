"""The limit that nginx and FastCGI set: the stack's nginx before workers that do nothing."""

import os
import re
import shutil
import subprocess
from collections import Counter

from bench import kinds
from harness import fcgi, wire
from harness.processes import children_of, free_ports, wait_for
from harness.stack import BUILD, clean_environment, new_folder


class AtOnce:
    """A: the nginx of a stack once more, on another port, before tests/bench/at_once.cpp, which answers what the stack's
    own workers were recorded to say."""

    host = "127.0.0.1"

    def __init__(self, seeded, processes):
        self.seeded, self.folder, self.port = seeded, new_folder(), free_ports()
        self.answers = self.folder / "answers"
        self.nginx = self.workers = None
        try:
            self._record()
            self._start(processes)
            self._check()
        except BaseException:
            self.stop()
            raise

    parts = property(lambda self: {"nginx": [self.nginx.pid], "worker": [self.workers.pid]})
    stack = property(lambda self: self.seeded.stack)
    certificate = property(lambda self: self.stack.certificate)

    def requests(self, what):
        return self.seeded.requests(what)

    def statuses(self):
        """Nobody counts them: what is answered was recorded, and looked at then."""
        return Counter()

    def _record(self):
        """What a worker writes, header and body, for one request of each kind."""
        self.answers.mkdir()
        user, token = next(iter(self.seeded.readers.items()))
        path = f"/api/tasks/{kinds.task_ids(user)[0]}"
        asked = {
            "list": ("GET", "/api/tasks", token),
            "get": ("GET", path, token),
            "create": ("POST", "/api/tasks", self.seeded.makers[0], kinds.NEW_TASK.encode()),
            "toggle": ("PATCH", f"{path}/complete", token),
        }
        for kind, request in asked.items():
            with fcgi.Connection(self.stack.settings["FASTCGI_SOCKET"]) as connection:
                answer = connection.ask(*request)
            assert str(answer.status) == kinds.STATUSES[kind], answer
            said = b"".join(content for what, _, content in answer.records if what == fcgi.STDOUT)
            (self.answers / kind).write_bytes(said)

    def _start(self, processes):
        for name in ("run", "log", "tmp", "nginx"):
            (self.folder / name).mkdir()
        socket = self.folder / "at-once.sock"
        self.workers = subprocess.Popen(
            [BUILD / "tests/bench/at_once", socket, self.answers, str(processes)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.workers.stdout.readline() == "ready\n", "at_once does not start"
        self._configure(FASTCGI_SOCKET=socket, HTTPS_PORT=self.port, HTTP_PORT=self.port + 1,
                        OPERATIONS_LISTEN=f"127.0.0.1:{self.port + 2}")
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        log = self.folder / "log/nginx-error.log"
        self.nginx = subprocess.Popen(
            [nginx, "-e", log, "-p", f"{self.folder}/", "-c", self.folder / "nginx/nginx.conf", "-g", "daemon off;"],
            stdin=subprocess.DEVNULL,
        )
        wait_for(lambda: self.nginx.poll() is not None or children_of(self.nginx.pid), "nginx to start")
        assert self.nginx.poll() is None, log.read_text()

    def _configure(self, **settings):
        """nginx's configuration, rendered from the stack's but for these settings."""
        state, file = self.stack.state, self.folder / "tasklane.env"
        text = (state / "tasklane.env").read_text()
        for name, value in settings.items():
            text = re.sub(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        file.write_text(text)
        file.chmod(0o600)
        share = state / "app/share/tasklane"
        subprocess.run(
            [state / "app/bin/tasklane", "nginx-config", "--alone", "--templates", share / "nginx", "--out", self.folder / "nginx",
             "--docs", share / "docs", "--env-file", file],
            env={name: value for name, value in clean_environment().items() if value}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _check(self):
        for kind in kinds.KINDS:
            said = wire.talk(self, self.seeded.first_request(kind)).body
            assert (self.answers / kind).read_bytes().endswith(b"\r\n\r\n" + said), f"{kind}: {said}"

    def stop(self):
        for process in (self.nginx, self.workers):
            if process and process.poll() is None:
                process.terminate()
                process.wait(10)
