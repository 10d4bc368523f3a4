"""Commands of the documents: no secret in an argument, where every user's `ps` shows it, and nothing left behind for the next
command."""

import re

import pytest

from harness.build import PROJECT

PAGES = sorted(
    path for path in [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "docker").rglob("*.md"),
                      *(PROJECT / "frontend").glob("*.md"), *(PROJECT / "packaging/man").iterdir()]
    if "adr" not in path.parts and "benchmarks" not in path.parts
)  # fmt: skip
# What is a secret where it stands in a command. SQL that a prompt reads, settings, headers of a page are no arguments.
SECRETS = (
    r"\$\(\s*(cat|<)\s*\S*(credentials|secrets)/",  # of a secret's file, as an argument
    r"\b(psql|pg_dump|pg_restore|createdb|pg_basebackup)\b[^\n]*(PASSWORD|://\w+:|\$DATABASE_URL|password=)",
    r"(sudo|env) [^\n]*PGPASSWORD=",
    r"\bcurl\b[^\n]*(Bearer |-u |--user |--oauth2-bearer)",
    r"(sudo|env) [^\n]*(DATABASE_URL\w*|BETTER_AUTH_SECRETS?)=\S",
    r"--(password|token|secret)[= ]",
)


def commands(path):
    """(line number, text) of each command of the page: in a block, continued lines as one."""
    text = re.sub(r"\\\n", "  ", path.read_text())
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("    ") or (path.parent.name == "man" and line.strip()):
            yield number, line.strip()
        for inline in re.findall(r"`([^`]+)`", line):
            yield number, inline


def offences(path):
    for number, command in commands(path):
        # A process substitution or a pipe from a builtin is read from a descriptor.
        bare = re.sub(r"@?<\((echo|printf) [^)]*\)", "", command)
        if bare.startswith(("echo ", "printf ")):
            continue  # the shell's own: no process has them as arguments
        for pattern in SECRETS:
            if re.search(pattern, bare) and not re.search(r"\w+_FILE=", bare):
                yield f"{path.relative_to(PROJECT)}:{number}: {command}"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_command_has_a_secret_in_its_arguments(path):
    assert not list(offences(path))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_no_command_changes_the_shell_for_the_next(path):
    """`umask` stands in a subshell alone."""
    left = [f"{n}: {text}" for n, text in commands(path) if re.search(r"\bumask\b", text) and not re.search(r"\(\s*umask", text)]
    assert not left


def test_the_rules_find_what_they_are_for():
    wrong = (
        'psql "$(cat /etc/tasklane/credentials/DATABASE_URL_DIRECT)" -c "SELECT 1"', "pg_dump postgresql://o:PASSWORD@h/d",
        "env PGPASSWORD=x psql", 'curl -H "Authorization: Bearer $TOKEN" https://h',
        'psql "$DATABASE_URL_DIRECT"',
    )  # fmt: skip
    for command in wrong:
        assert any(re.search(pattern, command) for pattern in SECRETS), command
