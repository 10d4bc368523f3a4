"""The documents against the code and against each other. No server is needed."""

import re
from pathlib import Path

import pytest
import yaml

from harness.bounds import limits_of_the_code, number

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MARKDOWN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def read(path):
    return (ROOT / path).read_text()


def test_every_sqlstate_that_the_code_knows_is_published():
    known = set(re.findall(r'"([0-9][0-9A-Z]{1,4})"', read("app/postgres/sqlstate.cpp")))
    assert len(known) > 10, "the search for codes finds none"
    assert [code for code in sorted(known) if code not in read("docs/ERRORS.md")] == []


def test_limits_md_lists_the_configurations_bounds_as_they_are():
    """docs/CONFIGURATION.md says what the code does: it is made from the table of settings."""
    pattern = r"^\| `([A-Z_]+)` \| ([^|]+) \| (\d+) to (\d+) \|"
    told = re.findall(pattern, read("docs/CONFIGURATION.md"), re.MULTILINE)
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \| ([\d,]+) to ([\d,]+)", read("docs/LIMITS.md"), re.MULTILINE)
    listed = {name: (default, low.replace(",", ""), high.replace(",", "")) for name, default, low, high in rows}
    assert len(told) > 5, "the search for settings finds none"
    assert set(listed) == {name for name, *_ in told if not name.endswith("_PORT")}
    for name, default, low, high in told:
        if name in listed:
            assert listed[name][1:] == (low, high), name
            assert default == "one per processor" or number(listed[name][0]) == int(default.strip("`")), name


def test_the_bounds_of_the_contract_are_those_of_the_code():
    limits = limits_of_the_code()
    contract = yaml.safe_load(read("docs/openapi.yaml"))
    schemas, introduction = contract["components"]["schemas"], contract["info"]["description"]
    assert schemas["TaskId"]["maximum"] == limits["kTaskIdMax"]
    assert schemas["UserId"]["maxLength"] == limits["kUserIdMaxCodePoints"]
    assert schemas["Task"]["properties"]["title"]["maxLength"] == limits["kTitleMaxCodePoints"]
    assert schemas["Description"]["maxLength"] == limits["kDescriptionMaxCodePoints"]
    assert f"{limits['kRequestBodyMaxBytes'] // 1024} KiB" in introduction
    assert f"deeper than {limits['kJsonDepthMax']} levels" in introduction


# The pages


def anchors(path):
    heads = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page):
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"", text):
        target = target[0] or target[1]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists() and found.is_relative_to(ROOT), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), target


def test_every_decision_is_listed_and_short():
    records = sorted(path.name for path in (DOCS / "adr").glob("[0-9]*.md"))
    assert records and [name[:4] for name in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
    for name in records:
        assert f"]({name})" in read("docs/adr/README.md"), name
        text = (DOCS / "adr" / name).read_text()
        assert len(text.splitlines()) <= 80, name
        for head in ("Context", "Decision", "Alternatives", "Consequences", "References"):
            assert f"\n## {head}\n" in text, f"{name}: {head}"


def test_the_reference_page_needs_no_other_host_and_no_inline_code():
    page = read("docs/reference/index.html")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)|javascript:", page)
    for path in (DOCS / "reference").iterdir():
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|innerHTML|\beval\b|@import", text), path.name
    assert '<a href="/openapi.yaml">' in re.search(r"<noscript>.*</noscript>", page, re.DOTALL).group()
