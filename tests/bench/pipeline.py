"""B, the limit that the database sets: the workers' own statements by pgbench in its pipeline mode, in batches as large as
theirs were. pgbench asks for texts where the workers ask for binary values, and prepares each statement of a batch by
itself; both together cost Postgres 4 to 15 % (docs/PERFORMANCE.md)."""

import re

from bench.kinds import KINDS, MIX, TASKS_PER_USER, TEXTS
from bench.load import Generator, per_request
from bench.proc import CORES
from bench.stacks import MAKERS, USERS
from harness.flood import GENERATOR_THREADS
from harness.stack import PROJECT

STATEMENTS = [PROJECT / "app/store" / name for name in ("task_columns.h", "change_statements.h", "statements.h")]
USER, ID = "'user-' || :user", ":id"
# kind: the name that the workers' statement has, and its parameters
GIVEN = {
    "list": ("list_tasks", USER),
    "get": ("get_task", USER, ID),
    "create": ("create_task", "'maker-' || :user", ":title", ":description"),
    "toggle": ("complete_task", USER, ID, "NULL::boolean"),
}
CONNECTING_S = 1  # and preparing
BATCHES, SENT = "tasklane_database_batches_total", "tasklane_database_statements_total"


def expanded(tokens, macros):
    """The text of literals and macros, one after the other; a macro may take one argument."""
    text = ""
    for literal, macro, argument in re.findall(r'"([^"]*)"|(\w+)(?:\(([^()]*)\))?', tokens):
        parameter, body = macros[macro] if macro else ("", "")
        text += literal or expanded(body, {**macros, parameter: ("", argument)})
    return text


def text_of(name, source):
    """A statement's SQL out of the workers' headers."""
    found = re.search(rf'UserStatement \w+\{{\s*"{name}",\s*Effect::\w+,\s*Locks::\w+,\s*\w+,(.*?)\}};', source, re.DOTALL)
    source = source.replace("\\\n", "")
    macros = {name: (parameter, body) for name, parameter, body in re.findall(r"^#define (\w+)(?:\((\w+)\))? (.*)$", source, re.MULTILINE)}
    return expanded(found.group(1), macros)


def statement(kind):
    name, *values = GIVEN[kind]
    return re.sub(r"\$(\d+)", lambda place: values[int(place.group(1)) - 1], text_of(name, "".join(each.read_text() for each in STATEMENTS)))


def script(kind, size):
    """One batch. Its users come in ascending order, as the workers sort what changes rows: no two batches deadlock."""
    users = MAKERS if kind == "create" else USERS
    lines = [r"\startpipeline"]
    for place in range(size):
        first, last = (users * end // size for end in (place, place + 1))
        lines.append(rf"\set user random({first + 1}, {last})")
        if ID in GIVEN[kind]:
            lines.append(rf"\set id (:user - 1) * {TASKS_PER_USER} + random(1, {TASKS_PER_USER})")
        lines.append(f"{statement(kind)};")
    return "\n".join([*lines, r"\endpipeline", ""])


def scripts(kind, size, folder):
    """pgbench's arguments. Those of the mix have one kind each, as the workers' reads keep away from writes."""
    parts = dict(zip(KINDS, MIX)) if kind == "mix" else {kind: 1}
    for each, part in parts.items():
        file = folder / f"{each}.pgbench"
        file.write_text(script(each, size))
        yield from ("-f", f"{file}@{part}")


class MeanBatch:
    """How many statements the workers' batches had while this was open: `size`, by their metrics."""

    def __init__(self, seeded):
        self.stack = seeded.stack

    def _now(self):
        totals = self.stack.metrics()
        return totals[SENT], totals[BATCHES]

    def __enter__(self):
        self.before = self._now()
        return self

    def __exit__(self, *_):
        sent, batches = (now - before for now, before in zip(self._now(), self.before))
        self.size = sent / batches if batches else 0.0


def busy(share, elsewhere):
    """What part of the processors was used, of what others left of them."""
    return min(1.0, share / max(share, 1 - elsewhere))


def pgbench(seeded, kind, batch, connections, seconds):
    """Statements of a kind in batches of so many (rounded) over so many connections; a rate is of statements."""
    size = max(1, round(batch))
    texts = [word for name, text in TEXTS.items() for word in ("-D", f"{name}={text}")]
    how = ["-n", "-M", "prepared", "-c", connections, "-j", min(connections, GENERATOR_THREADS), "-T", seconds + CONNECTING_S]
    command = ["pgbench", *how, *texts, *scripts(kind, size, seeded.folder), seeded.served_database]
    # Its connections cost more than some statements; they stand when the clock starts.
    out, used, elsewhere, wall = Generator(command, seeded.parts, CONNECTING_S).end(seconds)
    told = {name: float(value) for name, value in re.findall(r"^(tps|latency average) = ([\d.]+)", out, re.MULTILINE)}
    rate = told["tps"] * size
    kept = {part: used[part] for part in ("postgres", "generator")}
    return {
        "rate": rate, "batch": size, "connections": connections, "mean_ms": told["latency average"],
        "busy": busy(sum(kept.values()) / (wall * CORES), elsewhere),
        "failed": int(re.search(r"failed transactions: (\d+)", out).group(1)) * size,
        "cpu_us": per_request(kept, rate * wall), "elsewhere": elsewhere,
    }  # fmt: skip
