"""The documents against the code and against each other. No server is needed."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MARKDOWN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def read(path):
    return (ROOT / path).read_text()


def test_every_sqlstate_that_the_code_knows_is_published():
    for code in set(re.findall(r'"([0-9][0-9A-Z]{1,4})"', read("app/postgres/sqlstate.cpp"))):
        assert code in read("docs/ERRORS.md"), code


MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "days": 86_400_000}
BYTES = {"KiB": 1024, "MiB": 1024**2}


def constants(text, known):
    """{name: number} of the constants a C++ text defines as numbers, durations in milliseconds."""
    found = {}
    pattern = r"constexpr ([\w:]+) (k\w+)\s*(?:=|(?={))\s*(.+?);"
    for kind, name, value in re.findall(pattern, re.sub(r"//.*", "", text), re.DOTALL):
        value = re.sub(r"std::int64_t{(\d+)}|'|{(.+)}", lambda m: m.group(1) or m.group(2) or "", value)
        value = re.sub(r"limits::(k\w+)", lambda m: str(known.get(m.group(1))), value)
        if kind == "std::chrono::hours":
            value = f"({value}) * {MILLISECONDS['h']}"
        value = re.sub(r"(?<=\d)(ms|min|s|h)\b", lambda m: f" * {MILLISECONDS[m.group(1)]}", value)
        if re.fullmatch(r"[\d\s*+()<-]+", value):
            found[name] = eval(value)  # noqa: S307: digits and operators alone, see above
    return found


def limits_of_the_code():
    text = read("app/base/limits.h")
    found = constants(text, {})
    assert len(found) == text.count("inline constexpr"), "a value in limits.h cannot be read"
    return found


def number(text):
    """A value of docs/LIMITS.md: '8 s', '256 KiB', '10,000 code points', '2^53 - 1'."""
    if text.startswith("2^53"):
        return 2**53 - 1
    amount, unit = re.match(r"([\d,]+)\s*(\w*)", text).groups()
    return int(amount.replace(",", "")) * {**MILLISECONDS, **BYTES}.get(unit, 1)


def test_limits_md_lists_every_limit_of_the_code_with_its_value():
    rows = re.findall(r"^\| `(k\w+)` \| ([^|]+?) \| [^|]{10,} \|$", read("docs/LIMITS.md"), re.MULTILINE)
    listed = {name: number(value) for name, value in rows}
    assert len(listed) == len(rows)
    limits = limits_of_the_code()
    everywhere = {}
    for path in (ROOT / "app").rglob("*.cpp"):
        everywhere.update(constants(path.read_text(), limits))
    assert listed == {**{name: everywhere.get(name) for name in listed}, **limits}


def test_limits_md_lists_nginxs_limits_as_they_are():
    templates = "".join(path.read_text() for path in (ROOT / "nginx").glob("*.template"))
    directives = re.findall(r"^\| `([a-z_]+ [^`]+)` \|", read("docs/LIMITS.md"), re.MULTILINE)
    assert len(directives) > 10
    assert [each for each in directives if not re.search(rf"^\s*{re.escape(each)};", templates, re.MULTILINE)] == []


def test_limits_md_lists_the_configurations_bounds_as_they_are():
    """docs/CONFIGURATION.md says what the code does: it is made from the table of settings."""
    pattern = r"^\| `([A-Z_]+)` \| ([^|]+) \| (\d+) to (\d+) \|"
    told = re.findall(pattern, read("docs/CONFIGURATION.md"), re.MULTILINE)
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \| ([\d,]+) to ([\d,]+)", read("docs/LIMITS.md"), re.MULTILINE)
    listed = {name: (default, low.replace(",", ""), high.replace(",", "")) for name, default, low, high in rows}
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
    assert [name[:4] for name in records] == [f"{n:04}" for n in range(1, len(records) + 1)]
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
