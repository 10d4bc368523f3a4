"""A stack whose nginx is a host's own, with another site on the same ports and a harmful http block (neighbours.conf)."""

import os
import signal
import subprocess
from pathlib import Path

from harness.configuration import change
from harness.processes import children_of, is_alive, wait_for
from harness.stack import Stack, clean_environment

CONFIGURATION = Path(__file__).with_name("neighbours.conf")
PAGE = "<!--# echo var='host' --><p>a page of the other site, a paragraph long enough to be compressed</p>\n" * 20


def render(stack, log, **changes):
    """A stack's site file, beside others, after these changes of its settings."""
    change(stack, **changes)
    share = stack.state / "app/share/tasklane"
    command = [
        stack.binaries / "tasklane", "nginx-config", "--templates", share / "nginx", "--docs", share / "docs",
        "--out", stack.state / "nginx", "--logs", log, "--env-file", stack.state / "tasklane.env",
    ]  # fmt: skip
    environment = {name: value for name, value in clean_environment().items() if value}
    subprocess.run(command, env=environment, check=True, timeout=30)


class Neighboured(Stack):
    host = "localhost"  # without a name in TLS the other site would answer: it is the default

    def __init__(self, **environment):
        super().__init__(SERVER_NAME="localhost 127.0.0.1", **environment)
        self.process = None  # nginx, once it is the host's own

    def start(self):
        super().start()
        try:
            self._move_in()
        except BaseException:
            self.stop()
            raise
        return self

    def _move_in(self):
        other = self.state / "other"
        other.mkdir(mode=0o755)
        (other / "other.html").write_text(PAGE)
        (other / "users").write_text("nobody:!\n")
        for name in ("access", "error"):
            (self.log / f"nginx-{name}.log").unlink()
            (self.log / f"tasklane-{name}.log").touch()
            (self.log / f"nginx-{name}.log").symlink_to(f"tasklane-{name}.log")
        self.serve([self])

    def serve(self, stacks):
        """Has nginx serve the other site and these stacks', and no other."""
        nginx = self.pid("nginx")
        for stack in stacks:
            render(stack, self.log)
        sites = [site for stack in stacks for site in (stack.state / "nginx").glob("tasklane*.conf")]
        values = {
            "USER": f"user {self.settings['NGINX_USER']};" if os.getuid() == 0 else "",
            "OTHER": self.state / "other",
            "TLS": self.state / "tls",
            "HTTPS_PORT": self.port,
            "HTTP_PORT": self.plain_port,
            "SITES": "\n    ".join(f"include {site};" for site in sites),
        }
        text = CONFIGURATION.read_text()
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        (self.state / "nginx/nginx.conf").write_text(text)
        self._restart(nginx)

    def _restart(self, nginx):
        """Anew: with the command line that scripts/down knows it by."""
        error_log = self.log / "other-main.log"
        command = ["nginx", "-e", error_log, "-p", f"{self.state}/", "-c", self.state / "nginx/nginx.conf"]
        os.kill(nginx, signal.SIGQUIT)
        if self.process:
            self.process.wait(30)
        wait_for(lambda: not is_alive(nginx), "nginx to end")
        with error_log.open("a") as log:
            self.process = process = subprocess.Popen(
                [*command, "-g", "daemon off;"], cwd=self.state, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        wait_for(lambda: process.poll() is not None or children_of(process.pid), "nginx to start")
        assert process.poll() is None, error_log.read_text()[-2000:]
