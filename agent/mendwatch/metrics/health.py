"""What the core tells of every target and collector, whatever the provider: up, success, state, duration, series, last success.

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
#: The states of a collector that are told apart: `failing` is whatever else went wrong.
OK, FAILING, DENIED, UNSUPPORTED, OVER_BUDGET = "ok", "failing", "denied", "unsupported", "over_budget"
_STANDING = frozenset({OK, DENIED, UNSUPPORTED, OVER_BUDGET})


@dataclass(frozen=True, slots=True)
class CollectorHealth:
    """How one collector stands after its last poll: `duration` in seconds, `last_success` None where there was none yet.

    `state` is the error's word (`denied`, `unsupported`, ...) or `ok`; `series` how many the last success gave, of `budget`.
    """

    name: str
    success: bool
    duration: float
    last_success: datetime | None
    state: str = OK
    series: int | None = None
    budget: int | None = None


def specs(prefix: str) -> tuple[MetricSpec, ...]:
    """Declare the health metrics of a provider whose metrics begin with `prefix`."""
    return (
        MetricSpec(
            f"{prefix}_up",
            "Whether the target answers: 1 yes; 0 no, or a collector ran into its deadline and was not answered since.",
        ),
        MetricSpec(
            f"{prefix}_collector_success",
            "Whether the last poll of this collector succeeded: 1 yes, 0 no; absent where this release has nothing for it to read.",
            labels=("collector",),
        ),
        MetricSpec(
            f"{prefix}_collector_state",
            "The state of this collector after its last poll, as 1: ok, failing, denied, unsupported or over_budget.",
            labels=("collector", "state"),
        ),
        MetricSpec(
            f"{prefix}_collector_series", "Series that the last successful poll of this collector gave.", labels=("collector",)
        ),
        MetricSpec(
            f"{prefix}_collector_budget_series",
            "Series that one poll of this collector may give; a poll that gives more fails.",
            labels=("collector",),
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
    state = collector.state if collector.state in _STANDING else FAILING
    known = {
        "success": None if state == UNSUPPORTED else float(collector.success),
        "duration_seconds": collector.duration,
        "last_success_timestamp_seconds": collector.last_success.timestamp() if collector.last_success is not None else None,
        "series": collector.series,
        "budget_series": collector.budget,
    }
    found = [Sample(f"{prefix}_collector_{name}", float(value), labels) for name, value in known.items() if value is not None]
    return [*found, Sample(f"{prefix}_collector_state", 1.0, (collector.name, state))]
