"""A network namespace with an address of its own: a client that is not this host. Needs root and iproute2."""

import json
import subprocess
import sys
import uuid


def ip(*words, inside=()):
    """Runs ip; `inside` is what leads into a namespace."""
    done = subprocess.run([*inside, "ip", *words], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


class Namespace:
    """A pair of virtual wires: `host` on this side, clients at `addresses` on the other."""

    def __init__(self, clients=2):
        mark = uuid.uuid4().hex[:6]
        octet = int(mark[:2], 16) % 250 + 1
        self.name, self.inner, self.outer = f"tl-{mark}", f"tli{mark}", f"tlo{mark}"
        # `ip -n` would mount /sys anew, which fails where / is no mount point (in a chroot).
        self.inside = ("nsenter", f"--net=/run/netns/{self.name}")
        self.host = f"10.213.{octet}.1"
        self.addresses = [f"10.213.{octet}.{n + 2}" for n in range(clients)]

    def __enter__(self):
        ip("netns", "add", self.name)
        try:
            ip("link", "add", self.outer, "type", "veth", "peer", "name", self.inner, "netns", self.name)
            ip("address", "add", f"{self.host}/24", "dev", self.outer)
            ip("link", "set", self.outer, "up")
            for address in self.addresses:
                ip("address", "add", f"{address}/24", "dev", self.inner, inside=self.inside)
            ip("link", "set", self.inner, "up", inside=self.inside)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        ip("netns", "delete", self.name)  # and with it both ends of the wire

    def ask(self, url, source, times, token):
        """[(status, headers)] of as many GETs on one connection from one of the addresses."""
        program = (
            "import sys, json, httpx\n"
            "url, source, times, token = sys.argv[1:]\n"
            "how = httpx.HTTPTransport(verify=False, local_address=source, trust_env=False)\n"
            "with httpx.Client(transport=how, headers={'Authorization': f'Bearer {token}'}) as client:\n"
            "    answers = [client.get(url) for _ in range(int(times))]\n"
            "print(json.dumps([[a.status_code, dict(a.headers)] for a in answers]))\n"
        )
        command = [*self.inside, sys.executable, "-c", program, url, source, str(times), token]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return [(status, headers) for status, headers in json.loads(done.stdout)]
