"""Bounds as numbers: those of the C++ code, durations in milliseconds, and as docs/LIMITS.md writes them."""

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "days": 86_400_000}
CHRONO = {"milliseconds": "ms", "seconds": "s", "minutes": "min", "hours": "h", "days": "days"}
BYTES = {"KiB": 1024, "MiB": 1024**2}


def number(text):
    """A value of the page: '8 s', '256 KiB', '10,000 code points', '2^53 - 1', a time in microseconds."""
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=timezone.utc)
        return since // timedelta(microseconds=1)
    if found := re.match(r"2\^(\d+)(?: - (\d+))?", text):
        return 2 ** int(found[1]) - int(found[2] or 0)
    amount, unit = re.match(r"([\d,]+)\s*(\w*)", text).groups()
    return int(amount.replace(",", "")) * {**MILLISECONDS, **BYTES}.get(unit, 1)


# What bounds something: durations of any kind, and what has a most or a least in its name.
CONSTANT = r"constexpr ((?:std::)?[\w:]+) (k\w+)\s*(?:=|(?={))\s*([^;]+);"
DURATION = r"std::chrono::\w+|timeval|timespec"


def constants(path, known):
    """{name: number} of the constants in a C++ file that bound something, durations in milliseconds."""
    found = {}
    for kind, name, value in re.findall(CONSTANT, re.sub(r"//.*", "", path.read_text())):
        if path.name != "limits.h" and not re.search("Max|Min", name) and not re.fullmatch(DURATION, kind):
            continue
        value = value.replace("'", "")
        value = re.sub(r"(?:std::int64_t)?{([^{}]+)}", r"(\1)", value)
        value = re.sub(r"(?:limits::)?\b(k\w+)", lambda m: str(known.get(m.group(1))), value)
        unit = CHRONO.get(kind.removeprefix("std::chrono::"))
        value, suffixes = re.subn(r"(?<=\d)(ms|min|s|h)\b", lambda m: f" * {MILLISECONDS[m.group(1)]}", value)
        value = f"({value}) * {MILLISECONDS[unit]}" if unit and not suffixes else value
        value = re.sub(r"(?<=\d)\.0\b", "", value)
        assert re.fullmatch(r"[\d\s*+()<-]+", value), f"{path}: the value of {name} cannot be read: {value}"
        found[name] = eval(value)  # noqa: S307: digits and operators alone, see above
    return found


def limits_of_the_code():
    text = (ROOT / "app/base/limits.h").read_text()
    found = constants(ROOT / "app/base/limits.h", {})
    assert len(found) == text.count("inline constexpr"), "a value in limits.h cannot be read"
    return found
