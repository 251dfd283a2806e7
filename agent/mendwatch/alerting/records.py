"""From a collector's samples to records: what each subject looked like at one moment. Pure.

All samples of one reading that share the labels of a schema make one record. A field without a finite sample has no value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mendwatch.model.alerts import Record
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.model.targets import Target


@dataclass(slots=True)
class _Draft:
    values: dict[str, float] = field(default_factory=dict)
    times: dict[str, datetime] = field(default_factory=dict)


def _group(schema: RecordSchema, metrics: Iterable[MetricSpec], reading: Reading, now: datetime) -> dict[tuple[str, ...], _Draft]:
    """Gather the samples of each subject, by the values of the schema's labels."""
    places = _places(schema, metrics)
    drafts: dict[tuple[str, ...], _Draft] = {}
    for sample in reading.each():
        place = places.get(sample.metric)
        if place is None or not math.isfinite(sample.value):
            continue
        name, order = place
        subject = sample.labels if order is None else tuple(sample.labels[index] for index in order)
        draft = drafts.get(subject)
        if draft is None:
            draft = drafts[subject] = _Draft()
        draft.values[name] = sample.value
        # Of one field and subject given twice, the last value stands, and so does its time.
        draft.times.pop(name, None)
        if sample.time is not None and sample.time < now:
            draft.times[name] = sample.time
    return drafts


def records(
    schema: RecordSchema, metrics: Iterable[MetricSpec], target: Target, target_label: str, reading: Reading, now: datetime
) -> list[Record]:
    """Give the records of one schema in one reading.

    `now` is when the poll began. A record is as old as its oldest sample, and never younger than the poll: what was
    measured before a change must not pass as measured after it.
    """
    return [
        Record(
            schema.name,
            target.id,
            labels(schema, target, target_label, subject),
            draft.values,
            min(draft.times.values(), default=now),
            now,
            draft.times,
        )
        for subject, draft in _group(schema, metrics, reading, now).items()
    ]


def labels(schema: RecordSchema, target: Target, target_label: str, subject: tuple[str, ...]) -> dict[str, str]:
    """Give all labels of one record: the operator's, then the schema's, then the target's own, which nothing overrides."""
    return {**target.labels, **dict(zip(schema.labels, subject, strict=True)), target_label: target.id}


def _places(schema: RecordSchema, metrics: Iterable[MetricSpec]) -> Mapping[str, tuple[str, tuple[int, ...] | None]]:
    """Give for each metric its field's name and how to reorder its labels (None: as they are)."""
    by_name = {metric.name: metric for metric in metrics}
    places: dict[str, tuple[str, tuple[int, ...] | None]] = {}
    for name, metric in schema.fields.items():
        own = by_name[metric].labels if metric in by_name else schema.labels
        places[metric] = (name, None if own == schema.labels else tuple(own.index(label) for label in schema.labels))
    return places
