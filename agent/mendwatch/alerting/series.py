"""promtool's notation of input series: a selector, and values that expand. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mendwatch.alerting import matchers

#: More values than a test of rules needs; a typing error must not fill the memory.
LONGEST = 100_000

_SERIES = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*", re.DOTALL)
_LABEL = re.compile(r'\s*([a-zA-Z_]\w*\s*=\s*"(?:[^"\\]|\\.)*")\s*(?:,|$)', re.DOTALL)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_VALUE = re.compile(rf"({_NUMBER})(?:([+-](?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))?(?:x(\d+))?")
_MISSING = re.compile(r"_(?:x(\d+))?")


@dataclass(frozen=True, slots=True)
class Series:
    """One metric with its labels, and its value at each interval; None is no sample."""

    metric: str
    labels: dict[str, str]
    values: tuple[float | None, ...]


def parse(selector: str, values: str) -> Series:
    """Read one series.

    Raises:
        ValueError: the selector or a value cannot be read.
    """
    found = _SERIES.fullmatch(selector)
    if found is None:
        raise ValueError(f'{selector!r} is no series; write metric{{label="value"}}')
    expanded = [value for word in values.split() for value in _expand(word)]
    if len(expanded) > LONGEST:
        raise ValueError(f"more than {LONGEST} values")
    return Series(found[1], _labels(found[2] or "", selector), tuple(expanded))


def _labels(text: str, selector: str) -> dict[str, str]:
    labels: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        found = _LABEL.match(text, at)
        if found is None:
            raise ValueError(f'{selector!r}: the labels cannot be read; write {{label="value", other="value"}}')
        matcher = matchers.parse(found[1])
        labels[matcher.label] = matcher.value
        at = found.end()
    return labels


def _expand(word: str) -> list[float | None]:
    """Expand one word: `1`, `1+2x3` (four values), `5x3` (four times 5), `_`, `_x3`, `stale`."""
    if word == "stale":
        return [None]
    missing = _MISSING.fullmatch(word)
    if missing is not None:
        return [None] * _count(missing[1] or "1")
    found = _VALUE.fullmatch(word)
    if found is None or (found[2] and not found[3]):
        raise ValueError(f"{word!r} is no value; write 1, 1+2x3, 5x3, _, _x3 or stale")
    first, step = float(found[1]), float(found[2] or 0)
    return [first + step * index for index in range(_count(found[3] or "0") + 1)]


def _count(digits: str) -> int:
    if len(digits) > len(str(LONGEST)) or int(digits) > LONGEST:
        raise ValueError(f"more than {LONGEST} values")
    return int(digits)
