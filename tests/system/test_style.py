"""The house style, as far as a program can tell."""

import re
import statistics
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
CODE = sorted([*APP.rglob("*.h"), *APP.rglob("*.cpp")])
HEADERS = [path for path in CODE if path.suffix == ".h"]
SCRIPTS = sorted(path for path in (ROOT / "scripts").iterdir() if path.is_file())
TESTS = sorted(
    path for path in (ROOT / "tests").rglob("*")
    if path.suffix in (".cpp", ".h", ".py", ".mjs", ".sh", ".sql", ".txt") and "node_modules" not in path.parts
)  # fmt: skip

# What the files of a folder may include, besides their own. Files beside the folders are the mains.
LAYERS = {
    "base": set(),
    "json": {"base"},
    "supervisor": {"base"},
    "http": {"base", "json"},
    "auth": {"base", "json"},
    "tasks": {"base", "json", "http", "auth"},
    "postgres": {"base"},
    "store": {"base", "json", "http", "auth", "tasks", "postgres"},
    "schema": {"base"},
    "fastcgi": {"base", "json", "http"},
    "api": {"base", "json", "http", "auth", "tasks"},
    "worker": {"base", "json", "http", "auth", "tasks", "postgres", "store", "fastcgi", "api"},
    "cli": {"base", "json", "http", "auth", "postgres", "store", "schema", "supervisor"},
    "documents": {"base", "api"},
    "master_main.cpp": {"base", "supervisor"},
    "worker_main.cpp": {"base", "fastcgi", "worker"},
    "cli_main.cpp": {"base", "cli"},
    "documents_main.cpp": {"documents"},
}
DOORS = {
    r"boost/asio/awaitable\.hpp": r"base/awaitable\.h",
    r"fcgi\w+\.h|fastcgi\.h": r"fastcgi/records\.h|cli/fastcgi_client\.cpp",
    r"libpq-\w+\.h|libpq-fe\.h": r"postgres/(pipeline|libpq_connection|rows|scram_verifier)\.cpp",
    r"pqxx/.*": r"schema/(synchronous\.(h|cpp)|(migrations|inspection|rehearsal|restoration)\.cpp)",
    r"openssl/.*": r"auth/\w+\.cpp",
    r"sodium.*": r"auth/(ed25519|encrypted_key|keyed_hash)\.cpp",
    r"jemalloc/.*": r"worker/worker\.cpp",
    r"rapidjson/.*": r"json/\w+\.cpp",
}


def name(path):
    return str(path.relative_to(ROOT))


def lines(path):
    return path.read_text().splitlines()


def bare(path):
    """The code without comments and texts, line by line as it was."""
    text = re.sub(r'R"(\w*)\((.*?)\)\1"', lambda m: '""' + "\n" * m.group(2).count("\n"), path.read_text(), flags=re.DOTALL)
    token = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])'", re.DOTALL)
    return token.sub(lambda m: '""' if m.group()[0] in "\"'" else "\n" * m.group().count("\n"), text)


def found(pattern, path):
    """The places where the bare code of a file matches."""
    return [f"{name(path)}:{n}: {line.strip()}" for n, line in enumerate(bare(path).splitlines(), 1) if re.search(pattern, line)]


def includes(path):
    return re.findall(r'^\s*#\s*include\s+["<]([^">]+)[">]', path.read_text(), re.MULTILINE)


def functions(path):
    """(first line, length) of every function of the two outer levels, as clang-format lays them out."""
    begun = {}
    for number, line in enumerate(bare(path).splitlines(), 1):
        indent = len(line) - len(line.lstrip())
        head = re.match(r"\s*(?!namespace|class|struct|enum|union|if|for|while|switch|do\b|else|})\S", line)
        if indent in (0, 2) and head and "(" in line and not line.rstrip().endswith(";"):
            begun[indent] = number  # its first line, though the brace may stand on a later one
        elif indent in begun and line.strip() == "}":
            first = begun.pop(indent)
            yield first, number - first + 1
            if indent == 0:
                begun.clear()  # of a statement over two lines in it


def test_no_file_is_longer_than_350_lines_and_half_of_them_are_short():
    long = [f"{name(path)}: {len(lines(path))}" for path in [*CODE, *TESTS] if len(lines(path)) > 350]
    assert long == []
    assert statistics.median(len(lines(path)) for path in CODE) <= 120


def test_no_function_is_longer_than_60_lines():
    every = [(name(path), *function) for path in CODE for function in functions(path)]
    assert len(every) > 200, "the search for functions finds none"
    assert [each for each in every if each[2] > 60] == []


def test_code_fits_the_column_limit_of_clang_format():
    limit = int(re.search(r"^ColumnLimit: (\d+)", (ROOT / ".clang-format").read_text(), re.MULTILINE).group(1))
    wide = [f"{name(p)}:{n}" for p in CODE for n, line in enumerate(lines(p), 1) if len(line) > limit and 'R"' not in line]
    assert wide == []


