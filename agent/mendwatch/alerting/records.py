"""Which numbers of a reading make which record. Pure.

All numbers of one reading that share the labels of a schema are one look at a subject. Where they come in columns, which number
belongs where is worked out once per layout, and only for the metrics of the schema: the other hundred thousand numbers are never
touched.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from typing import Any

from mendwatch.alerting.slices import Slices, Steps
from mendwatch.model.samples import Columns, Layout, MetricSpec, RecordSchema
from mendwatch.model.targets import Target

#: A subject by the values of its schema's labels; a number for each field of the schema, NaN or infinite where there is none (None:
#: it was named, and has no number); and when each was measured, in epoch seconds, NaN or None where that was when it was read.
Look = tuple[tuple[str, ...], Sequence[float] | None, Sequence[float] | None]

Pick = Callable[[Sequence[float]], Sequence[float]]

_NAN = array("d", [math.nan])
#: Heads that are looked at between two chances to pause.
_CHUNK = 1000
_UNITS = _CHUNK // 2


class Shape:
    """Where a schema's fields come from: for each metric the field's place, and how to reorder its labels (None: as they are)."""

    __slots__ = ("_metrics", "fields", "places")

    def __init__(self, schema: RecordSchema, metrics: Iterable[MetricSpec]) -> None:
        by_name = {metric.name: metric for metric in metrics}
        self.fields = tuple(schema.fields)
        self._metrics = dict(schema.fields)
        self.places: dict[str, tuple[int, tuple[int, ...] | None]] = {}
        for at, metric in enumerate(schema.fields.values()):
            own = by_name[metric].labels if metric in by_name else schema.labels
            order = None if own == schema.labels else tuple(own.index(label) for label in schema.labels)
            self.places[metric] = (at, order)

    def series(self, field: str, subject: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Give the metric of a subject's field, and its label values in the metric's own order."""
        metric = self._metrics[field]
        order = self.places[metric][1]
        if order is None:
            return metric, subject
        own = dict(zip(order, subject, strict=True))
        return metric, tuple(own[at] for at in range(len(subject)))

    def blank(self) -> list[float]:
        """Give a look without a number."""
        return [math.nan] * len(self.fields)


@dataclass(frozen=True, slots=True)
class Plan:
    """Which numbers of some layouts make which subject's look."""

    layouts: tuple[Layout, ...]
    parts: tuple[int, ...]
    picks: Mapping[tuple[str, ...], Pick]

    def fits(self, columns: Sequence[Columns]) -> bool:
        """Tell whether these columns have just the layouts that the plan was made for."""
        return len(columns) == len(self.layouts) and all(
            one.layout is layout for one, layout in zip(columns, self.layouts, strict=True)
        )

    def looks(self, columns: Sequence[Columns]) -> Iterator[Look]:
        """Give the look of every subject that has a number."""
        if not self.picks:
            return
        chosen = [columns[at] for at in self.parts]
        values = _ended([one.values for one in chosen])
        times = _times(chosen)
        for subject, pick in self.picks.items():
            found = pick(values)
            if any(map(math.isfinite, found)):
                yield subject, found, None if times is None else pick(times)


def planned(shape: Shape, columns: Sequence[Columns], slices: Slices) -> Steps[Plan]:
    """Work out where each subject's numbers stand."""
    parts = tuple(at for at, one in enumerate(columns) if any(run.metric in shape.places for run in one.layout.runs))
    beyond = sum(len(columns[at].layout) for at in parts)  # where the NaN of a field without a series stands
    rows: dict[tuple[str, ...], list[int]] = {}
    offset = 0
    for at in parts:
        for subject, field, place in _heads(shape, columns[at].layout, offset):
            row = rows.get(subject)
            if row is None:
                row = rows[subject] = [beyond] * len(shape.fields)
            row[field] = place
            if not place % _CHUNK and slices.full(_UNITS):
                yield
        offset += len(columns[at].layout)
    return Plan(tuple(one.layout for one in columns), parts, (yield from _picks(rows, slices)))


def labels(schema: RecordSchema, target: Target, target_label: str, subject: tuple[str, ...]) -> dict[str, str]:
    """Give all labels of one record: the operator's, then the schema's, then the target's own, which nothing overrides."""
    return {**target.labels, **dict(zip(schema.labels, subject, strict=True)), target_label: target.id}


def _heads(shape: Shape, layout: Layout, offset: int) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Give for each series of the schema its subject, its field and its place."""
    for run in layout.runs:
        found = shape.places.get(run.metric)
        if found is not None:
            field, order = found
            for at in range(run.start, run.stop):
                own = layout.labels[at]
                yield own if order is None else tuple([own[index] for index in order]), field, offset + at


def _picks(rows: Mapping[tuple[str, ...], list[int]], slices: Slices) -> Steps[dict[tuple[str, ...], Pick]]:
    picks: dict[tuple[str, ...], Pick] = {}
    for subject, row in rows.items():
        picks[subject] = picker(row)
        if slices.full(1):
            yield
    return picks


def picker(places: Sequence[int]) -> Pick:
    """Give what takes the numbers at some places, as a sequence however few they are."""
    if len(places) > 1:
        pick: Any = itemgetter(*places)
        return pick  # type: ignore[no-any-return]
    return lambda numbers: [numbers[place] for place in places]


def _times(chosen: Sequence[Columns]) -> Sequence[float] | None:
    if all(one.times is None for one in chosen):
        return None
    return _ended([one.times or [math.nan] * len(one.values) for one in chosen])


def _ended(parts: Sequence[Sequence[float]]) -> Sequence[float]:
    """Give the numbers of all parts, and NaN behind them; an array is copied as a whole."""
    if len(parts) == 1 and isinstance(parts[0], array):
        return parts[0] + _NAN
    return [*chain.from_iterable(parts), math.nan]
