"""Durations as Prometheus writes them: 30s, 5m, 1h30m, 2d."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_SHAPE = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
#: A longer one, added to the present, would end after the last year that a calendar knows.
LONGEST = timedelta(days=100 * 365)


def parse_duration(text: object) -> timedelta:
    """Read a duration; a bare number is refused, because nobody agrees on its unit. Only 0 needs none.

    Raises:
        ValueError: the text is no duration, or it is longer than LONGEST.
    """
    if isinstance(text, timedelta):
        return text
    if text == "0" or (type(text) is int and text == 0):  # False is 0 too, and no duration
        return timedelta(0)
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        message = f"{text!r} is no duration; write a number with its unit, such as 30s, 5m or 1h30m"
        raise ValueError(message)
    return _short_enough(text)


def _short_enough(text: str) -> timedelta:
    try:
        found = timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
    except (OverflowError, ValueError):  # Python reads no number of thousands of digits either
        found = timedelta.max
    if found > LONGEST:
        message = f"{text[:20]!r} is longer than the longest duration, 100y"
        raise ValueError(message) from None
    return found


def format_duration(value: timedelta) -> str:
    """Write a duration in the same words: the largest units first, no zero parts."""
    rest = round(value.total_seconds() * 1000)
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


#: The type of a duration field in a pydantic model.
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
