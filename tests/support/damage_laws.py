"""What must be true of the numbers that come of a damaged answer, as breaches of four laws (see `damage`).

The truth is what the same cluster gives undamaged. Where a number may differ although its own field was lost, the table here
says so with the reason, and bounds by how much; a table entry that nothing needs any more makes its test fail.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from damage import Damage, Law

from mendwatch.model.samples import Event, MetricSpec, Reading
from mendwatch.provider import CollectorSpec

Series = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Seen:
    """A reading, by series."""

    spec: CollectorSpec
    numbers: Mapping[Series, float]
    events: Mapping[str, Event]
    events_complete: bool
    complete: frozenset[str]
    size: int

    @property
    def metrics(self) -> Mapping[str, MetricSpec]:
        """The declarations by name."""
        return {metric.name: metric for metric in self.spec.metrics}

    def subjects(self, schema: str) -> set[tuple[str, ...]]:
        """Give the subjects of a schema."""
        fields = {metric for one in self.spec.schemas if one.name == schema for metric in one.fields.values()}
        return {labels for metric, labels in self.numbers if metric in fields}


def seen(spec: CollectorSpec, reading: Reading) -> Seen:
    """Look at a reading."""
    numbers = {(sample.metric, sample.labels): sample.value for sample in reading.each()}
    return Seen(
        spec, numbers, {event.key: event for event in reading.events}, reading.events_complete, reading.complete, reading.size
    )


@dataclass(frozen=True)
class Excuse:
    """Why some metrics may give another number when a field is lost: `may` bounds it by (truth, found)."""

    metrics: str
    why: str
    may: Callable[[float, float], bool]
    field: str = ".*"

    def covers(self, metric: str, damage: Damage) -> bool:
        """Tell whether it is about this metric and this field."""
        at = "/".join(str(part) for part in damage.path if isinstance(part, str))
        return bool(re.fullmatch(self.metrics, metric) and re.search(self.field, at))


def _by_one(truth: float, found: float) -> bool:
    return abs(truth - found) == 1


EXCUSES = (
    Excuse(
        "powerscale_(cloud_jobs|datamover_jobs|job_engine_jobs|nfs_lock_sessions_by_host_type|nfs_locks_by_version|repair_requests"
        "|synciq_jobs|node_services|healthcheck_items)",
        "one of those that are counted by state is counted as unknown instead",
        _by_one,
    ),
    Excuse(
        "powerscale_statistics_(new_)?values_total|powerscale_statistics_missing",
        "it counts what was asked for and understood, and that was less",
        lambda truth, found: found < truth,
    ),
    Excuse(
        "powerscale_events_(open|ignored)",
        "an event that does not tell what it is about, how bad it is or that it is over is a warning that somebody has to look at",
        _by_one,
        "causes|resolved|ignore|severity|eventgroups$",
    ),
    Excuse(
        "powerscale_events_oldest_age_seconds",
        "the age of an event that now counts as open",
        lambda truth, found: found >= truth,
        "causes|resolved",
    ),
    Excuse(
        "powerscale_node_partition_(used_ratio|used_bytes|size_bytes)",
        "OneFS says it twice, once rounded",
        lambda truth, found: math.isclose(truth, found, rel_tol=0.4),
    ),
    Excuse(
        "powerscale_snapshots_expired(_bytes|_overdue_seconds)?",
        "a snapshot without an end is kept for ever",
        lambda truth, found: found < truth,
        "snapshots/expires$",
    ),
    Excuse(
        "powerscale_snapshot_schedule_(bytes|snapshots|newest_timestamp_seconds)",
        "a snapshot without a schedule is one that somebody made by hand",
        lambda truth, found: found < truth,
        "snapshots/schedule$",
    ),
)


def breaches(damage: Damage, truth: Seen, found: Seen, without: Seen | None) -> Iterator[str]:
    """Give what a reading of a damaged answer has wrong; `without` is what comes without the damaged value, if anything does."""
    yield from _misshapen(found)
    yield from _departed(damage, truth, found)
    if damage.law is Law.SAME:
        yield from _different(truth, found)
    elif damage.law is Law.LOST:
        yield from _changed_by_loss(damage, truth, found)
        yield from _invented(damage, truth, found)
    elif damage.law is Law.BROKEN:
        yield from (f"{series}: {found.numbers[series]} of no answer" for series in found.numbers if _differs(series, truth, found))
    elif without is not None:
        yield from _meddled(damage, truth, found, without)


def _misshapen(found: Seen) -> Iterator[str]:
    if found.size != len(found.numbers):
        yield "a series stands twice"
    metrics = found.metrics
    for (metric, labels), value in found.numbers.items():
        spec = metrics.get(metric)
        if spec is None or len(labels) != len(spec.labels) or not all(isinstance(label, str) for label in labels):
            yield f"{metric} {labels}: not as declared"
        if type(value) is not float or not math.isfinite(value):
            yield f"{metric} {labels}: {value!r} is no finite float"
        elif spec is not None and value < 0 and spec.name.endswith("_total"):
            yield f"{metric} {labels}: a counter below 0"


def _departed(damage: Damage, truth: Seen, found: Seen) -> Iterator[str]:
    """A subject that only a damage hides must not pass for one that is gone: its alerts would end."""
    if damage.law is Law.OTHER or damage.how in {"no number", "huge"}:
        return  # another name is another subject, and the first one is gone
    for schema in found.complete & truth.complete:
        gone = truth.subjects(schema) - found.subjects(schema)
        if gone:
            yield f"{schema} {sorted(gone)[:3]} pass for gone"
    over = truth.events.keys() - found.events.keys()
    if found.events_complete and over:
        yield f"the events {sorted(over)} pass for over"


def _different(truth: Seen, found: Seen) -> Iterator[str]:
    for series in truth.numbers.keys() | found.numbers.keys():
        if truth.numbers.get(series) != found.numbers.get(series):
            yield f"{series}: {truth.numbers.get(series)} became {found.numbers.get(series)}"
    if {key: _plain(event, truth) for key, event in found.events.items()} != truth.events:
        yield f"the events {sorted(truth.events)} became {sorted(found.events)}"


def _plain(event: Event, truth: Seen) -> Event:
    """Give an event without parameters that the true one has not: every parameter of an event is passed on, known or not."""
    known = truth.events[event.key].attributes if event.key in truth.events else {}
    return replace(event, attributes={name: value for name, value in event.attributes.items() if name in known})


def _differs(series: Series, truth: Seen, found: Seen) -> bool:
    return found.numbers[series] != truth.numbers.get(series)


def _changed_by_loss(damage: Damage, truth: Seen, found: Seen) -> Iterator[str]:
    for series in truth.numbers.keys() & found.numbers.keys():
        before, after = truth.numbers[series], found.numbers[series]
        if before != after and not _excused(series[0], damage, before, after):
            yield f"{series}: {before} became {after}"


def _excused(metric: str, damage: Damage, before: float, after: float) -> bool:
    return any(one.covers(metric, damage) and one.may(before, after) for one in EXCUSES) or (
        isinstance(damage.after, str | int) and _names(damage)
    )


def _names(damage: Damage) -> bool:
    """Tell whether the value is a name: there every text and every number is one, only another."""
    return str(damage.path[-1]).rpartition("_")[2] in {"id", "name", "lin", "node", "key", "guid"}


def _invented(damage: Damage, truth: Seen, found: Seen) -> Iterator[str]:
    """A series that the truth has not must be a series of the truth under a name that lost or changed one of its parts."""
    for metric, labels in found.numbers.keys() - truth.numbers.keys():
        value = found.numbers[metric, labels]
        gone = [other for name, other in truth.numbers if name == metric and (name, other) not in found.numbers]
        alike = any(_one_apart(labels, other) and truth.numbers[metric, other] == value for other in gone)
        if not alike and not any(one.covers(metric, damage) for one in EXCUSES) and metric not in CONDITIONAL:
            yield f"{metric} {labels}: {value} comes from nowhere"


def _one_apart(some: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return sum(one != other for one, other in zip(some, others, strict=True)) <= 1


#: Metrics of which there are series only for the first so many, or of what is odd, so that another one moves up.
CONDITIONAL: Mapping[str, str] = {
    "powerscale_client_operations_per_second": "the top clients",
    "powerscale_client_in_bytes_per_second": "the top clients",
    "powerscale_client_out_bytes_per_second": "the top clients",
    "powerscale_client_latency_seconds": "the top clients",
    "powerscale_node_info": "a machine that does not tell what it is still tells its release",
    "powerscale_statistics_parked_keys": "a key that the catalogue does not name is not asked for",
}


def _meddled(damage: Damage, truth: Seen, found: Seen, without: Seen) -> Iterator[str]:
    """A number that does not depend on the changed value must stay."""
    where = [part for part in damage.path if isinstance(part, str)]
    for series in truth.numbers.keys() & found.numbers.keys():
        stays = without.numbers.get(series) == truth.numbers[series]
        if stays and _differs(series, truth, found) and not _depends(series[0], where, found) and not _tally(series[0]):
            yield f"{series}: {truth.numbers[series]} became {found.numbers[series]}"


def _tally(metric: str) -> bool:
    """Tell whether a metric counts what was understood."""
    return metric.startswith("powerscale_statistics_") and metric.endswith("values_total")


def _depends(metric: str, where: list[str], found: Seen) -> bool:
    """Tell whether the help of a metric names the field, or one of those that it lies in."""
    return any(re.search(rf"\b{re.escape(part)}\b", found.metrics[metric].help) for part in where)
