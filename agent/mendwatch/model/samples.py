"""Samples, events and the schemas that rules are written against."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain, groupby, repeat
from typing import NamedTuple


class MetricKind(StrEnum):
    """Prometheus' kinds that a collector can give."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric, declared before its first sample.

    `name` follows Prometheus' naming rules in base units (bytes, seconds, ratio 0 to 1); a counter ends in
    `_total`. `help` names the source's own key. `labels` come after the target's own label (`cluster`).
    """

    name: str
    help: str
    kind: MetricKind = MetricKind.GAUGE
    unit: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of one metric. Unknown is no sample; it is never 0.

    `labels` are values in the order of the spec's label names. `time` is when the source measured it, where
    the source tells, else when it was read.
    """

    metric: str
    value: float
    labels: tuple[str, ...] = ()
    time: datetime | None = None


class Run(NamedTuple):
    """The series of one metric in a layout: those from `start` up to `stop`."""

    metric: str
    start: int
    stop: int


class Layout:
    """The heads of the series that one source gives poll after poll: each series once, all series of a metric side by side.

    A source that keeps its layout spares everybody who takes its numbers the comparing of names: whoever has seen the same
    object before knows where each number belongs. So layouts are compared by identity, and never changed.
    """

    __slots__ = ("labels", "metrics", "runs")

    def __init__(self, heads: Iterable[tuple[str, tuple[str, ...]]]) -> None:
        """Take (metric, label values in the order of its spec) for each series.

        Raises:
            ValueError: a series stands twice, or the series of a metric are not side by side.
        """
        pairs = tuple(heads)
        self.metrics = tuple([metric for metric, _ in pairs])
        self.labels = tuple([labels for _, labels in pairs])
        self.runs = tuple(_runs(self.metrics))
        if len({run.metric for run in self.runs}) < len(self.runs):
            message = "the series of a metric are not side by side"
            raise ValueError(message)
        if any(len(set(self.labels[run.start : run.stop])) < run.stop - run.start for run in self.runs):
            message = "a series stands twice"
            raise ValueError(message)

    @classmethod
    def of(cls, series: Mapping[str, Mapping[tuple[str, ...], object]]) -> Layout:
        """Lay out the series of each metric, which are the keys of a mapping: so none can stand twice, and nothing is checked."""
        made, start, runs = cls(()), 0, []
        for metric, mine in series.items():
            runs.append(Run(metric, start, start + len(mine)))
            start += len(mine)
        made.metrics = tuple(chain.from_iterable(repeat(run.metric, run.stop - run.start) for run in runs))
        made.labels = tuple(chain.from_iterable(series.values()))
        made.runs = tuple(run for run in runs if run.stop > run.start)
        return made

    @classmethod
    def alike(cls, metrics: Sequence[str], labels: Sequence[tuple[str, ...]]) -> Layout:
        """Lay out metrics that all have the same series, one metric after the other: ten thousand quotas, and what each has.

        Raises:
            ValueError: a metric or a series stands twice.
        """
        if len(set(metrics)) < len(metrics) or len(set(labels)) < len(labels):
            message = "a series stands twice"
            raise ValueError(message)
        made, size = cls(()), len(labels)
        made.metrics = tuple(chain.from_iterable(repeat(metric, size) for metric in metrics))
        made.labels = tuple(labels) * len(metrics)
        made.runs = tuple(Run(metric, at * size, (at + 1) * size) for at, metric in enumerate(metrics) if size)
        return made

    def __len__(self) -> int:
        """How many series there are."""
        return len(self.metrics)


