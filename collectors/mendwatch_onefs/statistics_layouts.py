"""The layout of a sheet, and how its numbers get there: picked by position, divided run by run.

It is made anew when a frame of the sheet changes, and kept as the same object as long as none does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from mendwatch.clock import turn
from mendwatch.model.samples import Columns, Layout
from mendwatch_onefs.statistic_shapes import Number
from mendwatch_onefs.statistics_frames import Slot, Take, taking

_NAN = math.nan
#: Series that are worked on before others have their turn.
_AT_ONCE = 2000


#: The series of each metric, in the order in which they came.
Series = dict[str, dict[tuple[str, ...], Slot]]


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """Where each number of a sheet's answers stands in its columns; made by `laid_out`."""

    layout: Layout
    pick: Take
    pick_time: Take
    #: Start, stop and divisor of the runs whose numbers have to be divided.
    divided: tuple[tuple[int, int, int], ...]

    def columns(self, numbers: Sequence[Number], times: Sequence[float]) -> Columns:
        """Give the columns; `times` has one for each value of the answers, or one for all."""
        values, absent = _filled(list(self.pick(numbers)))
        for start, stop, divisor in self.divided:
            values[start:stop] = [value / divisor for value in values[start:stop]]
        stamps = list(times) * len(values) if len(times) == 1 else list(self.pick_time(times))
        return Columns(self.layout, values, stamps, absent)


def _filled(values: list[Any]) -> tuple[list[float], int]:
    """Put NaN where there is no number, and tell how often."""
    kinds = list(map(type, values))
    if kinds.count(float) == len(kinds):
        return values, 0
    blanks = [at for at, kind in enumerate(kinds) if kind is not float]
    for at in blanks:
        values[at] = _NAN
    return values, len(blanks)


async def sort_in(found: Series, slots: Iterator[Slot]) -> None:
    """Put series behind those of the same metric; of two that are the same the last one stays. Others run in between."""
    while some := list(islice(slots, _AT_ONCE)):
        for slot in some:
            found.setdefault(slot.metric, {})[slot.labels] = slot
        await turn()


async def laid_out(found: Series, numbers: int, entries: int) -> SheetLayout:
    """Lay out the series, out of so many numbers and values of all answers; others run in between."""
    layout = Layout.of(found)
    await turn()
    ordered = [slot for series in found.values() for slot in series.values()]
    pick = taking([slot.number for slot in ordered], numbers)
    await turn()
    pick_time = taking([slot.entry for slot in ordered], entries)
    await turn()
    return SheetLayout(layout, pick, pick_time, tuple(_divided(ordered)))


def _divided(ordered: Sequence[Slot]) -> Iterator[tuple[int, int, int]]:
    """Give (start, stop, divisor) of the runs whose numbers have to be divided."""
    start = 0
    for divisor, run in groupby(slot.divisor for slot in ordered):
        stop = start + len(list(run))
        if divisor != 1:
            yield start, stop, divisor
        start = stop
