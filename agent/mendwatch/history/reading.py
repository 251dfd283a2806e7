"""From selected columns to ranked series: the numbers of a window, counted first and read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mendwatch.errors import UserError
from mendwatch.history.answers import Point
from mendwatch.history.selection import MAX_SERIES, Part, too_many
from mendwatch.history.tables import ABSENT, Labels, Row

#: So many numbers one query may read.
MAX_NUMBERS = 300_000

#: Times and numbers side by side, ABSENT among the numbers.
_Chunk = tuple[Sequence[float], Sequence[float]]
#: What is one series, whatever source or table it comes from: target, target label, operator's labels, metric, own labels.
_Key = tuple[str, str, tuple[tuple[str, str], ...], str, Labels]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One series that has a number in the window."""

    metric: str
    labels: Mapping[str, str]
    chunks: Sequence[_Chunk]

    def points(self) -> list[Point]:
        """Give the numbers with their times, oldest first."""
        found = [point for chunk in self.chunks for point in zip(*chunk, strict=True) if point[1] != ABSENT]
        return found if len(self.chunks) == 1 else sorted(found, key=lambda point: point[0])


def rank(parts: Sequence[Part], start: float, end: float, names: Callable[[str], Sequence[str]]) -> list[Ranked]:
    """Read the window, both ends included, and put the series with the largest maximum first.

    Raises:
        UserError: the series or their numbers are too many.
    """
    windows = [(part, [row for row in part.table.rows if start <= row.at <= end]) for part in parts]
    _refuse_too_much([(part, rows) for part, rows in windows if rows])
    chunks: dict[_Key, list[_Chunk]] = {}
    fixed: dict[_Key, Mapping[str, str]] = {}
    for part, rows in windows:
        for key, chunk in _read(part, rows):
            chunks.setdefault(key, []).append(chunk)
            fixed[key] = part.source.fixed
    if len(chunks) > MAX_SERIES:
        raise too_many()
    tops = {key: max(max(numbers) for _, numbers in found) for key, found in chunks.items()}
    ranked = sorted((key for key, top in tops.items() if top > ABSENT), key=lambda key: (-tops[key], key[3], key[0], key[4]))
    return [Ranked(key[3], {**dict(zip(names(key[3]), key[4], strict=True)), **fixed[key]}, chunks[key]) for key in ranked]


def newest(parts: Sequence[Part]) -> float | None:
    """Give the time of the newest number of the selected columns."""
    found = [row.at for part in parts for row in _last_row(part)]
    return max(found, default=None)


def _refuse_too_much(windows: Sequence[tuple[Part, Sequence[Row]]]) -> None:
    columns = sum(len(part.columns) for part, _ in windows)
    if columns > MAX_SERIES * 5:  # the same series may stand in several tables, but hardly in five
        raise too_many()
    numbers = sum(len(part.columns) * len(rows) for part, rows in windows)
    if numbers > MAX_NUMBERS:
        raise UserError(
            f"the window has {numbers} numbers of {columns} series; one query may read {MAX_NUMBERS}",
            hint="Ask for a shorter window, or add a label matcher.",
        )


def _read(part: Part, rows: Sequence[Row]) -> Iterator[tuple[_Key, _Chunk]]:
    table, owner = part.table, part.source.key
    times = [row.at for row in rows]
    for column, numbers in zip(part.columns, table.read(part.columns, rows), strict=False):
        yield (*owner[:3], table.metrics[column], table.labels[column]), (times, numbers)


def _last_row(part: Part) -> Iterator[Row]:
    for row in reversed(part.table.rows):
        if any(column < len(row.values) and row.values[column] != ABSENT for column in part.columns):
            yield row
            return
