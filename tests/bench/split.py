"""What a worker's processor time goes into: the kernel, its own code, malloc and each library, as perf-record(1) samples it
where it runs. The event is the processor's clock, which there is without hardware counters, too."""

import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from bench.load import Wrk
from bench.verify import verified
from harness.processes import children_of

SAMPLES_PER_SECOND = 2000
OBJECTS = (("worker", "tasklane-worker"), ("kernel", "[kernel"), ("libc", "libc."), ("libpq", "libpq."),
           ("libfcgi", "libfcgi."), ("libcrypto", "libcrypto."))  # fmt: skip
MALLOC = re.compile(r"(_int_|__libc_)?(malloc|c?free|realloc|calloc)\b|unlink_chunk|sysmalloc|systrim")
PARTS = (*(part for part, _ in OBJECTS), "malloc", "rest")
ROW = re.compile(r"^\s*([\d.]+)%\s*\|([^|]*)\|\[.\] (.*)$", re.MULTILINE)


def record(file, *what):
    command = ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(SAMPLES_PER_SECOND), "--output", str(file)]
    return subprocess.run([*command, *what], capture_output=True, text=True, check=False)


@cache
def runs():
    """Whether perf is there, and may sample: in many a container it may not."""
    try:
        return record("/dev/null", "true").returncode == 0
    except OSError:
        return False


def part_of(binary, symbol):
    if binary.startswith("libjemalloc.") or (binary.startswith("libc.") and MALLOC.match(symbol)):
        return "malloc"
    return next((part for part, prefix in OBJECTS if binary.startswith(prefix)), "rest")


def shares(report):
    """{part: share of all samples} of a report by object and symbol."""
    found = dict.fromkeys(PARTS, 0.0)
    for percent, binary, symbol in ROW.findall(report):
        found[part_of(binary.strip(), symbol)] += float(percent) / 100
    return found


def split(rig, seconds):
    """List, 64 connections; "worker_us" has a worker's microseconds for a request by part."""
    workers = ",".join(str(pid) for root in rig.main.parts["worker"] for pid in children_of(root))
    with verified(rig.main, "list"), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "perf.data"
        load = Wrk(rig.main, "list", 64, seconds + 1)
        try:
            recorded = record(file, "--pid", workers, "--", "sleep", str(seconds))
        finally:
            figures = load.end()
        assert recorded.returncode == 0, recorded.stderr
        command = ["perf", "report", "--stdio", "--quiet", "--sort", "dso,symbol", "--field-separator", "|"]
        report = subprocess.run([*command, "--input", str(file)], capture_output=True, text=True, check=True).stdout
    found = shares(report)
    assert sum(found.values()) > 0.9, report[:2000]  # what is too rare to be listed is missing
    figures["worker_us"] = {part: share * figures["cpu_us"]["worker"] for part, share in found.items()}
    return {"worker-split": figures}
