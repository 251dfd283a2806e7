"""What does not change from one answer to the next: which value is whose, and where its numbers go.

A cluster answers the same question in the same order until nodes or drives come or go. So what an answer is about is worked out
once and kept as a frame; after that an answer's numbers are taken by position. Every answer is compared with the frame first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from mendwatch_onefs.statistic_shapes import DRIVES, Number, Rows, Shape, names_of
from mendwatch_onefs.statistics_answers import Answer
from mendwatch_onefs.statistics_asks import Ask
from mendwatch_onefs.statistics_bays import Bays, bay_of
from mendwatch_onefs.statistics_choice import Term

#: No cluster has a node with a larger number.
_MOST = 65_535
Take = Callable[[Sequence[Any]], Sequence[Any]]


class Slot(NamedTuple):
    """One series: its name, the position of its number and of its time, and what the number is divided by."""

    metric: str
    labels: tuple[str, ...]
    number: int
    entry: int
    divisor: int


@dataclass(frozen=True, slots=True)
class _Column:
    """One metric that a key gives, as it is needed for every single series: the key's own labels, the number of its field."""

    metric: str
    labels: tuple[str, ...]
    field: int
    divisor: int
    per_node: bool


def _column(term: Term) -> _Column:
    one = term.statistic
    return _Column(one.metric, one.label_values, one.shape.fields.index(one.field), term.divisor, one.per_node)


@dataclass(frozen=True, slots=True)
class _Portion:
    """The values of one shape: which they are, and how to take them out of all."""

    shape: Shape
    entries: tuple[int, ...]
    take: Take


def taking(positions: Sequence[int], of: int) -> Take:
    """Give what takes the values at these positions out of `of` many."""
    if list(positions) == list(range(of)):
        return lambda values: values
    if len(positions) == 1:
        (at,) = positions
        return lambda values: (values[at],)
    return itemgetter(*positions) if positions else lambda _: ()


class Frame:
    """What the answers to one request are about, as long as that stays the same."""

    def __init__(self, ask: Ask, answer: Answer) -> None:
        self.keys, self.devids, self.nodes = answer.keys, answer.devids, answer.nodes
        self._columns = {
            (one.key, shape.name): tuple(_column(term) for term in one.terms if term.statistic.shape is shape)
            for one in ask.wanted
            for shape in ask.shapes
        }
        #: Each node's label once: series of a hundred metrics share it.
        self._names: dict[int, tuple[str, ...]] = {}
        self._portions = tuple(_portions(ask, answer.keys))
        self._rows = [_rows(portion, answer.values) for portion in self._portions]

    def fits(self, answer: Answer) -> bool:
        """Tell whether an answer is about the same: the same keys, devices and nodes in the same order, and the same rows."""
        return (
            answer.keys == self.keys
            and answer.devids == self.devids
            and answer.nodes == self.nodes
            and all(
                known is None or _rows(portion, answer.values) == known
                for portion, known in zip(self._portions, self._rows, strict=True)
            )
        )

    def numbers(self, answer: Answer) -> list[Number]:
        """Give all numbers of an answer that fits: shape by shape, field by field."""
        flat: list[Number] = []
        for portion in self._portions:
            for column in portion.shape.numbers(portion.take(answer.values)):
                flat += column
        return flat

    def slots(self, lnns: Mapping[int, int], bays: Bays, behind: tuple[int, int] = (0, 0)) -> Iterator[Slot]:
        """Give the series; `lnns` maps devices to logical numbers, for answers that do not tell them.

        A value of a node or of a disk that nobody can name gives none. `behind` so many numbers and values of other frames.
        """
        start, passed = behind
        for portion, rows in zip(self._portions, self._rows, strict=True):
            named = [(entry, ()) for entry in portion.entries] if rows is None else _named(portion, rows)
            for at, (entry, names) in enumerate(named):
                told = self._placed(entry, names, bays) if portion.shape is DRIVES else names
                if told is not None:
                    yield from self._series(portion.shape, entry, told, (start + at, len(named), passed), lnns)
            start += len(named) * len(portion.shape.fields)

    @property
    def about_disks(self) -> bool:
        """Whether there is something to place in a bay."""
        return any(portion.shape is DRIVES and portion.entries for portion in self._portions)

    def misplaced(self, bays: Bays) -> int:
        """Count the values of disks whose bay nobody knows."""
        return sum(
            self._placed(entry, names, bays) is None
            for portion, rows in zip(self._portions, self._rows, strict=True)
            if portion.shape is DRIVES and rows is not None
            for entry, names in _named(portion, rows)
        )

    def _placed(self, entry: int, names: tuple[str, ...], bays: Bays) -> tuple[str, ...] | None:
        bay = bay_of(self.devids[entry], names[0], bays)
        return None if bay is None else (bay,)

    def _series(
        self, shape: Shape, entry: int, names: tuple[str, ...], place: tuple[int, int, int], lnns: Mapping[int, int]
    ) -> Iterator[Slot]:
        first, stride, passed = place
        for column in self._columns[self.keys[entry], shape.name]:
            lnn = self._lnn(entry, lnns) if column.per_node else ()
            if lnn is not None:
                yield Slot(
                    column.metric, lnn + column.labels + names, first + stride * column.field, passed + entry, column.divisor
                )

    def _lnn(self, entry: int, lnns: Mapping[int, int]) -> tuple[str, ...] | None:
        """Give the logical number of the value's node as a label; None where nobody knows it."""
        lnn = self.nodes[entry] or lnns.get(self.devids[entry] or 0)
        if not lnn or not 0 < lnn <= _MOST:
            return None
        return self._names.get(lnn) or self._names.setdefault(lnn, (str(lnn),))


def _portions(ask: Ask, keys: Sequence[str]) -> Iterator[_Portion]:
    shapes = {one.key: {term.statistic.shape.name for term in one.terms} for one in ask.wanted}
    for shape in ask.shapes:
        entries = tuple(at for at, key in enumerate(keys) if shape.name in shapes[key])
        yield _Portion(shape, entries, taking(entries, len(keys)))


def _rows(portion: _Portion, values: Sequence[Any]) -> Rows | None:
    return portion.shape.rows(portion.take(values)) if portion.shape.rows is not None else None


def _named(portion: _Portion, rows: Rows) -> list[tuple[int, tuple[str, ...]]]:
    return [(portion.entries[at], names) for at, names in names_of(rows)]
