"""The web app's sources: types, unit tests, the client's likeness to the contract, and what is pinned. No server."""

import json
import re
import shutil
from pathlib import Path

import pytest

from harness.better_auth import node, packages_of, run

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
GENERATED = FRONTEND / "src/api/schema.d.ts"
LEFT_OUT = ("node_modules", ".next", "build", "next-env.d.ts", "*.tsbuildinfo", ".env", "schema.d.ts")
SOURCES = sorted(
    path for folder in ("src", "scripts", "tests") for path in (FRONTEND / folder).rglob("*")
    if path.suffix in (".ts", ".tsx", ".mjs", ".css") and path != GENERATED
)  # fmt: skip


@pytest.fixture(scope="module")
def packages():
    return packages_of(FRONTEND) / "node_modules"


@pytest.fixture(scope="module")
def tree(packages, tmp_path_factory):
    """A copy of the sources beside the contract, with packages."""
    top = tmp_path_factory.mktemp("frontend")
    shutil.copytree(FRONTEND, top / "frontend", ignore=shutil.ignore_patterns(*LEFT_OUT))
    (top / "docs").mkdir()
    shutil.copy(ROOT / "docs/openapi.yaml", top / "docs")
    (top / "frontend/node_modules").symlink_to(packages)
    cli = str(packages / "openapi-typescript/bin/cli.js")  # what `npm run generate` does
    run(node(), cli, "../docs/openapi.yaml", "-o", "src/api/schema.d.ts", cwd=top / "frontend")
    return top / "frontend"


def test_types_agree_and_the_unit_tests_pass(tree, packages):
    tsc = str(packages / "typescript/bin/tsc")
    run(node(), tsc, "-p", ".", cwd=tree)
    run(node(), tsc, "-p", "tests", cwd=tree)
    compiled = sorted(str(path) for path in (tree / "build/tests/tests").glob("*.test.js"))
    assert len(compiled) == len(list((FRONTEND / "tests").glob("*.test.ts"))) > 3
    said = run(node(), "--test", "--test-reporter=tap", *compiled, cwd=tree)
    assert int(re.search(r"^# pass (\d+)", said, re.MULTILINE).group(1)) > 20
    assert "\n# fail 0\n" in said and "\n# skipped 0\n" in said


def test_versions_are_exact_and_the_lock_names_no_other_place_than_the_registry():
    package = json.loads((FRONTEND / "package.json").read_text())
    for name, version in {**package["dependencies"], **package["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} {version}"
    locked = json.loads((FRONTEND / "package-lock.json").read_text())["packages"]
    assert locked["node_modules/better-auth"]["version"] == "1.7.7"
    for name, entry in locked.items():
        if not name:
            continue
        assert entry["integrity"].startswith("sha512-"), name
        assert entry.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/"), name


def test_nothing_is_loaded_from_other_hosts_or_baked_in_at_the_build():
    known = r"https?://(www\.w3\.org/2000/svg|(app|api)\.example\.com|page\.invalid)"
    read = [each for each in SOURCES if "src" in each.relative_to(FRONTEND).parts]
    assert len(read) > 30, "the search for sources finds none"
    for path in read:
        text = re.sub(known, "", path.read_text())
        assert not re.search(r"https?://\w|NEXT_PUBLIC_|next/font/google", text), path


def test_files_are_short_and_tidy():
    assert len(SOURCES) > 40
    for path in SOURCES:
        text = path.read_text()
        assert len(text.splitlines()) <= 350, path
        assert max(map(len, text.splitlines())) <= 120, path
        assert text.endswith("\n") and not text.endswith("\n\n") and "\t" not in text, path
        assert not re.search(r"[ \t]$", text, re.MULTILINE), path
