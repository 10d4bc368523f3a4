"""Many users that write all the time (tests/load), and what became of what was acknowledged."""

import json
import subprocess
import threading

from harness import tokens
from harness.processes import undone_by, wait_for
from harness.stack import BUILD


class Load:
    """Use as `with Load(stack) as load:`; afterwards `load.report` is the generator's."""

    def __init__(self, stack, connections=200, rate=3000, keys=False, sign=None):
        self.stack, self.connections, self.rate, self.keys = stack, connections, rate, keys
        self.sign = sign or (lambda sub: tokens.token(stack.secret, sub, ttl=3600))  # a token of this user
        self.progress = []  # (requests so far, failures so far, p99 of the last half second in ms)
        self.report = None

    def __enter__(self):
        command = [BUILD / "tests/load/load", str(self.stack.port), str(self.rate), *(["keys"] if self.keys else [])]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()
        with undone_by(self.process.kill):  # at whose end the listener's comes
            each = (self.sign(tokens.unique("load")) for _ in range(self.connections))
            self.process.stdin.write("".join(f"{token}\n" for token in each) + "\n")
            self.wait_for_more(self.connections)
        return self

    def _listen(self):
        for line in self.process.stdout:
            if line.startswith("progress"):
                _, requests, failures, p99 = line.split()
                self.progress.append((int(requests), int(failures), float(p99)))
            else:
                self.report = json.loads(line)

    requests = property(lambda self: self.progress[-1][0] if self.progress else 0)
    failures = property(lambda self: self.progress[-1][1] if self.progress else 0)

    def wait_for_more(self, count, seconds=120):
        self.wait_until(self.requests + count, seconds)

    def wait_until(self, total, seconds=120):
        wait_for(lambda: self.requests >= total or self.process.poll() is not None, f"{total} requests", seconds)
        assert self.process.poll() is None, "the load generator has ended"

    def phase(self, name):
        """What is answered from now on counts as inside a "fault", or outside: "calm"."""
        self.process.stdin.write(f"{name}\n")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.listener.join()
        self.process.stdout.close()

    def told(self):
        """The figures in one line."""
        r = self.report
        return (
            f"{r['requests']} requests, {sum(r['failures'].values())} failed {r['failures'] or ''}, "
            f"{r['acknowledged_writes']} acknowledged writes, {r['unknown_writes']} unknown, {r['lost']} lost, "
            f"{r['unexplained']} unexplained, {r['duplicates']} twice, {r['cross_user']} another user's, {r['wrong']} wrong; "
            f"p50 {r['p50_ms']} ms, p95 {r['p95_ms']} ms, p99 {r['p99_ms']} ms, max {r['max_ms']} ms"
        )

    def check_writes(self):
        """Every acknowledged write is there exactly once, and nothing else is."""
        for name in ("lost", "unexplained", "duplicates", "cross_user", "wrong"):
            assert self.report[name] == 0, self.told()
