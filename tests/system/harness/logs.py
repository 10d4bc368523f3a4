"""What the stack wrote, and what it must never write."""

import json
import re

from harness.processes import wait_for

SANITIZER = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")
NGINX = ("nginx-error.log", "other-main.log")  # the latter beside other sites, where a worker that crashes is told
NGINX_ALARM = re.compile(r"\[(alert|crit|emerg)\]")


def texts(folder):
    """{file name: text} of every log in `folder`."""
    return {p.name: p.read_text(errors="replace") for p in sorted(folder.glob("*.log"))}


def offences(folder, expected=None):
    """Lines that no run may leave behind: alarms of nginx, reports of a sanitizer. `expected` has no such lines. Not of the
    access log, which has neither, and after a benchmark gigabytes."""
    found = []
    for file in sorted({*folder.glob("*.log")} - {folder / "nginx-access.log"}):
        with file.open(errors="replace") as lines:
            for line in lines:
                if expected and expected in line:
                    continue
                if SANITIZER.search(line) or (file.name in NGINX and NGINX_ALARM.search(line)):
                    found.append(f"{file.name}: {line.rstrip()}")
    return found


def tail(folder, lines=12):
    shown = ("nginx-error.log", "postgres.log", "tasklane.log", "better-auth.log")
    return "\n".join(f"--- {n}\n" + "\n".join(t.splitlines()[-lines:]) for n, t in texts(folder).items() if n in shown)


def access_line(folder, request_id):
    """The parsed line of nginx's access log that names this request."""

    def find():
        for line in (folder / "nginx-access.log").read_text().splitlines():
            if request_id in line:
                return json.loads(line)
        return None

    return wait_for(find, f"an access log line of request {request_id}")
