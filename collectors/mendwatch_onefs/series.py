"""From what a collector understood to samples: what is unknown gives none, and no series is given twice.

An answer that says two things of one series is believed in neither: nothing tells which of them is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from mendwatch.model.samples import MetricSpec, RecordSchema, Sample
from mendwatch_onefs.drift import Drift

#: A metric, its label values, and its value or None where that is unknown.
Finding = tuple[MetricSpec, tuple[str, ...], float | None]


def all_found(schemas: Iterable[RecordSchema], findings: Sequence[Finding]) -> frozenset[str]:
    """Name the schemas of which everything that was found has a number of its own.

    What a damaged field hides must not pass for gone: its alerts would end. So whoever finds something that cannot be named gives
    a finding without a value, with as many labels as are known.
    """
    known = {(spec.name, labels) for spec, labels, value in findings if value is not None}
    hidden = {(spec.name, labels) for spec, labels, value in findings if value is None}
    return frozenset(schema.name for schema in schemas if _subjects(schema, hidden) <= _subjects(schema, known))


def _subjects(schema: RecordSchema, series: Iterable[tuple[str, tuple[str, ...]]]) -> set[tuple[str, ...]]:
    fields = set(schema.fields.values())
    return {labels for metric, labels in series if metric in fields}


def samples(findings: Iterable[Finding], now: datetime, resource: str, drift: Drift) -> tuple[Sample, ...]:
    """Give one sample for each series that has one value; contradictions are counted under `resource`."""
    found: dict[tuple[str, tuple[str, ...]], float | None] = {}
    for spec, labels, value in findings:
        if value is None:
            continue
        series, told = (spec.name, labels), float(value)
        if found.setdefault(series, told) != told:
            found[series] = None
            drift.odd(f"{resource}: two values of one series")
    return tuple(Sample(metric, value, labels, now) for (metric, labels), value in found.items() if value is not None)
