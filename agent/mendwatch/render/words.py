"""Numbers and changes in the words of people: GiB, per cent, durations, before and after. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from mendwatch.config.durations import format_duration
from mendwatch.model.runs import Change
from mendwatch.render.cleaning import Line, untrusted

_ATTRIBUTE = re.compile(r"""\s*["']?([A-Za-z_][\w. /-]{0,79}?)["']?\s*[:=]\s*(.*?)\s*,?\s*""")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_UNKNOWN = "unknown"
_ABSENT = "-"
_WIDTH = 40


def gib(value: object) -> str:
    """Write a number of bytes as GiB, with two digits after the point."""
    number = _finite(value)
    return _UNKNOWN if number is None else f"{number / 2**30:,.2f} GiB"


def pct(value: object) -> str:
    """Write a ratio as per cent: 0.925 is 92.5 %."""
    number = _finite(value)
    return _UNKNOWN if number is None else f"{number * 100:.1f} %"


def duration(value: object) -> str:
    """Write seconds or a timedelta in Prometheus' words: 1h30m."""
    if isinstance(value, timedelta):
        return format_duration(value)
    number = _finite(value)
    return _UNKNOWN if number is None else format_duration(timedelta(seconds=number))


def pairs(values: Mapping[str, object]) -> list[Line]:
    """Write a mapping as aligned lines, by name."""
    shown = [(_name(name), _amount(name, value)) for name, value in sorted(values.items())]
    width = min(max((len(name) for name, _ in shown), default=0), _WIDTH)
    return [Line(f"{name:<{width}}  {value}") for name, value in shown]


def rows(changes: Iterable[Change]) -> list[Line]:
    """Write changes as a table of before and after, one line per attribute that differs."""
    return [line for change in changes for line in _rows_of(change)]


def _rows_of(change: Change) -> list[Line]:
    before, after = _attributes(change.before), _attributes(change.after)
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    cells = [(_name(name), _cell(name, before), _cell(name, after)) for name in names]
    first = min(max((len(name) for name, _, _ in cells), default=0), _WIDTH)
    second = min(max((len(old) for _, old, _ in cells), default=0), _WIDTH)
    table = [Line(f"  {name:<{first}}  {old:>{second}}  ->  {new}") for name, old, new in cells]
    return [Line(f"of {untrusted(change.subject)}"), *(table or [Line("  nothing differs")])]


def _attributes(text: str) -> dict[str, str]:
    """Read `name: value` lines; a line of another shape is its own name, so that nothing is hidden."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _ATTRIBUTE.fullmatch(line)
        if match is not None and match[2] not in {"{", "["}:
            found[match[1]] = match[2]
        elif line.strip(" {}[],"):
            found[line.strip()] = "present"
    return found


def _name(text: str) -> str:
    """Show a name at the beginning of a line, where a back-tick could end the fence that holds values."""
    return untrusted(text, 80).replace("`", "'")


def _cell(name: str, values: Mapping[str, str]) -> str:
    return _amount(name, values[name]) if name in values else _ABSENT


def _amount(name: str, value: object) -> str:
    """Show a value, and a number of bytes also as GiB."""
    text = untrusted(int(value) if isinstance(value, float) and value.is_integer() else value)
    number = float(text) if "bytes" in name and _NUMBER.fullmatch(text) else None
    return text if number is None else f"{text} ({gib(number)})"


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)
