"""What a request costs a worker in instructions, counted by callgrind: exact where times are noise, so that a slow
commit shows. The figures kept are docs/benchmarks/instructions.json, one set for each compiler."""

import json
import shutil
import subprocess

import pytest

from harness.master import Master
from harness.processes import wait_for
from harness.stack import PROJECT

pytestmark = pytest.mark.load  # the figures are the release build's

KEPT = json.loads((PROJECT / "docs/benchmarks/instructions.json").read_text())
TOLERANCE = 0.03
REQUESTS = 500
WARM_UP = 50
TASKS = 10
REQUESTS_OF = {
    "list": ("GET", "/api/tasks", b""),
    "get": ("GET", "/api/tasks/{id}", b""),
    "create": ("POST", "/api/tasks", b'{"title": "Buy milk", "description": "Two litres, and bread"}'),
    "toggle": ("PATCH", "/api/tasks/{id}/complete", b""),
}


class CountedMaster(Master):
    """Its only worker runs in callgrind, which the master takes for the worker itself."""

    def start(self):
        programs = self.folder / "bin"
        programs.mkdir()
        shutil.copy(self.stack.binaries / "tasklane-master", programs)
        worker = programs / "tasklane-worker"
        worker.write_text(
            "#!/bin/sh\n"
            f"exec valgrind --tool=callgrind --callgrind-out-file={self.folder}/counts --quiet"
            f' {self.stack.binaries}/tasklane-worker "$@"\n'
        )
        worker.chmod(0o755)
        return super().start()

    def command(self):
        return [str(self.folder / "bin/tasklane-master"), "--env-file", str(self.env_file)]

    def count(self):
        """Instructions since the last call."""
        known = set(self.folder.glob("counts.*"))
        said = subprocess.run(
            ["vgdb", f"--pid={self.worker_pids()[0]}", "dump"], capture_output=True, text=True, timeout=30, check=False
        )
        assert said.returncode == 0, said.stderr
        wait_for(lambda: set(self.folder.glob("counts.*")) - known, "callgrind's figures")
        (made,) = set(self.folder.glob("counts.*")) - known
        wait_for(lambda: "totals: " in made.read_text(), "the whole of them")
        return int(made.read_text().rpartition("totals: ")[2].split()[0])


@pytest.fixture(scope="module")
def counted(stack):
    """{kind of request: instructions of the worker for one}."""
    master = CountedMaster(stack, DATABASE_CONNECTIONS=1).start()
    user = stack.user("counted")
    for number in range(TASKS):
        first = user.create(f"Task number {number}", description="What has to be done, in a sentence.")
    figures = {}
    with master.connect(timeout=60) as connection:
        # In callgrind on a busy machine the first connection to the database may come too late to count.
        wait_for(lambda: connection.ask("GET", "/readyz").status == 200, "the database")
        for kind, (method, path, body) in REQUESTS_OF.items():
            path = path.format(id=first["id"])
            for number in range(WARM_UP + REQUESTS):
                if number == WARM_UP:
                    master.count()
                answer = connection.ask(method, path, user.token, body)
                assert answer.status == (201 if method == "POST" else 200), answer
            figures[kind] = master.count() / REQUESTS
    user.close()
    master.stop()
    return figures


@pytest.fixture(scope="module")
def compiler():
    """Such as "g++ 12": what built the worker is the machine's own."""
    version = subprocess.run(["g++", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"g++ {version}"


@pytest.mark.parametrize("kind", REQUESTS_OF)
def test_a_request_costs_the_instructions_it_did(counted, compiler, kind):
    assert compiler in KEPT, f"no figures are kept for {compiler}; counted: {counted}"
    kept = KEPT[compiler][kind]
    assert abs(counted[kind] / kept - 1) <= TOLERANCE, (
        f"{counted[kind]:.0f} instructions, {kept} before: find out why, or keep the new figure and say what it buys"
    )
