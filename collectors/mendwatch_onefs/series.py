"""From what a collector understood to samples: what is unknown gives none, and no series is given twice.

An answer that says two things of one series is believed in neither: nothing tells which of them is true.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mendwatch.model.samples import MetricSpec, Sample
from mendwatch_onefs.drift import Drift

#: A metric, its label values, and its value or None where that is unknown.
Finding = tuple[MetricSpec, tuple[str, ...], float | None]


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
