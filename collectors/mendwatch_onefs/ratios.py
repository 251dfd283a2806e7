"""Percentages as OneFS writes them, to ratios from 0 to 1: text with or without a sign for percent."""

from __future__ import annotations

from typing import Any

from mendwatch_onefs.drift import Drift

_WHOLE = 100.0


def percent(field: str, value: Any, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    """Give a percentage as a ratio, from a number or decimal text such as "11.1111"; None and drift for anything else."""
    found = drift.quantity(field, value)
    return None if found is None else found / _WHOLE


def percent_text(field: str, value: Any, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    """Give a percentage as a ratio, from text such as "75%"; a node that cannot tell writes N/A, which is no drift."""
    if not isinstance(value, str):
        return None if value is None else percent(field, value, drift)
    words = value.strip()
    return None if words.lower() in {"", "n/a", "unknown"} else percent(field, words.removesuffix("%"), drift)


def share(part: float | None, of: float | None) -> float | None:
    """Give a part as a ratio of the whole; None where one is unknown, the whole is 0, or the part is more than the whole."""
    if part is None or not of or not 0 <= part <= of:
        return None
    return part / of
