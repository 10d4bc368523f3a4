"""docs/LIMITS.md against everything that bounds something: nothing is missing there, and every value is the real one.

A row of three columns gives names a value: constants of the code by their name, scripts by their file. A row of two holds a
setting as it is written where it counts."""

import re
from pathlib import Path

import pytest

from harness.bounds import CONSTANT, constants, limits_of_the_code, number

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/LIMITS.md").read_text()
def rows(columns, text=PAGE):
    """The cells of all rows with so many columns; the names of the first cell as a list."""
    tables = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    cells = [row.split(" | ") for row in tables]
    return [(re.findall(r"`([^`]+)`", first), *rest) for first, *rest in cells if len(rest) + 1 == columns and "`" in first]


def listed():
    """{name: value} of the page's constants."""
    named = [(name, number(value)) for names, value, _ in rows(3) for name in names if re.fullmatch(r"[a-z]\w*", name)]
    assert len(named) == len({name for name, _ in named}), "a name stands on the page twice"
    return dict(named)


def sources(folder, *suffixes):
    return sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes and "node_modules" not in path.parts)


def bounds_of_the_code():
    limits = limits_of_the_code()
    found = dict(limits)
    for path in sources("app", ".h", ".cpp"):
        if path.name != "limits.h":
            for name, value in constants(path, limits).items():
                assert name not in found, f"{path.name}: {name} is the name of another bound"
                found[name] = value
    return found


def test_no_duration_hides_in_the_code():
    """A wait is a constant with a name; conversions of units take no number."""
    literal = re.compile(r"\b\d[\d']*(?:ms|us|ns|s|min|h)\b|std::chrono::\w+[({]\d")
    hidden = []
    for path in sources("app", ".h", ".cpp"):
        text = re.sub(r'"(?:\\.|[^"\\\n])*"|//.*', "", path.read_text())
        text = re.sub(CONSTANT, "", text)
        hidden += [f"{path.name}: {each}" for each in literal.findall(text)]
    assert hidden == []


# The web app: constants with a unit or a most in their name.


def bounds_of_the_web_app():
    found = {}
    for path in sources("frontend/src", ".ts", ".tsx"):
        for name, value in re.findall(r"const (\w+(?:Ms|Max|Min)) = ([\d_]+);", path.read_text()):
            assert name not in found, f"{path.name}: {name} is the name of another bound"
            found[name] = int(value.replace("_", ""))
    return found


def test_the_page_lists_every_constant_that_bounds_something():
    assert listed() == {**bounds_of_the_code(), **bounds_of_the_web_app()}


def test_no_wait_of_the_web_app_is_without_a_name():
    for path in sources("frontend/src", ".ts", ".tsx"):
        waits = re.findall(r"(?:AbortSignal\.timeout|setTimeout|setInterval)\([^;]*?\b(\d[\d_]*)\)", path.read_text())
        assert [wait for wait in waits if wait != "0"] == [], path.name


# Settings of other programs, as they are written.
NGINX = (
    r"\w+_timeout|keepalive(?:_time|_requests)?|\w*_buffers?(?:_size)?|\w*(?:_size|_length)|max_ranges|"
    r"ssl_session_cache|worker_connections|worker_rlimit_nofile|limit_(?:req|conn)(?:_zone)?|open_file_cache(?:_valid)?|http2_max_concurrent_streams"
)
WRITTEN = {
    "nginx": [
        ("nginx", (".template",), rf"^\s*((?:{NGINX}) [^;$]+);"),
        ("app/cli", (".cpp",), r"\b(backlog=\d+)\b"),
    ],
    "services": [
        ("packaging/systemd", (".in", ".service", ".socket"), r"^((?:\w+Sec|Limit\w+|Backlog)=\S+)$"),
        ("docs/operations", (".service",), r"^((?:\w+Sec|Limit\w+|Backlog)=\S+)$"),
        ("docker", (".yaml",), r"^\s*((?:interval|timeout|retries|start_\w+|stop_grace_period|nofile|\w+_limit|shm_size|max-\w+): \S+)$"),
    ],
    "sessions": [
        ("frontend/src", (".ts",), r"\b((?:\w*[tT]imeout\w*|max|window|\w+PasswordLength): [\d_]+)\b"),
        ("frontend/src", (".tsx",), r"\b(maxLength=\{\d+\})"),
    ],
    "the database": [("sql", (".sql",), r"\bSET ((?:lock|idle_in_transaction_session)_timeout = ''\w+'')")],
}


@pytest.mark.parametrize("whose", WRITTEN)
def test_the_page_lists_settings_as_they_are_written(whose):
    found = set()
    for folder, suffixes, pattern in WRITTEN[whose]:
        texts = [path.read_text() for path in sources(folder, *suffixes) if not path.name.endswith(".d.ts")]
        found |= {re.sub(r"\s+", " ", each) for text in texts for each in re.findall(pattern, text, re.MULTILINE)}
    assert found, "the patterns find none"
    section = re.search(rf"^## [^\n]*{whose}[^\n]*\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE | re.IGNORECASE)
    assert {name for names, _ in rows(2, section[1]) for name in names} == found


# Scripts: a loop that sleeps, and what curl and the end of a service may take.
LOOP = r"for _ in (?:\{1\.\.(\d+)\}|\$\(seq (\d+)\)|((?:\d+ ?)+));(?:(?!\bdone\b).)*?\bsleep ([\d.]+)"
WAIT = r"(?:\s-m|--max-time|--connect-timeout|SECONDS \+|stop_service \w+ \w+ \w+) (\d+)"


def waits(text):
    """All waits of a script in seconds."""
    loops = re.findall(LOOP, text, re.DOTALL)
    looped = {float(turns or count or len(words.split())) * float(pause) for turns, count, words, pause in loops}
    return looped | {float(each) for each in re.findall(WAIT, text)}


def test_the_page_lists_every_wait_of_the_scripts():
    found = {}
    for path in sorted(path for path in (ROOT / "scripts").rglob("*") if path.is_file()):
        if seconds := waits(re.sub(r"(?m)^\s*#.*", "", path.read_text())):
            found[str(path.relative_to(ROOT))] = seconds
    assert "scripts/lib/start.sh" in found, "the search for waits finds none"
    on_page = {}
    for names, value, _ in rows(3):
        if names[0].startswith("scripts/"):
            on_page.setdefault(names[0], set()).add(number(value) / 1000)
    assert on_page == found


def test_the_database_bounds_texts_as_the_code_does():
    limits = limits_of_the_code()
    rules = "".join(path.read_text() for path in sources("sql", ".sql"))
    for column, limit in {
        "user_id": "kUserIdMaxCodePoints", "title": "kTitleMaxCodePoints", "description": "kDescriptionMaxCodePoints"
    }.items():  # fmt: skip
        found = re.findall(rf"char_length\({column}\) (?:(?:NOT )?BETWEEN 1 AND|<=|>) (\d+)", rules)
        assert found and {*map(int, found)} == {limits[limit]}, column
    assert {*re.findall(r"\{1,(\d+)\}", rules)} == {str(limits["kIdempotencyKeyMaxCharacters"])}
    assert {*re.findall(r"statement_timeout = ''(\d+)s''", rules)} == {str(limits["kStatementTimeout"] // 1000)}
