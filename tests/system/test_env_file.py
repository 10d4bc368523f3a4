"""One line of a `.env` file, one meaning: what Next.js' own loader (@next/env) reads otherwise than Tasklane is told."""

import json
import random
import subprocess

import pytest

from harness.better_auth import node, packages_of, run
from harness.stack import PROJECT, clean_environment

LOAD = """
const { loadEnvConfig, resetEnv } = require(process.argv[1] + "/node_modules/@next/env");
const folders = JSON.parse(require("fs").readFileSync(0, "utf8"));
const quiet = { info() {}, error() {} };
const read = folders.map((folder) => {
  resetEnv();
  delete process.env.AUTH_ISSUER;
  loadEnvConfig(folder, false, quiet, true);
  return process.env.AUTH_ISSUER ?? null;
});
console.log(JSON.stringify(read));
"""
BOM = "\ufeff"

# What stands behind AUTH_ISSUER=, and what both read.
ALIKE = {
    "plain": "plain", "": "", "  a b  ": "a b", "value # comment": "value", "a=b": "a=b", "it's": "it's", 'a"b': 'a"b',
    "'single $- quoted # \"'": 'single $- quoted # "', '"double # quoted"': "double # quoted", '"a\\nb"': "a\nb",
    '"a\\$b"': "a$b", "'a\\b'": "a\\b", "a\\b": "a\\b", "a$": "a$", "$": "$", "a$-b": "a$-b", "'`a`'": "`a`", "a`b": "a`b",
    "'x' # y": "x", '"x"#y': "x", "'a\\'": "a\\", "caf\u00e9": "caf\u00e9", "'\\n'": "\\n", "# nothing": "", "$A$": "$A$",
    "postgresql://u:p%23@h/d?sslmode=require": "postgresql://u:p%23@h/d?sslmode=require",
}  # fmt: skip
# The same, and the characters by which the readings part.
OTHERWISE = {
    "a#b": "#", "pa$word": "$", "'pa$word'": "$", '"${HOME}"': "$", "a\\$b": "$", "'a\\$b'": "$", "`a`": "`", '"a\\"b"': "\\",
    '"a\\\\b"': "\\", '"a\\rb"': "\\", '"a\\\\nb"': "\\", "K3y$with#and\\": "$ # \\", "'K3y$with#and'": "$",
    "a$b`c": "$",
}  # fmt: skip


@pytest.fixture(scope="module")
def next_reads():
    packages = packages_of(PROJECT / "frontend")

    def read(folders):
        done = subprocess.run(
            [node(), "-e", LOAD, str(packages)], input=json.dumps([str(f) for f in folders]), text=True, timeout=60,
            stdout=subprocess.PIPE, check=True, env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        )  # fmt: skip
        return json.loads(done.stdout)

    return read


@pytest.fixture(scope="module")
def folder_with(tmp_path_factory):
    def make(text):
        folder = tmp_path_factory.mktemp("env")
        path = folder / ".env"
        path.write_bytes(text.encode())
        path.chmod(0o600)
        return folder

    return make


