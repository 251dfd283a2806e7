"""From the payload of a recording to what the engine got: the very same numbers, times and texts. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mendwatch.alerting.recording import numbers, plain
from mendwatch.alerting.recording.events import Began, Event, Heard, Observed, Recalled, Ruled, Ticked, Why
from mendwatch.alerting.recording.items import Kind, RecordingError, items, moment
from mendwatch.alerting.recording.numbers import Code
from mendwatch.alerting.recording.writing import NO_TIME
from mendwatch.alerting.table import Poll
from mendwatch.model.alerts import Alert
from mendwatch.model.received import Received
from mendwatch.model.samples import Columns, Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.samples import Event as TargetEvent
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec


@dataclass(frozen=True, slots=True)
class _Source:
    target: Target
    label: str
    spec: CollectorSpec


#: Tells whether the readings of a collector are wanted.
Wanted = Callable[[CollectorSpec], bool]


@dataclass(slots=True)
class Reader:
    """Reads one file's payloads, one after the other. What is not `wanted` is passed over, at next to no cost."""

    wanted: Wanted = lambda _: True
    _sources: list[_Source] = field(default_factory=list)
    _labels: list[list[tuple[str, ...]]] = field(default_factory=list)
    _heads: list[list[tuple[str, tuple[str, ...]]]] = field(default_factory=list)
    _layouts: dict[int, Layout] = field(default_factory=dict)
    _before: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    _bodies: list[bytes] = field(default_factory=list)
    _alerts: list[Alert] = field(default_factory=list)

    def events(self, payload: bytes) -> Iterator[Event]:
        """Give what stands in a payload.

        Raises:
            RecordingError: it is no payload, or not of this file.
        """
        for kind, body in items(payload):
            try:
                found = list(self._read(kind, body))
            except (ValueError, TypeError, KeyError, IndexError, OverflowError) as problem:
                raise RecordingError(f"the recording has an item of kind {kind.name.lower()} that cannot be read") from problem
            yield from found

    def _read(self, kind: Kind, body: bytes) -> Iterable[Event]:
        if kind is Kind.READING:
            return self._observed(plain.loaded(body))
        if kind is Kind.TICKS:
            return [Ticked(moment(at)) for at in array("q", body)]
        if kind is Kind.NUMBERS:
            self._bodies.append(body)
        elif kind is Kind.ALERTS:
            self._alerts += [plain.made(Alert, one) for one in plain.loaded(body)]
        elif kind is Kind.BEGAN:
            alerts, self._alerts = tuple(self._alerts), []
            about = plain.loaded(body)
            return (Began(moment(about["at"]), Why(about["why"]), alerts, about["digests"]),)
        elif kind in {Kind.SOURCE, Kind.LABELS, Kind.HEADS}:
            self._learn(kind, plain.loaded(body))
        else:
            return (_told(kind, plain.loaded(body)),)
        return ()

    def _learn(self, kind: Kind, about: Any) -> None:  # noqa: ANN401 - JSON
        if kind is Kind.SOURCE:
            self._sources.append(_source(about))
        elif kind is Kind.LABELS:
            number, listed = about
            if number == len(self._labels):
                self._labels.append([])
            self._labels[number] += map(tuple, listed)
        else:
            self._heads.append([(metric, labels) for metric, number in about for labels in self._labels[number]])

    def _observed(self, head: Mapping[str, Any]) -> Iterable[Event]:
        if self.wanted(self._sources[head["source"]].spec):
            return (Observed(self._poll(head)),)
        self._bodies = []
        return ()

    def _poll(self, head: Mapping[str, Any]) -> Poll:
        source = self._sources[head["source"]]
        columns, samples = self._numbers(head["source"], head["parts"])
        events = tuple(plain.made(TargetEvent, one) for one in head["events"])
        reading = Reading(samples, events, bool(head["all"]), columns, frozenset(head["complete"]))
        return Poll(source.target, source.label, source.spec, reading, moment(head["at"]))

    def _numbers(self, source: int, parts: Iterable[Mapping[str, Any]]) -> tuple[tuple[Columns, ...], tuple[Sample, ...]]:
        """Put together what stands in the bodies before a reading; times follow the numbers that they belong to."""
        bodies, self._bodies = iter(self._bodies), []
        columns: list[Columns] = []
        samples: tuple[Sample, ...] = ()
        for part in parts:
            values = self._column(source, part, next(bodies))
            if part["key"] > 1:
                columns = (
                    _with_times(columns, values) if part["times"] else [*columns, _columns(self._layout(part["heads"]), values)]
                )
            elif part["times"]:
                samples = tuple(
                    Sample(one.metric, one.value, one.labels, _time(at)) for one, at in zip(samples, values, strict=True)
                )
            else:
                heads = self._heads[part["heads"]]
                samples = tuple(Sample(metric, value, labels) for (metric, labels), value in zip(heads, values, strict=True))
        return tuple(columns), samples

    def _column(self, source: int, part: Mapping[str, Any], body: bytes) -> list[float]:
        key = (source, part["heads"], part["key"])
        before = self._before.get(key, b"") if part["compared"] else b""
        values, raw = numbers.read(body, part["count"], Code(part["code"]), before)
        self._before[key] = raw
        return values

    def _layout(self, number: int) -> Layout:
        if number not in self._layouts:
            self._layouts[number] = Layout(self._heads[number])
        return self._layouts[number]


def _source(about: Mapping[str, Any]) -> _Source:
    target = about["target"]
    spec = CollectorSpec(
        about["name"],
        about["interval"],
        about["timeout"],
        tuple(plain.made(MetricSpec, one) for one in about["metrics"]),
        tuple(plain.made(RecordSchema, one) for one in about["schemas"]),
    )
    return _Source(Target(target["id"], target["provider"], "", target["labels"]), about["label"], spec)


def _told(kind: Kind, about: Mapping[str, Any]) -> Event:
    at = moment(about["at"])
    if kind is Kind.RULES:
        return Ruled(at, about["digests"])
    if kind is Kind.HEARD:
        return Heard(at, tuple(plain.made(Received, one) for one in about["words"]))
    listed = (((target, metric, tuple(labels)), points) for (target, metric, labels), points in about["points"])
    return Recalled(at, {series: tuple((time, value) for time, value in points) for series, points in listed})


def _columns(layout: Layout, values: list[float]) -> Columns:
    return Columns(layout, values, absent=sum(1 for value in values if value != value))  # noqa: PLR0124 - NaN is not itself


def _with_times(columns: list[Columns], times: list[float]) -> list[Columns]:
    last = columns[-1]
    return [*columns[:-1], Columns(last.layout, last.values, times, last.absent)]


def _time(at: float) -> Any:  # noqa: ANN401 - a datetime or None
    return None if at == NO_TIME else moment(int(at))
