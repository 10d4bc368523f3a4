"""HAProxy, before stacks that it asks for /readyz."""

import csv
import shutil
import socket
import subprocess

from harness.processes import free_ports, undone_by, wait_for
from harness.run import new_folder

HAPROXY = "/usr/sbin/haproxy"  # Debian's package

# No second try: what fails at a host has failed.
BEFORE_STACKS = """
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend clients
    bind 127.0.0.1:{port}
    default_backend hosts
backend hosts
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter 200ms fall 2 rise 1 ssl verify none
"""


class Balancer:
    """Use as a context."""

    def __init__(self, configuration, inside=()):
        """The configuration without its global section; `inside` is what leads into a namespace."""
        self.folder, self.inside = new_folder(), inside
        (self.folder / "haproxy.cfg").write_text(f"global\n    stats socket {self.folder}/admin.sock level admin\n{configuration}")

    @classmethod
    def before(cls, **stacks):
        """Listens on loopback, at `url`; stacks are named as the balancer names them."""
        port = free_ports()
        servers = "".join(f"    server {name} 127.0.0.1:{stack.port}\n" for name, stack in stacks.items())
        made = cls(BEFORE_STACKS.format(port=port) + servers)
        made.url = f"http://127.0.0.1:{port}"
        return made

    def __enter__(self):
        with (self.folder / "haproxy.log").open("w") as log:
            self.process = subprocess.Popen([*self.inside, HAPROXY, "-db", "-f", self.folder / "haproxy.cfg"], stdout=log, stderr=log)
        with undone_by(self.process.kill):
            wait_for((self.folder / "admin.sock").exists, "HAProxy to start")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)

    def up(self):
        """The hosts that it sends requests to."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(self.folder / "admin.sock"))
            admin.sendall(b"show stat\n")
            said = b"".join(iter(lambda: admin.recv(65_536), b"")).decode()
        rows = csv.DictReader(said.removeprefix("# ").splitlines())
        return {r["svname"] for r in rows if r["svname"] not in ("FRONTEND", "BACKEND") and r["status"].startswith("UP")}
