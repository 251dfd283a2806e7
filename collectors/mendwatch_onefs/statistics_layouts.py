"""The layout of a sheet, and how its numbers get there: picked by position, divided run by run.

It is made anew when a frame of the sheet changes, and kept as the same object as long as none does.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from mendwatch.clock import turn
from mendwatch.model.numbers import taken, unfinite
from mendwatch.model.samples import Columns, Layout
from mendwatch_onefs.statistics_frames import Slot

#: Series that are worked on before others have their turn.
_AT_ONCE = 2000


#: The series of each metric, in the order in which they came.
Series = dict[str, dict[tuple[str, ...], Slot]]


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """Where each number of a sheet's answers stands in its columns; made by `laid_out`."""

    layout: Layout
    #: Start and stop of the runs of numbers, and of times, one run after the other.
    picks: tuple[tuple[int, int], ...]
    pick_times: tuple[tuple[int, int], ...]
    #: Start, stop and divisor of the runs whose numbers have to be divided.
    divided: tuple[tuple[int, int, int], ...]

    def columns(self, numbers: array[float], times: array[float], gaps: list[int]) -> tuple[Columns, list[int]]:
        """Give the columns, and where a number lacks; `times` has one for each value of the answers, or one for all.

        `gaps` are where numbers lacked the last time.
        """
        values = taken(numbers, self.picks)
        for start, stop, divisor in self.divided:
            values[start:stop] = array("d", [value / divisor for value in values[start:stop]])
        stamps = times * len(values) if len(times) == 1 else taken(times, self.pick_times)
        gaps = unfinite(values, gaps)
        return Columns(self.layout, values, stamps, sum(map(math.isnan, map(values.__getitem__, gaps)))), gaps


async def sort_in(found: Series, slots: Iterator[Slot]) -> None:
    """Put series behind those of the same metric; of two that are the same the last one stays. Others run in between."""
    while some := list(islice(slots, _AT_ONCE)):
        for slot in some:
            found.setdefault(slot.metric, {})[slot.labels] = slot
        await turn()


async def laid_out(found: Series) -> SheetLayout:
    """Lay out the series; others run in between."""
    layout = Layout.of(found)
    await turn()
    ordered = [slot for series in found.values() for slot in series.values()]
    picks = _joined([slot.number for slot in ordered])
    await turn()
    pick_times = _joined([slot.entry for slot in ordered])
    await turn()
    return SheetLayout(layout, picks, pick_times, tuple(_divided(ordered)))


def _joined(positions: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Give start and stop of the runs of positions that follow each other."""
    runs: list[tuple[int, int]] = []
    start = stop = 0
    for position in positions:
        if position != stop:
            runs.append((start, stop))
            start = position
        stop = position + 1
    return tuple(run for run in (*runs, (start, stop)) if run[0] < run[1])


def _divided(ordered: Sequence[Slot]) -> Iterator[tuple[int, int, int]]:
    """Give (start, stop, divisor) of the runs whose numbers have to be divided."""
    start = 0
    for divisor, run in groupby(slot.divisor for slot in ordered):
        stop = start + len(list(run))
        if divisor != 1:
            yield start, stop, divisor
        start = stop
