"""What the core tells of every target and collector, whatever the provider: up, success, duration, last success.

Pure: from the outcome of a poll to samples. These are the only series that a failed poll changes; the data of the
target keep their last value until they expire. 0 here means "no", never "unknown".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mendwatch.errors import AuthenticationFailed, TargetError, Unreachable
from mendwatch.model.samples import MetricSpec, Sample

#: The source under which all health series of a target are published; no collector may have this name.
SOURCE = "health"


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """How one poll of one collector ended: `duration` in seconds, `error` None where it succeeded.

    `last_success` is when this collector last succeeded, this poll included; None where it never did.
    """

    collector: str
    at: datetime
    duration: float
    error: Exception | None
    last_success: datetime | None


def specs(prefix: str) -> tuple[MetricSpec, ...]:
    """Declare the health metrics of a provider whose metrics begin with `prefix`."""
    return (
        MetricSpec(f"{prefix}_up", "Whether the target answered when it was last asked: 1 yes, 0 no."),
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


def samples(prefix: str, outcomes: Mapping[str, PollOutcome]) -> tuple[Sample, ...]:
    """Give all health samples of one target from the newest outcome of each collector.

    A collector that was never polled has no series, and a target of which nothing is known has no `up`.
    """
    found = [sample for name in sorted(outcomes) for sample in _of_collector(prefix, outcomes[name])]
    up = is_up(outcomes)
    return (*(() if up is None else (Sample(f"{prefix}_up", float(up)),)), *found)


def is_up(outcomes: Mapping[str, PollOutcome]) -> bool | None:
    """Tell whether the target answers, by the newest outcome that says anything about it; None where none does."""
    for outcome in sorted(outcomes.values(), key=lambda one: one.at, reverse=True):
        known = answered(outcome.error)
        if known is not None:
            return known
    return None


def answered(error: Exception | None) -> bool | None:
    """Tell what an error says about the target's API: it let us in, it did not, or (None) nothing.

    A missing privilege or an answer that makes no sense still came from the target. A bug of ours says nothing.
    """
    if error is None:
        return True
    if isinstance(error, (Unreachable, AuthenticationFailed, TimeoutError)):
        return False
    return True if isinstance(error, TargetError) else None


def _of_collector(prefix: str, outcome: PollOutcome) -> list[Sample]:
    labels = (outcome.collector,)
    found = [
        Sample(f"{prefix}_collector_success", float(outcome.error is None), labels, outcome.at),
        Sample(f"{prefix}_collector_duration_seconds", outcome.duration, labels, outcome.at),
    ]
    if outcome.last_success is not None:
        name = f"{prefix}_collector_last_success_timestamp_seconds"
        found.append(Sample(name, outcome.last_success.timestamp(), labels, outcome.at))
    return found