def _runs(metrics: Sequence[str]) -> Iterator[Run]:
    start = 0
    for metric, same in groupby(metrics):
        stop = start + len(list(same))
        yield Run(metric, start, stop)
        start = stop


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The numbers of one poll for the series of a layout, one each; the cheap way to give many samples.

    `values` are floats; NaN stands where this poll has none, and `absent` counts how often. `times` are epoch seconds of when
    the source measured each value, or None where all were measured when they were read. Both belong to whoever takes the
    columns: the giver keeps and changes neither. Either may be a list, or an array of doubles, which takes a fifth of the memory.
    """

    layout: Layout
    values: list[float] | array[float]
    times: list[float] | array[float] | None = None
    absent: int = 0

    def __post_init__(self) -> None:
        if len(self.values) != len(self.layout) or (self.times is not None and len(self.times) != len(self.layout)):
            message = f"{len(self.values)} values for {len(self.layout)} series"
            raise ValueError(message)

    def samples(self) -> Iterator[Sample]:
        """Give the samples one by one: the slow way, for those who look at few."""
        layout = self.layout
        for at, value in enumerate(self.values):
            if value == value:  # noqa: PLR0124 - NaN is the one number that is not itself
                time = None if self.times is None else datetime.fromtimestamp(self.times[at], UTC)
                yield Sample(layout.metrics[at], value, layout.labels[at], time)


class Severity(StrEnum):
    """How bad an event is, in OneFS' order."""

    INFORMATION = "information"
    WARNING = "warning"
    CRITICAL = "critical"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened or holds on a target.

    `key` identifies the event on its target for de-duplication. `kind` is the source's symbolic name.
    `message` and every value of `attributes` are untrusted text: people and devices wrote them.
    `active` tells whether the condition holds; None is a one-shot event.
    """

    key: str
    kind: str
    subject: str
    message: str
    severity: Severity
    active: bool | None
    time: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)


#: The labels that every record of an event has, before the attributes that its schema names.
EVENT_ATTRIBUTES = ("kind", "key", "subject", "severity")


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """What a rule's `on:` names: the fields that one subject has at one moment.

    A record is made of all samples of one poll that share the values of `labels`. `fields` maps the name that
    a condition uses to the metric that gives its value. A field without a sample has no value, and a
    condition that needs it has no answer. Records of `events` are made of a reading's events instead: see `of_events`.
    """

    name: str
    labels: tuple[str, ...]
    fields: Mapping[str, str]
    help: str = ""
    events: bool = False

    @classmethod
    def of_events(cls, name: str, attributes: tuple[str, ...] = (), help: str = "") -> RecordSchema:  # noqa: A002 - as the field
        """Give the schema of the events of a collector: the four labels of each event, and these of its attributes.

        A record has `active`, which is 1, and `age_seconds`. An open event is a record until a reading says that it is over, or has
        all events and not this one; what only happened is a record in the reading that brought it.
        """
        fields = {field: f"{name}_{field}" for field in ("active", "age_seconds")}
        return cls(name, (*EVENT_ATTRIBUTES, *attributes), fields, help, events=True)

    @property
    def event_metrics(self) -> tuple[MetricSpec, ...]:
        """What the fields of events are called where series stand for them, as in the tests of rules. No collector gives these."""
        named = ((metric, "seconds" if metric.endswith("_seconds") else "") for metric in self.fields.values())
        return tuple(MetricSpec(metric, "", unit=unit, labels=self.labels) for metric, unit in named) if self.events else ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one collection gave: samples and events, empty where there is nothing.

    Many samples of ever the same series come as `columns`, the others as `samples`; a metric comes by one of the two.
    `drift` counts what the answer had and the collector could not understand, by the name of the field.
    """

    samples: tuple[Sample, ...] = ()
    events: tuple[Event, ...] = ()
    #: Whether `events` are all that hold now, so that an absent one is over.
    events_complete: bool = False
    columns: tuple[Columns, ...] = ()
    #: The schemas whose subjects are all in this reading, so that an absent one (a deleted quota) is gone.
    complete: frozenset[str] = frozenset()
    drift: Mapping[str, int] = field(default_factory=dict)
    #: What the collector needs to go on from here after a restart, in its own words; None leaves the one before.
    mark: str | None = None

    @property
    def size(self) -> int:
        """How many samples there are."""
        return len(self.samples) + sum(len(one.values) - one.absent for one in self.columns)

    def each(self) -> Iterator[Sample]:
        """Give every sample by itself: the slow way."""
        yield from self.samples
        for one in self.columns:
            yield from one.samples()
