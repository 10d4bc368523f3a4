"""Where and with what a measurement was made."""

import datetime
import os
import re
import subprocess
from pathlib import Path

from harness.stack import PROJECT


def said(*command):
    """The first line that a command prints, wherever; empty when it is not there."""
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    try:
        done = subprocess.run(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.partition("\n")[0].strip()


def field(path, pattern):
    found = re.search(pattern, Path(path).read_text(), re.MULTILINE)
    return found.group(1).strip() if found else ""


def package(name):
    return said("dpkg-query", "-W", "-f", "${Version}", name)


def machine():
    return {
        "processor": field("/proc/cpuinfo", r"^model name\s*:(.*)$"),
        "cores": os.cpu_count(),
        "memory_gb": round(int(field("/proc/meminfo", r"^MemTotal:\s*(\d+)")) * 1024 / 1e9, 1),
        "kernel": os.uname().release,
    }


def versions():
    postgres = max(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return {
        "Debian": Path("/etc/debian_version").read_text().strip(),
        "nginx": said("nginx", "-v").rpartition("/")[2],
        "Postgres": re.search(r"\d+[.\w]*", said(postgres, "--version")).group(),
        "OpenSSL": said("openssl", "version").split()[1],
        "libpq": package("libpq5"),
        "g++": said("g++", "-dumpfullversion"),
        "wrk": said("wrk", "-v").split()[1],
    }


def about():
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": said("git", "rev-parse", "--short=12", "HEAD"),
        "changed": bool(said("git", "status", "--porcelain", "--untracked-files=no")),
        "machine": machine(),
        "versions": versions(),
    }
