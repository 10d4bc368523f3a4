"""What a comment or a document names is there: files, and types of the code."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MADE = {".git", ".pytest_cache", "__pycache__", "build", "node_modules", "var", ".next"}  # nobody keeps these
FILES = sorted(
    path for path in ROOT.rglob("*") if path.is_file() and not MADE & {*path.relative_to(ROOT).parts}
)  # fmt: skip
PATHS = {str(path.relative_to(ROOT)) for path in FILES}
FOLDERS = {str(parent) for path in PATHS for parent in Path(path).parents} - {"."}
IGNORED = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()]
CPP = [path for path in FILES if path.suffix in (".h", ".cpp")]
PAGES = [path for path in FILES if path.suffix == ".md"]

# How comments look: C++ and TypeScript; SQL and Lua; everything else that is read here.
DASHES, HASH = r"--[^\n]*", r'#[^\n]*|"""(?:.*?)"""'
SLASHES = r"//[^\n]*|/\*.*?\*/"
COMMENTS = {
    **dict.fromkeys((".h", ".cpp", ".ts", ".tsx", ".mjs"), SLASHES),
    **dict.fromkeys((".sql", ".lua"), DASHES),
    **dict.fromkeys((".py", ".sh", ".template", ".in", ".service", ".socket", ".yaml", ".cmake", ".txt", ""), HASH),
}
FILE = r"(?<![\w/$~.<>*{@-])[\w.-][\w./-]*\.(?:h|cpp|py|sql|sh|lua|mjs|ts|tsx|template|md|json|yaml|service)\b(?![\w.]*\()"
TYPE = r"\b[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+\b"  # TaskStore; not PostgreSQL


def name(path):
    return str(path.relative_to(ROOT))


def made_of(path):
    """The names that a template's file goes by, too."""
    return {path, path.removesuffix(".template"), path.removesuffix(".in")}


NAMES = {made for path in PATHS for made in made_of(path)}
INCLUDED = {each for path in CPP for each in re.findall(r'#\s*include\s+[<"]([^>"]+)', path.read_text())}
# The build makes these.
MADE_OF_CONTRACT = set(re.findall(r"\w[\w.]+\.json", (ROOT / "cmake/Contract.cmake").read_text()))
MADE_OF_CONTRACT |= {f"frontend{line}" for line in (ROOT / "frontend/.gitignore").read_text().splitlines()}
# What is included is there, or nothing would compile.
KNOWN = NAMES | FOLDERS | INCLUDED | MADE_OF_CONTRACT


def is_there(what):
    """By its whole path or the end of it; a file without a folder may be anywhere."""
    what = re.sub(r"^(\.\.?/)+", "", what).rstrip("/")
    if any(what.startswith(each) for each in IGNORED):
        return True
    return what in KNOWN or any(each.endswith(f"/{what}") for each in KNOWN)


def comments(path):
    text = path.read_text()
    if path.suffix in (".h", ".cpp"):  # a text may hold what looks like a comment
        text = re.sub(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"', '""', text, flags=re.DOTALL)
    found = re.findall(COMMENTS[path.suffix], text, re.DOTALL)
    return [re.sub(r"https?://\S+", "", each) for each in found]


def bare(path):
    """A C++ file without its comments."""
    return re.sub(r'("(?:\\.|[^"\\\n])*")|//[^\n]*', r"\1", path.read_text())


def is_code(path):
    return path.suffix in COMMENTS and not path.name.endswith(".d.ts") and not {"fixtures", "corpus"} & {*path.parts}


def test_every_file_that_a_comment_names_is_there():
    # A migration stays as it was applied, and names what there was then.
    read = [path for path in FILES if is_code(path) and path.parent.name != "sql"]
    named = [(name(path), each) for path in read for text in comments(path) for each in re.findall(FILE, text)]
    assert len(named) > 100, "the search for names finds none"
    assert [each for each in named if not is_there(each[1])] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_that_a_page_names_is_there(page):
    tops = {path.split("/")[0] for path in FOLDERS}
    missing = []
    for quoted in re.findall(r"`([^`\n]+)`", page.read_text()):
        named = set(re.findall(FILE, quoted))
        named |= {each for each in re.findall(r"(?<![\w/$~.-])[\w.-]+/[\w./-]*", quoted) if each.split("/")[0] in tops}
        missing += [each for each in named if not is_there(each)]
    assert missing == []


def test_every_type_that_a_comment_or_a_page_names_is_there():
    """A word like TaskStore is somewhere in the code besides comments, or pages use it as a word: PgBouncer."""
    code = {word for path in CPP for word in re.findall(r"\w+", bare(path))}
    code |= {word for path in FILES if is_code(path) and path not in CPP for word in re.findall(r"\w+", path.read_text())}
    words, quoted = set(), []
    for page in PAGES:
        text = page.read_text()
        quoted += [(name(page), word) for each in re.findall(r"`([^`\n]+)`", text) for word in re.findall(TYPE, each)]
        words |= set(re.findall(r"\w+", re.sub(r"`[^`\n]+`", "", text)))
    named = [(name(path), word) for path in CPP for text in comments(path) for word in re.findall(TYPE, text)]
    assert len(named) > 20, "the search for names finds none"
    known = code | words
    assert [each for each in named if each[1] not in known and each[1].removesuffix("s") not in known] == []
    assert [each for each in quoted if each[1] not in code] == []
