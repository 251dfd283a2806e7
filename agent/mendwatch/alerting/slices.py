"""Long work in short slices: what may take long gives the loop a turn between two of them.

Work is counted and not timed: no clock is asked, and the same work is cut at the same places everywhere. One unit is about what a
microsecond does on a slow machine, so that a slice stays far below what a person or a scrape would notice.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

#: Work that pauses by yielding, and returns its result.
Steps = Generator[None, None, T]

#: Units of one slice.
SIZE = 2000


class Slices:
    """Counts what was done since the last pause."""

    __slots__ = ("_left", "_size")

    def __init__(self, size: int = SIZE) -> None:
        self._size = self._left = size

    def full(self, units: int) -> bool:
        """Count units of work; tells whether it is time to pause."""
        self._left -= units
        if self._left > 0:
            return False
        self._left = self._size
        return True


def paced(items: Iterable[T], slices: Slices, units: int) -> Iterator[T | None]:
    """Give the items, each of so many units, and None where a pause is due."""
    for item in items:
        if slices.full(units):
            yield None
        yield item


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Give the items in batches."""
    return (items[start : start + size] for start in range(0, len(items), size))


def finished(steps: Steps[T]) -> T:
    """Do all the work at once, without a pause, and give its result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
