"""The generators: wrk in a closed loop (a connection asks again when it has its answer), open_loop at a fixed rate. Each
run is a dict of figures: rates in requests a second, times in milliseconds, "cpu_us" the processor's microseconds for a
request, by part of the system. "elsewhere" is how much of the machine others used meanwhile."""

import json
import os
import subprocess
import time

from bench import kinds, proc
from harness.flood import GENERATOR_THREADS, raise_limit, wrk_command, wrk_figures
from harness.stack import BUILD


def finish(process, seconds):
    """What a process prints; it must end well, not long after its time."""
    try:
        out, error = process.communicate(timeout=seconds + 60)
    except BaseException:
        process.kill()
        process.wait()
        raise
    assert process.returncode == 0, f"{process.args[0]}: {out}{error}"
    return out


class Generator:
    """Runs a command and measures what it and the parts of the system cost meanwhile, `settle` seconds after its start."""

    def __init__(self, command, parts, settle=0, **environment):
        self.process = subprocess.Popen(
            [str(each) for each in command], env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment},
            preexec_fn=raise_limit, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(settle)
        self.costs = proc.Costs({**parts, "generator": [self.process.pid]}).__enter__()
        self.began, self.times = time.monotonic(), os.times()

    def end(self, seconds):
        """(stdout, {part: processor seconds}, part of the machine that others used, seconds of all this)."""
        before = os.times()
        out = finish(self.process, seconds)
        wall, after = time.monotonic() - self.began, os.times()
        self.costs.__exit__()
        used = dict(self.costs.seconds)
        # The process is gone; it is the only child of this one that was buried meanwhile.
        used["generator"] += after.children_user + after.children_system - before.children_user - before.children_system
        own = after.user + after.system - self.times.user - self.times.system
        machine = used.pop("machine")
        return out, used, max(0.0, machine - sum(used.values()) - own) / (wall * proc.CORES), wall


def per_request(used, requests):
    return {part: seconds * 1e6 / requests for part, seconds in used.items()} if requests else {}


def held_against(expected, told, answered):
    """wrk's figures with what has failed by its status: whatever the workers `answered` ({status: count}) that was neither
    `expected` nor 503, and what wrk counted from 400 on beyond the workers', which was nginx's own. The workers count a
    little more than wrk, which leaves some answers at its end."""
    unexpected = sum(count for status, count in answered.items() if status not in (*expected, "503"))
    of_nginx = max(0, told["from_400"] - sum(count for status, count in answered.items() if status >= "400"))
    return {**told, "unavailable": answered["503"], "failed": told["failed"] + unexpected + of_nginx}


class Wrk:
    """wrk at work; end() has its figures. `target`: what has port, parts, requests() and statuses(). wrk itself counts the
    statuses from 400 on, and the workers which ones they were: whatever is none of those `expected` has failed."""

    def __init__(self, target, what, connections, seconds, expected="200", turn=False):
        self.target, self.seconds, self.expected = target, seconds, expected.split()
        command, environment = wrk_command(target.port, connections, seconds, target.requests(what), turn=turn)
        self.before = target.statuses()
        self.generator = Generator(command, target.parts, **environment)

    def end(self):
        out, used, elsewhere, _ = self.generator.end(self.seconds)
        told = wrk_figures(out)
        assert told["requests"], f"nothing was answered: {told}"
        told = held_against(self.expected, told, self.target.statuses() - self.before)
        return {**told, "cpu_us": per_request(used, told["requests"]), "elsewhere": elsewhere}


def closed(target, kind, connections, seconds, what=None, turn=False):
    """wrk, to its end: requests of a kind, from the file of that name or of another."""
    return Wrk(target, what or kind, connections, seconds, kinds.STATUSES[kind], turn).end()


def together(runs):
    """Several runs of one kind as one: the mean rate, and whatever failed in any of them. The rest is the first one's."""
    totals = {name: sum(run[name] for run in runs) for name in ("failed", "unavailable")}
    return {**runs[0], **totals, "rate": sum(run["rate"] for run in runs) / len(runs)}


def open_loop(target, rate, connections, seconds, kind="list"):
    """Requests at a fixed rate; a latency counts from when its request was due."""
    command = [BUILD / "tests/bench/open_loop", target.port, f"{rate:.0f}", seconds, connections, target.requests(kind)]
    out, used, elsewhere, _ = Generator(command, target.parts).end(seconds)
    told = json.loads(out)
    statuses = told.pop("statuses")
    unavailable = statuses.pop("503", 0)
    fine = sum(statuses.pop(status, 0) for status in kinds.STATUSES[kind].split())
    told |= {"rate": rate, "unavailable": unavailable, "failed": told["due"] - fine - unavailable}
    return {**told, "cpu_us": per_request(used, told["answered"]), "elsewhere": elsewhere}


def json_writing(seconds):
    """What makes a list of 1,000 tasks of Postgres' rows, as the workers have it, alone in a loop, and memcpy of the list:
    megabytes of 10^6 bytes for each second of the processor."""
    command = [BUILD / "tests/bench/json_writing", "--benchmark_filter=^(decode_and_write|copy)/plain/1000$",
               f"--benchmark_min_time={seconds / 2}", "--benchmark_format=json"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    told = {each["name"].partition("/")[0]: each for each in json.loads(done.stdout)["benchmarks"]}
    writing, copying = (told[name]["bytes_per_second"] / 1e6 for name in ("decode_and_write", "copy"))
    return {
        "rate": 1e9 / told["decode_and_write"]["cpu_time"], "mb_per_s": writing, "memcpy_mb_per_s": copying,
        "memcpys": copying / writing,
    }  # fmt: skip
