"""What processes cost, read from /proc (proc(5)): processor time and resident memory.

A part of the system is a list of its roots, such as nginx's master: the part's time is that of its roots and their
living children, and that of children which the roots have already buried."""

import os
from pathlib import Path

from harness.background import Background
from harness.processes import all_pids, children_of

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count()


def times(stat):
    """(own, buried children's) processor seconds in the text of /proc/PID/stat. The name in it may hold anything."""
    fields = stat.rpartition(")")[2].split()
    user, system, children_user, children_system = (int(each) for each in fields[11:15])
    return (user + system) / TICKS_PER_SECOND, (children_user + children_system) / TICKS_PER_SECOND


def _times_of(pid):
    try:
        return times(Path(f"/proc/{pid}/stat").read_text())
    except OSError:
        return 0.0, 0.0


def _children(root):
    """Those that have ended and wait for their burial, too: their time is not their parent's yet."""
    for pid in all_pids():
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if text.rpartition(")")[2].split()[1] == str(root):
            yield text


def seconds_of(roots):
    """Processor seconds that a part of the system has used so far."""
    return sum(map(_seconds_of, roots))


def _seconds_of(root):
    own, buried = _times_of(root)
    while True:
        living = sum(times(text)[0] for text in _children(root))
        before, (own, buried) = buried, _times_of(root)
        if buried == before:  # else a child was buried meanwhile, and may be counted neither here nor there
            return own + buried + living


def busy_seconds(stat):
    """Processor seconds of the whole machine in the text of /proc/stat, with what its host took (steal)."""
    user, nice, system, _, _, irq, softirq, steal = map(int, stat.split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


class Costs:
    """Processor seconds while this was open: `parts` is {name: roots}; afterwards `seconds` is {name: seconds} with
    "machine", all that was busy."""

    def __init__(self, parts):
        self.parts = parts

    def _now(self):
        now = {name: seconds_of(roots) for name, roots in self.parts.items()}
        return {**now, "machine": busy_seconds(Path("/proc/stat").read_text())}

    def __enter__(self):
        self.before = self._now()
        return self

    def __exit__(self, *_):
        self.seconds = {name: value - self.before[name] for name, value in self._now().items()}


def kilobytes(text, field):
    """A field of /proc/PID/status or smaps_rollup, in KiB."""
    for line in text.splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


def resident_mb(pid):
    return kilobytes(Path(f"/proc/{pid}/status").read_text(), "VmRSS") * 1024 / 1e6


class Memory(Background):
    """The most memory of some processes together while this was open: `peak` is {rss_mb, pss_mb}, megabytes of 10^6
    bytes. Resident memory counts what the processes share once for each."""

    def __init__(self, roots):
        self.pids = [pid for root in roots for pid in (root, *children_of(root))]
        self.peak = {"rss_mb": 0.0, "pss_mb": 0.0}
        super().__init__()

    def _look(self):
        for name, file, field in (("rss_mb", "status", "VmRSS"), ("pss_mb", "smaps_rollup", "Pss")):
            texts = (Path(f"/proc/{pid}/{file}").read_text() for pid in self.pids)
            total = sum(kilobytes(text, field) for text in texts) * 1024 / 1e6
            self.peak[name] = max(self.peak[name], total)

    def work(self):
        while not self.over.wait(0.5):
            self._look()
