"""What the stack wrote, and what it must never write."""

import json
import re

from harness.processes import wait_for

SANITIZER = re.compile(r"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|runtime error:")
NGINX_ALARM = re.compile(r"\[(alert|crit|emerg)\]")


def texts(folder):
    """{file name: text} of every log in `folder`."""
    return {p.name: p.read_text(errors="replace") for p in sorted(folder.glob("*.log"))}


def offences(folder, expected=None):
    """Lines that no run may leave behind: alarms of nginx, reports of a sanitizer. `expected` has no such lines."""
    found = []
    for name, text in texts(folder).items():
        for line in text.splitlines():
            if expected and expected in line:
                continue
            if SANITIZER.search(line) or (name == "nginx-error.log" and NGINX_ALARM.search(line)):
                found.append(f"{name}: {line}")
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
