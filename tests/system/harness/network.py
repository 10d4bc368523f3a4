"""Hosts on a network of their own: a namespace each, wired to a bridge that this process is on, too. Needs root and iproute2."""

import uuid

from harness.cluster import Cluster
from harness.namespace import ip
from harness.stack import Stack


CLIENTS = 6  # addresses of this process on the network


class Host:
    def __init__(self, network, name):
        self.network = network
        self.name = f"{network.mark}-{name}"
        self.address = network.next_address()
        self.inside = ("nsenter", f"--net=/run/netns/{self.name}")
        self.wire = f"{network.mark}w{len(network.hosts)}"
        ip("netns", "add", self.name)
        network.hosts.append(self)
        ip("link", "add", self.wire, "type", "veth", "peer", "name", "wire", "netns", self.name)
        ip("link", "set", self.wire, "master", network.bridge, "up")
        ip("link", "set", "lo", "up", inside=self.inside)
        ip("address", "add", f"{self.address}/24", "dev", "wire", inside=self.inside)
        ip("link", "set", "wire", "up", inside=self.inside)

    def cut_off(self):
        """No packet comes or goes any more, and nobody is told."""
        ip("link", "set", self.wire, "down")

    def bring_back(self):
        ip("link", "set", self.wire, "up")


class Network:
    """Use as `with Network() as network:`; network.client(n) is an address of this process there."""

    def __init__(self):
        self.mark = f"tl{uuid.uuid4().hex[:6]}"
        self.bridge = f"{self.mark}b"
        self.prefix = f"10.214.{int(self.mark[2:4], 16) % 250 + 1}"
        self.hosts = []

    def next_address(self):
        return f"{self.prefix}.{10 + len(self.hosts)}"

    def client(self, number=0):
        return f"{self.prefix}.{100 + number}"

    def __enter__(self):
        ip("link", "add", self.bridge, "type", "bridge")
        try:
            for number in range(CLIENTS):
                ip("address", "add", f"{self.client(number)}/24", "dev", self.bridge)
            ip("link", "set", self.bridge, "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for host in self.hosts:
            ip("netns", "delete", host.name)  # and with it both ends of its wire
        ip("link", "delete", self.bridge)

    def host(self, name):
        return Host(self, name)


class HostedStack(Stack):
    """scripts/up on a host."""

    def __init__(self, on, **how):
        super().__init__(**how)
        self.on = on

    def command(self, *arguments):
        return [*self.on.inside, *super().command(*arguments)]

    url = property(lambda self: f"https://{self.on.address}:{self.port}")


def database_on(host):
    """A Postgres that the network's hosts reach, with Tasklane's roles."""
    cluster = Cluster(host)
    return cluster.create(hba=f"local all all scram-sha-256\nhost all all {host.network.prefix}.0/24 scram-sha-256\n")