def test_text_files_end_with_a_newline_and_have_no_tabs_or_trailing_blanks():
    for path in [*CODE, *SCRIPTS, *TESTS]:
        text = path.read_text()
        assert text.endswith("\n") and not text.endswith("\n\n"), name(path)
        assert "\r" not in text and not re.search(r"[ \t]$", text, re.MULTILINE), name(path)
        assert "\t" not in text, name(path)


def test_headers_open_with_what_they_promise():
    for path in HEADERS:
        first = lines(path)[:2]
        assert first[0] == "#pragma once", name(path)
        assert first[1].startswith("// ") and len(first[1]) > 20, f"{name(path)} does not say what it is"


def test_a_source_file_includes_its_own_header_first():
    for path in CODE:
        header = path.with_suffix(".h")
        if path.suffix == ".cpp" and header.exists():
            assert includes(path)[0] == str(header.relative_to(APP)), name(path)


def test_includes_go_one_way():
    wrong = []
    for path in CODE:
        layer = path.relative_to(APP).parts[0]
        assert layer in LAYERS, f"{layer} is in no layer of this test"
        for included in includes(path):
            other = included.split("/")[0]
            if other in LAYERS and other != layer and other not in LAYERS[layer]:
                wrong.append(f"{name(path)} includes {included}")
    assert wrong == []


@pytest.mark.parametrize("library", DOORS)
def test_a_foreign_library_stays_behind_its_door(library):
    users = {path.relative_to(APP).as_posix() for path in CODE if any(re.fullmatch(library, each) for each in includes(path))}
    assert users, "the door is closed to everybody: the pattern is out of date"
    assert {user for user in users if not re.fullmatch(DOORS[library], user)} == set()


# 200, 204, 500 and the like are ordinary numbers too; these are hardly anything but a status.
STATUS_NUMBERS = r"(?<![\w.'])(40[013456789]|41[0-9]|42[0-9]|431|451|50[1-5]|511)(?![\w.'])"
STATUS_USES = r"\bstatus\w*\s*(?:=|==|!=|<=?|>=?|\{)\s*[1-5]\d\d\b"


def test_status_numbers_are_known_in_one_place():
    others = [path for path in CODE if name(path) != "app/http/problem.cpp"]
    assert [hit for path in others for hit in found(f"{STATUS_NUMBERS}|{STATUS_USES}", path)] == []
    assert found(STATUS_NUMBERS, APP / "http/problem.cpp"), "the pattern finds none where they are"


# A JSON number that is no integer is json_reader.cpp's own: strtod tells too small from too large.
BY_HAND = r"\b(?:from_chars|strto\w+|sto(?:i|u?ll?|d)|ato[ifl]+|tolower|toupper|is(?:space|digit|alpha|alnum))\("


def test_numbers_and_letters_are_read_by_base_text_alone():
    programs = [*CODE, *(path for path in TESTS if path.suffix in (".h", ".cpp"))]
    assert {name(path) for path in programs if found(BY_HAND, path)} == {"app/base/text.h", "app/json/json_reader.cpp"}


def test_a_switch_over_an_enum_names_every_case():
    for path in CODE:
        cases = re.findall(r"\bcase\s+((?:[^:]|::)+):(?!:)|(?<!\w)(default)\s*:(?!:)", bare(path))
        for (before, _), (_, default) in zip(cases, cases[1:]):
            assert not (default and "::" in before), f"{name(path)}: a default behind {before}"


def test_names_say_what_a_thing_is():
    empty = re.compile(r"\b(class|struct)\s+\w*(Manager|Helper|Util|Utils|Impl)\b")
    assert [hit for path in CODE for hit in found(empty, path)] == []


# Scripts


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_short_strict_and_explains_itself(path):
    text = path.read_text()
    assert text.startswith("#!/usr/bin/env bash\n")
    assert re.search(r"^set -euo pipefail$", text, re.MULTILINE)
    assert len(text.splitlines()) <= 80
    assert path.stat().st_mode & 0o111 == 0o111, "it is not executable"
    told = subprocess.run([path, "--help"], capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL, check=False)
    assert told.returncode == 0 and told.stderr == ""
    assert re.match(rf"usage: (scripts/)?{re.escape(path.name)}\b", told.stdout, re.IGNORECASE)
    for option in re.findall(r"^\s*(--[a-z-]+)(?: \|[^)]*)?\)", text, re.MULTILINE):
        assert option in told.stdout or option == "--help", f"--help does not tell {option}"


# What scripts are made of: read by them, not run.
PARTS = sorted(path for folder in (ROOT / "scripts").iterdir() if folder.is_dir() for path in folder.iterdir())


def test_the_parts_of_scripts_are_short():
    assert [name(path) for path in PARTS if len(lines(path)) > 80] == []


# A part may use a name that another part sets, and the other way round.
@pytest.mark.parametrize("files, exclude", [(SCRIPTS, []), (PARTS, ["--exclude=SC2034,SC2154"])], ids=["scripts", "parts"])
def test_shellcheck_finds_nothing(files, exclude):
    command = ["shellcheck", "--shell=bash", "--external-sources", "--source-path=SCRIPTDIR", *exclude, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