def tasklane_reads(stack, folder):
    """(exit status, AUTH_ISSUER, what it said), with a database from outside of the file."""
    environment = {name: value for name, value in clean_environment().items() if value}
    environment["DATABASE_URL"] = "postgresql://u:p@127.0.0.1:1/x"
    done = subprocess.run(
        [stack.binaries / "tasklane", "check", "-T", "--env-file", ".env"], cwd=folder, env=environment, text=True, timeout=60,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    shown = done.stdout.partition("\nAUTH_ISSUER=")[2].partition("\nAUTH_AUDIENCE=")[0]
    return done.returncode, shown, done.stdout


def test_both_read_a_line_alike_or_the_check_names_the_character_and_a_form(stack, next_reads, folder_with):
    lines = [*ALIKE, *OTHERWISE]
    folders = [folder_with(f"AUTH_ISSUER={line}\n") for line in lines]
    for line, folder, theirs in zip(lines, folders, next_reads(folders), strict=True):
        status, ours, said = tasklane_reads(stack, folder)
        assert status == 0, (line, said)
        warned = "Next.js reads another AUTH_ISSUER" in said
        assert (ours == theirs) == (line in ALIKE) == (not warned), (line, ours, theirs, said)
        if line in ALIKE:
            assert ours == ALIKE[line]
        else:
            assert f"because of {OTHERWISE[line]};" in said, (line, said)


def test_the_form_that_the_check_shows_is_read_alike(stack, next_reads, folder_with):
    forms = {
        "in single quotes": lambda value: f"'{value}'",
        "in double quotes, with a backslash before each $": lambda value: '"' + value.replace("$", "\\$") + '"',
        "without quotes": lambda value: value,
    }
    for line in OTHERWISE:
        _, value, said = tasklane_reads(stack, folder_with(f"AUTH_ISSUER={line}\n"))
        if "there is no form that both read" in said:
            continue
        written = next(form for words, form in forms.items() if f"; write it {words}\n" in said)(value)
        folder = folder_with(f"AUTH_ISSUER={written}\n")
        status, ours, said = tasklane_reads(stack, folder)
        assert status == 0 and "Next.js" not in said, (line, written, said)
        assert [ours] == next_reads([folder]) == [value], (line, written)


@pytest.mark.parametrize("text", [
    f"{BOM}AUTH_ISSUER=x\n", "AUTH_ISSUER=x\r\n", f"{BOM}# c\r\nAUTH_ISSUER='x'\r\n\r\n", "export AUTH_ISSUER=x",
    "AUTH_ISSUER = x", "\n  AUTH_ISSUER=y\nAUTH_ISSUER=x\n", 'AUTH_ISSUER="x" \t\r\n',
], ids=repr)  # fmt: skip
def test_files_of_windows_and_other_layouts_are_read_alike(stack, next_reads, folder_with, text):
    folder = folder_with(text)
    status, ours, said = tasklane_reads(stack, folder)
    assert status == 0 and "warning:" not in said, said
    assert [ours] == next_reads([folder]) == ["x"]


def test_whatever_is_written_a_difference_is_told_and_nothing_else_is(stack, next_reads, folder_with):
    chance = random.Random(17)
    pieces = ["a", "n", "B", " ", "#", "$", "\\", "'", '"', "`", "{", "}", "\\n", "\\$", "=", ":-", "\nAUTH_AUDIENCE=", " #"]
    texts = ["AUTH_ISSUER=" + "".join(chance.choices(pieces, k=chance.randint(1, 7))) + "\n" for _ in range(400)]
    folders = [folder_with(text) for text in texts]
    read = 0
    for text, folder, theirs in zip(texts, folders, next_reads(folders), strict=True):
        status, ours, said = tasklane_reads(stack, folder)
        if status == 100:
            assert "/.env: line " in said or ".env: line " in said, (text, said)  # refused, by the line
            continue
        read += 1
        warned = "Next.js reads another AUTH_ISSUER" in said
        assert warned == (ours != (theirs or "")), (text, ours, theirs, said)
    assert read > 100


def test_a_name_that_is_no_setting_is_told_with_the_nearest(stack, folder_with):
    status, _, said = tasklane_reads(stack, folder_with("WORKERSS=2\nFOO=1\n"))
    assert status == 0
    assert "warning: .env: line 1: WORKERSS is no setting; the nearest is WORKERS\n" in said
    assert "warning: .env: no settings of Tasklane: FOO\n" in said


def test_a_checkout_with_the_line_ends_of_windows_works(tmp_path):
    """As `git clone` makes it with core.autocrlf=true, from the committed files."""
    clone = tmp_path / "clone"
    run("git", "-c", "core.autocrlf=true", "clone", "--quiet", "--no-hardlinks", str(PROJECT), str(clone), cwd=tmp_path)
    for line in run("git", "ls-files", "--eol", cwd=clone).splitlines():
        assert "w/crlf" not in line and ("w/mixed" not in line or "tests/fuzz/corpus/" in line), line
    for script in ("up", "verify", "test"):
        assert "Usage:" in run(str(clone / "scripts" / script), "--help", cwd=clone)
