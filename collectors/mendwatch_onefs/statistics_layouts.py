"""The layout of a sheet, and how its numbers get there: picked by position, divided run by run.

It is made anew when a frame of the sheet changes, and kept as the same object as long as none does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from mendwatch.model.samples import Columns, Layout
from mendwatch_onefs.statistic_shapes import Number
from mendwatch_onefs.statistics_frames import Slot, taking

_NAN = math.nan


class SheetLayout:
    """Where each number of a sheet's answers stands in its columns."""

    def __init__(self, layout: Layout, ordered: Sequence[Slot], numbers: int, entries: int) -> None:
        """Take the layout of series that stand metric by metric, out of so many numbers and values of all answers."""
        self.layout = layout
        self._pick = taking([slot.number for slot in ordered], numbers)
        self._pick_time = taking([slot.entry for slot in ordered], entries)
        self._divided = tuple(_divided(ordered))

    def columns(self, numbers: Sequence[Number], times: Sequence[float]) -> Columns:
        """Give the columns; `times` has one for each value of the answers, or one for all."""
        values, absent = _filled(list(self._pick(numbers)))
        for start, stop, divisor in self._divided:
            values[start:stop] = [value / divisor for value in values[start:stop]]
        stamps = list(times) * len(values) if len(times) == 1 else list(self._pick_time(times))
        return Columns(self.layout, values, stamps, absent)


def _filled(values: list[Any]) -> tuple[list[float], int]:
    """Put NaN where there is no number, and tell how often."""
    absent = len(values) - list(map(type, values)).count(float)
    return ([value if type(value) is float else _NAN for value in values] if absent else values), absent


def laid_out(ordered: Iterable[Slot]) -> Layout:
    """Give the layout of series that stand metric by metric."""
    return Layout([(slot.metric, slot.labels) for slot in ordered])


def ordered_by_metric(slots: Iterable[Slot]) -> list[Slot]:
    """Put the series of each metric side by side, in the order of the answers; of two that are the same the last one stays."""
    found: dict[str, dict[tuple[str, ...], Slot]] = {}
    for slot in slots:
        found.setdefault(slot.metric, {})[slot.labels] = slot
    return [slot for series in found.values() for slot in series.values()]


def _divided(ordered: Sequence[Slot]) -> Iterator[tuple[int, int, int]]:
    """Give (start, stop, divisor) of the runs whose numbers have to be divided."""
    start = 0
    for divisor, run in groupby(slot.divisor for slot in ordered):
        stop = start + len(list(run))
        if divisor != 1:
            yield start, stop, divisor
        start = stop
