"""What one source of one target gave, as a table: a column per series, a row per poll, eight bytes per number.

A poll mostly gives the same series in the same order as the one before, so names and labels stand once at the columns'
heads and a poll costs one comparison and one array. It knows no bounds and no selectors, and asks no time.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

#: Stands where a series has no number; no finite number is below it, so that max() is right without a look.
ABSENT = -math.inf

Labels = tuple[str, ...]
#: A column's head: the metric and the values of the metric's own labels.
Head = tuple[str, Labels]

#: A table makes room for new series as long as those that are gone take at most a fifth of it.
_CROWDED = 1.25


class Row(NamedTuple):
    """One poll: its Unix time, how many samples it has, and a number per column, ABSENT where there is none.

    Columns that came later are beyond the end of an older row.
    """

    at: float
    taken: int
    values: array[float]


class Published(NamedTuple):
    """The samples of one poll, side by side in the order they came."""

    metrics: list[str]
    labels: list[Labels]
    values: list[float]


class Table:
    """The polls of one source, oldest first. `takes` tells whether a sample fits its metric's declaration."""

    __slots__ = ("_named", "_places", "_seen", "_takes", "columns", "labels", "metrics", "rows", "width")

    def __init__(self, takes: Callable[[str, Labels], bool]) -> None:
        self._takes = takes
        self.metrics: list[str] = []
        self.labels: list[Labels] = []
        self.columns: dict[str, array[int]] = {}
        self.rows: deque[Row] = deque()
        #: How many series the newest poll gave.
        self.width = 0
        self._seen: tuple[list[str], list[Labels]] = ([], [])
        #: The column of each published sample, -1 for one that is not taken; None where they are the same.
        self._places: array[int] | None = None
        self._named: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self.labels)

    def arrange(self, poll: Published) -> bool:
        """Make the columns fit a poll; False where it is so different that a new table is better."""
        if poll.labels == self._seen[1] and poll.metrics == self._seen[0]:
            return True
        heads: dict[Head, int] = {head: at for at, head in enumerate(zip(self.metrics, self.labels, strict=True))}
        places = array("i", self._place(heads, poll))
        width = len(places) - places.count(-1)
        if len(self) and len(heads) > _CROWDED * width:
            return False
        self._add(list(heads)[len(self) :])
        same = len(places) == len(self) and all(map(int.__eq__, places, range(len(self))))
        self._places = None if same else places
        self._seen = (self.metrics, self.labels) if same else (poll.metrics, poll.labels)
        self._named = tuple({self.metrics[place] for place in places if place >= 0})
        self.width = width
        return True

    def append(self, values: list[float], at: float) -> Row:
        """Add the numbers of a poll that the columns were arranged for; a row without a number is not kept."""
        numbers = _numbers(values)
        if self._places is not None:
            spread = array("d", [ABSENT]) * len(self)
            for place, number in zip(self._places, numbers, strict=True):
                if place >= 0:
                    spread[place] = number
            numbers = spread
        row = Row(at, len(numbers) - numbers.count(ABSENT), numbers)
        if row.taken:
            self.rows.append(row)
        return row

    def named(self, row: Row) -> Iterable[str]:
        """Give the metrics that have a number in the newest row."""
        if row.taken == self.width:
            return self._named
        return {metric for metric, number in zip(self.metrics, row.values, strict=True) if number != ABSENT}

    def read(self, columns: Sequence[int], rows: Iterable[Row]) -> Iterator[tuple[float, ...]]:
        """Give each column's numbers in the rows, ABSENT among them; columns must be in order."""
        return zip(*(_pick(row.values, columns) for row in rows), strict=True)

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
        for metric, labels in heads:
            columns = self.columns.get(metric)
            if columns is None:
                columns = self.columns[metric] = array("i")
            columns.append(len(self.labels))
            self.metrics.append(metric)
            self.labels.append(labels)


def _numbers(values: list[float]) -> array[float]:
    """Give the values as floats, ABSENT where one is no finite number."""
    try:
        found = array("d", values)
    except (TypeError, OverflowError):
        return array("d", [_number(value) for value in values])
    return found if all(map(math.isfinite, found)) else array("d", [_number(value) for value in found])


def _pick(values: array[float], columns: Sequence[int]) -> list[float]:
    there = bisect_left(columns, len(values))
    return [*map(values.__getitem__, columns[:there]), *repeat(ABSENT, len(columns) - there)]


def _number(value: float) -> float:
    try:
        return float(value) if math.isfinite(value) else ABSENT
    except (TypeError, OverflowError):
        return ABSENT
