"""What one source of one target gave, as a table: a column per series, a row per poll, eight bytes per number.

A poll mostly gives the same series in the same order as the one before, so names and labels stand once at the columns'
heads and a poll costs one comparison and one array. Of a layout not even that is compared: it is the same object or it is
not. It knows no bounds and no selectors, and asks no time.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import not_
from struct import error as PackError  # noqa: N812 - it is a type
from struct import pack
from typing import NamedTuple

from mendwatch.model.numbers import unfinite
from mendwatch.model.samples import Layout

#: Stands where a series has no number; no finite number is below it, so that max() is right without a look.
ABSENT = -math.inf
_ABSENT_BYTES = array("d", [ABSENT]).tobytes()

Labels = tuple[str, ...]
#: A column's head: the metric and the values of the metric's own labels.
Head = tuple[str, Labels]

#: A table makes room for new series as long as those that are gone take at most a fifth of it.
_CROWDED = 1.25
#: A layout of more series than this gets a table of its own, as finding their columns in another one would take too long:
#: half a microsecond each.
_MERGED = 10_000


class Row(NamedTuple):
    """One poll: its Unix time, how many samples it has, and a number per column, ABSENT where there is none.

    Columns that came later are beyond the end of an older row.
    """

    at: float
    taken: int
    values: array[float]


class Published(NamedTuple):
    """The samples of one poll, side by side in the order they came; `layout` is the one they are of, if they are."""

    metrics: Sequence[str]
    labels: Sequence[Labels]
    values: list[float] | array[float]
    layout: Layout | None = None


class Table:
    """The polls of one source, oldest first. `takes` tells whether a sample fits its metric's declaration."""

    __slots__ = ("_blanks", "_layout", "_places", "_seen", "_takes", "columns", "labels", "metrics", "rows")

    def __init__(self, takes: Callable[[str, Labels], bool]) -> None:
        self._takes = takes
        self.metrics: Sequence[str] = []
        self.labels: Sequence[Labels] = []
        self.columns: dict[str, Sequence[int]] = {}
        self.rows: deque[Row] = deque()
        #: What the columns were arranged for last.
        self._layout: Layout | None = None
        self._seen: tuple[Sequence[str], Sequence[Labels]] = ([], [])
        #: The column of each published sample, -1 for one that is not taken; None where they are the same.
        self._places: array[int] | None = None
        #: Where the last poll had no number; the next one mostly has none there either.
        self._blanks: list[int] = []

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self.labels)

    def arrange(self, poll: Published) -> bool:
        """Make the columns fit a poll; False where it is so different that a new table is better."""
        if poll.layout is not None and poll.layout is self._layout:
            return True
        if not (poll.labels == self._seen[1] and poll.metrics == self._seen[0]) and not self._fit(poll):
            return False
        self._layout = poll.layout
        return True

    def append(self, values: list[float] | array[float], at: float) -> Row:
        """Add the numbers of a poll that the columns were arranged for; a row without a number is not kept."""
        numbers, self._blanks = _numbers(values, self._blanks)
        absent = len(self._blanks)
        if self._places is not None:
            spread = array("d", [ABSENT]) * len(self)
            for place, number in zip(self._places, numbers, strict=True):
                if place >= 0:
                    spread[place] = number
            numbers, absent = spread, spread.count(ABSENT)
        row = Row(at, len(numbers) - absent, numbers)
        if row.taken:
            self.rows.append(row)
        return row

    def named(self, row: Row) -> Iterable[str]:
        """Give the metrics that have a number in the newest row."""
        if row.taken == len(self):
            return self.columns
        return [metric for metric, columns in self.columns.items() if not _blank(row.values, columns)]

    def read(self, columns: Sequence[int], rows: Iterable[Row]) -> Iterator[tuple[float, ...]]:
        """Give each column's numbers in the rows, ABSENT among them; columns must be in order."""
        return zip(*(_pick(row.values, columns) for row in rows), strict=True)

    def _fit(self, poll: Published) -> bool:
        if poll.layout is not None and not len(self) and self._adopt(poll.layout):
            return True
        if poll.layout is not None and len(self) and len(poll.layout) > _MERGED:
            return False
        heads: dict[Head, int] = {head: at for at, head in enumerate(zip(self.metrics, self.labels, strict=True))}
        places = array("i", self._place(heads, poll))
        if len(self) and len(heads) > _CROWDED * (len(places) - places.count(-1)):
            return False
        self._add(list(heads)[len(self) :])
        same = len(places) == len(self) and all(map(int.__eq__, places, range(len(self))))
        self._places = None if same else places
        self._seen = (self.metrics, self.labels) if same else (poll.metrics, poll.labels)
        return True

    def _adopt(self, layout: Layout) -> bool:
        """Take a layout's series as the columns, run by run; False where one of them is not as it was declared."""
        for metric, start, stop in layout.runs:
            lengths = set(map(len, layout.labels[start:stop]))
            if len(lengths) != 1 or not self._takes(metric, layout.labels[start]):
                return False
        self.metrics, self.labels = layout.metrics, layout.labels
        self.columns = {metric: range(start, stop) for metric, start, stop in layout.runs}
        self._seen = (self.metrics, self.labels)
        return True

    def _place(self, heads: dict[Head, int], poll: Published) -> Iterator[int]:
        """Find each sample's column, naming new ones; a sample that was given twice is taken once."""
        used = bytearray(len(heads) + len(poll.labels))
        for head in zip(poll.metrics, poll.labels, strict=True):
            place = heads.get(head, -1)
            if place < 0 and self._takes(*head):
                place = heads[head] = len(heads)
            yield -1 if place < 0 or used[place] else place
            if place >= 0:
                used[place] = 1

    def _add(self, heads: list[Head]) -> None:
        if not heads:
            return
        columns = {metric: array("i", found) for metric, found in self.columns.items()}
        for at, (metric, _) in enumerate(heads, start=len(self)):
            columns.setdefault(metric, array("i")).append(at)
        self.columns = {**columns}
        self.metrics = [*self.metrics, *(metric for metric, _ in heads)]
        self.labels = [*self.labels, *(labels for _, labels in heads)]


