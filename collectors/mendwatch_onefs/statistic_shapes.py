"""The shapes that the value of a statistic can have, and how each becomes rows of numbers.

Most values are one number. Others are lists of operations or of drives. Every shape has two ways in: `outline` is the
type that the quick decoder checks while it decodes; `tidy` makes the same of anything, number by number, when that fails.
Then `rows` tells which things a value is about, and `numbers` gives one list of numbers per field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mendwatch_onefs.decoding import flag, name_of, number, quantity

Number = float | None
#: The names of the things that each entry of an answer is about: one row each.
Rows = list[list[tuple[str, ...]]]
#: Notes that something was not understood.
Odd = Callable[[], None]

#: Operations that only wait for something to happen: their time says nothing about the storage.
WAITING = frozenset({"change_notify", "read_directory_change"})
OPERATION_FIELDS = ("op_rate", "in_rate", "out_rate", "time_avg")
COUNT_FIELDS = ("hits", "misses")


class Operation(msgspec.Struct, gc=False):
    """One entry of a protocol's list of operations. Rates are per second; the time is in microseconds."""

    op_name: str | None = None
    class_name: str | None = None
    op_rate: Number = None
    in_rate: Number = None
    out_rate: Number = None
    time_avg: Number = None


class Counts(msgspec.Struct, gc=False):
    """What a cache has counted."""

    hits: Number = None
    misses: Number = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape. `weight` is how many numbers one value has, roughly; `labels` name what tells the rows of a value apart."""

    name: str
    weight: int
    outline: Any
    tidy: Callable[[Any, Odd], Any]
    numbers: Callable[[Sequence[Any]], tuple[list[Number], ...]]
    fields: tuple[str, ...] = ("",)
    labels: tuple[str, ...] = ()
    rows: Callable[[Sequence[Any]], Rows] | None = None


def _scalar(raw: Any, odd: Odd) -> Number:  # noqa: ANN401 - foreign data
    """Give a number, also of a truth and of text."""
    if raw is None or type(raw) is float:
        return number(raw)
    truth = flag(raw) if isinstance(raw, bool) or (isinstance(raw, str) and raw.isalpha()) else None
    found = number(raw) if truth is None else float(truth)
    if found is None:
        odd()
    return found


def _scalars(values: Sequence[Any]) -> tuple[list[Number], ...]:
    return (values,)  # type: ignore[return-value] # they are only read


def _dicts(raw: Any, odd: Odd) -> list[dict[str, Any]]:  # noqa: ANN401 - foreign data
    """Give the objects of a list, or of one object alone; anything else is left out."""
    entries = raw if isinstance(raw, list) else [raw] if isinstance(raw, dict) else []
    found = [entry for entry in entries if isinstance(entry, dict)]
    if len(found) < len(entries) or (raw is not None and not isinstance(raw, list | dict)):
        odd()
    return found


def _measured(raw: Any, odd: Odd) -> Number:  # noqa: ANN401 - foreign data
    found = quantity(raw)
    if found is None and raw is not None:
        odd()
    return found


def _operations(raw: Any, odd: Odd) -> list[Operation] | None:  # noqa: ANN401 - foreign data
    if raw is None:
        return None
    found = [_operation(one, odd) for one in _dicts(raw, odd)]
    lost = len(raw) - len(found) if isinstance(raw, list) else 0
    return found + [_NOBODY] * lost  # a sum must know that there was one more


def _operation(one: Mapping[str, Any], odd: Odd) -> Operation:
    op_rate, in_rate, out_rate, time_avg = (_measured(one.get(field), odd) for field in OPERATION_FIELDS)
    return Operation(name_of(one.get("op_name")), name_of(one.get("class_name")), op_rate, in_rate, out_rate, time_avg)


def _fields_of(operations: Sequence[Operation]) -> tuple[list[Number], ...]:
    return (
        [one.op_rate for one in operations],
        [one.in_rate for one in operations],
        [one.out_rate for one in operations],
        [one.time_avg for one in operations],
    )


_NOBODY = Operation()


def _totals(values: Sequence[list[Operation] | None]) -> tuple[list[Number], ...]:
    """Give the one operation of each value; a list of several is no total."""
    return _fields_of([value[0] if type(value) is list and len(value) == 1 else _NOBODY for value in values])


def _sums(values: Sequence[list[Operation] | None]) -> tuple[list[Number], ...]:
    """Give what all operations of each value are together."""
    return _fields_of([_sum(value) if type(value) is list else _NOBODY for value in values])


def _sum(operations: Sequence[Operation]) -> Operation:
    """Add the rates, and give the average time; what is unknown of one is unknown of all, for a part is no sum."""
    if not operations:
        return _NOBODY
    return Operation(
        None,
        None,
        _added([one.op_rate for one in operations]),
        _added([one.in_rate for one in operations]),
        _added([one.out_rate for one in operations]),
        _average(operations),
    )


def _average(operations: Sequence[Operation]) -> Number:
    """Give the average time of the operations that do not wait, weighted by how often they happen."""
    busy = spent = 0.0
    for one in operations:
        if one.op_name in WAITING or one.op_rate == 0:
            continue
        if one.op_name is None or one.op_rate is None or one.time_avg is None:
            return None
        busy += one.op_rate
        spent += one.op_rate * one.time_avg
    return spent / busy if busy else None


def _added(rates: list[Number]) -> Number:
    try:
        return sum(rates)  # type: ignore[arg-type] # it refuses None, at the price of no look at each
    except TypeError:
        return None


def _each(values: Sequence[list[Operation] | None]) -> tuple[list[Number], ...]:
    """Give every operation; the time of one that waits is left out."""
    return _fields_of([_timed(one) for value in values for one in _listed(value)])


def _listed(value: Any) -> list[Operation]:  # noqa: ANN401 - the quick decoder takes a number as well, for other keys
    return value if type(value) is list else []


def _timed(one: Operation) -> Operation:
    if one.op_name is not None and one.op_name not in WAITING:
        return one
    return Operation(one.op_name, one.class_name, one.op_rate, one.in_rate, one.out_rate)


def _named(values: Sequence[list[Operation] | None]) -> Rows:
    return [[(one.op_name or "", one.class_name or "") for one in _listed(value)] for value in values]


Drives = list[dict[str, Number]]


def _drives(raw: Any, odd: Odd) -> Drives | None:  # noqa: ANN401 - foreign data
    if raw is None:
        return None
    return [{drive: _scalar(value, odd) for drive, value in entry.items()} for entry in _dicts(raw, odd)]


def _drive_numbers(values: Sequence[Drives | None]) -> tuple[list[Number], ...]:
    return ([number for value in values for entry in value or () for number in entry.values()],)


def _drive_rows(values: Sequence[Drives | None]) -> Rows:
    return [[(drive,) for entry in value or () for drive in entry] for value in values]


def _counts(raw: Any, odd: Odd) -> Counts | None:  # noqa: ANN401 - foreign data
    """Give what an object counts; what else it has is left out without a word, since caches tell all sorts."""
    found = _dicts(raw, odd) if raw is not None else []
    return Counts(*(_measured(found[0].get(field), odd) for field in COUNT_FIELDS)) if len(found) == 1 else None


def _count_numbers(values: Sequence[Counts | None]) -> tuple[list[Number], ...]:
    known = [value if type(value) is Counts else _NOTHING for value in values]
    return [one.hits for one in known], [one.misses for one in known]


_NOTHING = Counts()
_OPERATIONS = list[Operation] | None
#: One number.
SCALAR = Shape("scalar", 1, Number, _scalar, _scalars)
#: A list with one entry, which is about all operations.
TOTAL = Shape("total", 4, _OPERATIONS, _operations, _totals, OPERATION_FIELDS)
#: A list of single operations, of which only the sum is wanted.
SUM = Shape("sum", 12, _OPERATIONS, _operations, _sums, OPERATION_FIELDS)
#: A list of single operations, all wanted.
OPERATIONS = Shape("operations", 40, _OPERATIONS, _operations, _each, OPERATION_FIELDS, ("operation", "class"), _named)
#: One number per drive; its rows are named by an index, which `statistics_bays` turns into the bay.
DRIVES = Shape("drives", 36, Drives | None, _drives, _drive_numbers, labels=("bay",), rows=_drive_rows)
#: Hits and misses since the node was started.
COUNTS = Shape("counts", 2, Counts | None, _counts, _count_numbers, COUNT_FIELDS)


def names_of(rows: Rows) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Give (number of the entry, names) for each row."""
    for at, entry in enumerate(rows):
        for names in entry:
            yield at, names
