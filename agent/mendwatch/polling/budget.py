"""How many series one poll may give: a limit that fails visibly, before a million of them reach page, history and rules. Pure."""

from __future__ import annotations

from mendwatch.errors import OverBudget
from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec


def within(spec: CollectorSpec, reading: Reading) -> Reading:
    """Give the reading back if the collector may give so many series.

    Raises:
        OverBudget: it may not; no part of the reading is taken, because nobody could tell which part is missing.
    """
    if reading.size > spec.budget:
        given = series_of(reading)
        if given > spec.budget:
            hint = f"Raise it with `collectors: {{{spec.name}: {{budget: {given}}}}}` of this target, or have it read less."
            raise OverBudget(f"{spec.name} gave {given} series, the budget is {spec.budget}", hint=hint)
    return reading


def series_of(reading: Reading) -> int:
    """Count the series of a reading, each once."""
    singly = {(sample.metric, sample.labels) for sample in reading.samples}
    return len(singly) + reading.size - len(reading.samples)