def _numbers(values: list[float] | array[float], blanks: list[int]) -> tuple[array[float], list[int]]:
    """Give the values as floats, ABSENT where one is no finite number, and where that is; `blanks` is where it is expected."""
    if isinstance(values, array):
        numbers, blanks = values[:], unfinite(values, blanks)
        for at in blanks:
            numbers[at] = ABSENT
        return numbers, blanks
    try:
        numbers = array("d", pack(f"{len(values)}d", *values))  # a third of what array() itself takes
    except (PackError, TypeError, OverflowError):
        numbers = array("d", map(_number, values))
    if not _expected(numbers, values, blanks):
        blanks = [*compress(range(len(numbers)), map(not_, map(math.isfinite, numbers)))]
    for at in blanks:
        numbers[at] = ABSENT
    return numbers, blanks


def _expected(numbers: array[float], values: list[float], blanks: list[int]) -> bool:
    """Tell whether just the blanks are no finite numbers: then the sum of the others is finite, unless it overflows."""
    if blanks and (blanks[-1] >= len(numbers) or any(map(math.isfinite, map(numbers.__getitem__, blanks)))):
        return False
    others = values.copy() if blanks else values
    for at in blanks:
        others[at] = 0.0
    try:
        return math.isfinite(sum(others))
    except (TypeError, OverflowError):
        return False


def _blank(values: array[float], columns: Sequence[int]) -> bool:
    """Tell whether no column has a number; of those side by side, such as ten thousand quotas, all bytes are compared at once."""
    if isinstance(columns, range):
        part = values[columns.start : columns.stop].tobytes()
        return part == _ABSENT_BYTES * len(columns)
    return all(values[column] == ABSENT for column in columns)


def _pick(values: array[float], columns: Sequence[int]) -> list[float]:
    there = bisect_left(columns, len(values))
    return [*map(values.__getitem__, columns[:there]), *repeat(ABSENT, len(columns) - there)]


def _number(value: float) -> float:
    try:
        return float(value) if math.isfinite(value) else ABSENT
    except (TypeError, OverflowError):
        return ABSENT
