"""What the core tells of every target and collector, whatever the provider: up, success, duration, last success.

Pure: from how a target stands to samples. These are the only series that a failed poll changes; the data of the
target keep their last value until they expire. 0 here means "no", never "unknown". Whether a target is up is decided
in `polling`; here it is only written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mendwatch.model.samples import MetricSpec, Sample

#: The source under which all health series of a target are published; no collector may have this name.
SOURCE = "health"


@dataclass(frozen=True, slots=True)
class CollectorHealth:
    """How one collector stands after its last poll: `duration` in seconds, `last_success` None where there was none yet."""

    name: str
    success: bool
    duration: float
    last_success: datetime | None


def specs(prefix: str) -> tuple[MetricSpec, ...]:
    """Declare the health metrics of a provider whose metrics begin with `prefix`."""
    return (
        MetricSpec(
            f"{prefix}_up",
            "Whether the target answers: 1 yes; 0 no, or a collector ran into its deadline and was not answered since.",
        ),
        MetricSpec(
            f"{prefix}_collector_success", "Whether the last poll of this collector succeeded: 1 yes, 0 no.", labels=("collector",)
        ),
        MetricSpec(
            f"{prefix}_collector_duration_seconds",
            "How long the last poll of this collector took.",
            unit="seconds",
            labels=("collector",),
        ),
        MetricSpec(
            f"{prefix}_collector_last_success_timestamp_seconds",
            "When this collector last succeeded, in Unix time; its samples are as old as that.",
            unit="seconds",
            labels=("collector",),
        ),
    )


def samples(prefix: str, collectors: Iterable[CollectorHealth], *, up: bool | None) -> tuple[Sample, ...]:
    """Give all health samples of one target.

    Leave out collectors that were never polled; `up` is None as long as nothing is known. Neither gives a series then.
    """
    known = () if up is None else (Sample(f"{prefix}_up", float(up)),)
    ordered = sorted(collectors, key=lambda one: one.name)
    return (*known, *(sample for one in ordered for sample in _of_collector(prefix, one)))


def _of_collector(prefix: str, collector: CollectorHealth) -> list[Sample]:
    labels = (collector.name,)
    found = [
        Sample(f"{prefix}_collector_success", float(collector.success), labels),
        Sample(f"{prefix}_collector_duration_seconds", collector.duration, labels),
    ]
    if collector.last_success is not None:
        name = f"{prefix}_collector_last_success_timestamp_seconds"
        found.append(Sample(name, collector.last_success.timestamp(), labels))
    return found
