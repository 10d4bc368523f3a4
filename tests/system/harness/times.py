"""What each test file takes: told to scripts/test, and kept so that the next run begins with the longest."""

import json
import os
from collections import Counter

from harness.build import BUILD

KEPT = BUILD / "test-times.json"  # {file: seconds} of the last runs


def known():
    try:
        return json.loads(KEPT.read_text())
    except (OSError, ValueError):
        return {}


class Times:
    """A plugin of pytest. With xdist's loadfile the longest files come first, so that none is left for the end."""

    def __init__(self):
        self.before = known()
        self.taken = Counter()

    def pytest_collection_modifyitems(self, items):
        of_file = Counter(item.path.name for item in items)
        # A file that has never been run: by how many tests it has.
        items.sort(key=lambda item: -self.before.get(item.path.name, of_file[item.path.name]))

    def pytest_runtest_logreport(self, report):
        self.taken[report.nodeid.partition("::")[0].rpartition("/")[2]] += report.duration

    def pytest_sessionfinish(self, session):
        if hasattr(session.config, "workerinput") or not self.taken:
            return  # one of xdist's, whose reports come to the process that began the run
        if not session.config.option.keyword and session.config.option.markexpr != "smoke":  # else they are parts of it
            KEPT.write_text(json.dumps({**self.before, **self.taken}))
        if told := os.environ.get("TASKLANE_TEST_TIMES"):
            with open(told, "a", encoding="utf-8") as file:
                file.writelines(f"{seconds:.1f} {name}\n" for name, seconds in self.taken.items())
