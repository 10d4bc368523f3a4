"""docs/monitoring/nginx.mtail counts nginx's real log."""

import re
import subprocess

from harness.processes import wait_for
from harness.stack import PROJECT


def counted(log):
    done = subprocess.run(
        ["mtail", "--one_shot", "--one_shot_format=prometheus", "--progs", str(PROJECT / "docs/monitoring/nginx.mtail"), "--logs", str(log)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = re.findall(r"^(nginx_tasklane_\w+)\{([^}]*)\} (\d+)$", done.stdout, re.MULTILINE)
    return {(name, *sorted(re.findall(r'(?:status|answered_by)="(\w+)"', labels))): int(count) for name, labels, count in found}


def test_answers_of_nginx_and_sign_ins_are_told_apart(new_stack):
    stack = new_stack(workers=1)
    alice = stack.user("alice")
    alice.create("one")
    assert alice.get("/api/nowhere").status_code == 404
    for _ in range(2):
        alice.http.post("/api/auth/sign-in/email", json={})
    stack.run("down")  # nginx writes what it has buffered
    log = stack.log / "nginx-access.log"
    wait_for(lambda: "sign-in" in log.read_text(), "the log")
    counts = counted(log)
    assert counts[("nginx_tasklane_responses_total", "201", "upstream")] == 1
    assert counts[("nginx_tasklane_responses_total", "404", "nginx")] >= 2
    assert counts[("nginx_tasklane_sign_ins_total", "404")] == 2
    stack.run("up", "--detach")
