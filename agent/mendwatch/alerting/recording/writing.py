"""From what the engine gets to the payload of a recording, piece by piece. Pure, but that it remembers what it wrote in this file.

It runs in a thread beside the loop, so no piece of work takes long: whoever takes the pieces can rest after each.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mendwatch.alerting.recording import numbers, plain
from mendwatch.alerting.recording.events import Began, Event, Heard, Observed, Recalled, Ruled, Ticked
from mendwatch.alerting.recording.items import HEAD, Kind, item, stamp
from mendwatch.alerting.recording.numbers import PIECE, Code
from mendwatch.alerting.slices import batches
from mendwatch.alerting.table import Poll
from mendwatch.model.numbers import taken
from mendwatch.model.samples import Columns, Layout, Run, Sample
from mendwatch.provider import CollectorSpec

#: Samples that are looked at, and label values that are written, between two rests.
_CHUNK = 2000
#: Alerts that are written between two rests.
_FEW = 20
#: Stands for a sample without a time of its own.
NO_TIME = -(2**63)

_Heads = list[tuple[str, tuple[str, ...]]]
#: The number of some heads, and the runs of the layout that they are.
_Kept = tuple[int, tuple[Run, ...]]


@dataclass(slots=True)
class _Source:
    """What was written of one collector on one target. `spec` is held, so that nobody else gets its identity."""

    number: int
    spec: CollectorSpec
    wanted: frozenset[str]
    heads: _Heads = field(default_factory=list)
    heads_number: int = -1
    before: dict[tuple[int, int], bytes] = field(default_factory=dict)  # the raw numbers of the last poll, by heads and place


@dataclass(slots=True)
class Writer:
    """Writes one file's payload. A new file needs a new writer: it repeats what readings share."""

    _sources: dict[tuple[object, ...], _Source] = field(default_factory=dict)
    _layouts: dict[int, tuple[Layout, _Kept]] = field(default_factory=dict)
    _labels: int = 0
    _heads: int = 0

    @property
    def shared(self) -> int:
        """How many lists of heads were written: where they ever change, a new file costs less memory than going on."""
        return self._heads

    def pieces(self, events: Iterable[Event]) -> Iterator[bytes]:
        """Give the payload of some events; an empty piece is a chance to rest."""
        ticks: list[int] = []
        for event in events:
            if isinstance(event, Ticked):
                ticks.append(stamp(event.at))
                continue
            yield from _ticked(ticks)
            ticks = []
            yield from self._event(event)
        yield from _ticked(ticks)

    def _event(self, event: Began | Observed | Recalled | Heard | Ruled) -> Iterator[bytes]:
        if isinstance(event, Observed):
            yield from self._reading(event.poll)
        elif isinstance(event, Began):
            for some in batches(event.alerts, _FEW):
                yield item(Kind.ALERTS, plain.dumped(some))
            yield item(Kind.BEGAN, plain.dumped({"at": stamp(event.at), "why": event.why, "digests": event.digests}))
        elif isinstance(event, Heard):
            yield item(Kind.HEARD, plain.dumped({"at": stamp(event.at), "words": event.words}))
        elif isinstance(event, Recalled):
            yield from _recalled(event)
        else:
            yield item(Kind.RULES, plain.dumped({"at": stamp(event.at), "digests": event.digests}))

    def _reading(self, poll: Poll) -> Iterator[bytes]:
        source, first = self._source(poll)
        yield first
        reading = poll.reading
        parts: list[Mapping[str, object]] = []
        for at, columns in enumerate(reading.columns):
            number, runs = yield from self._columns(columns, source)
            if runs:
                yield from self._column(columns, _Place(source, number, at + 1), runs, parts)
        yield from self._samples(reading.samples, source, parts)
        head = {
            "source": source.number,
            "at": stamp(poll.now),
            "complete": reading.complete,
            "events": reading.events,
            "all": reading.events_complete,
            "parts": parts,
        }
        yield item(Kind.READING, plain.dumped(head))

    def _source(self, poll: Poll) -> tuple[_Source, bytes]:
        target, spec = poll.target, poll.spec
        key = (id(spec), target.id, poll.target_label, *sorted(target.labels.items()))
        found = self._sources.get(key)
        if found is not None:
            return found, b""
        wanted = frozenset(metric for schema in spec.schemas for metric in schema.fields.values())
        found = self._sources[key] = _Source(len(self._sources), spec, wanted)
        about = {
            "target": {"id": target.id, "provider": target.provider, "labels": target.labels},
            "label": poll.target_label,
            "name": spec.name,
            "interval": spec.interval,
            "timeout": spec.timeout,
            "metrics": [metric for metric in spec.metrics if metric.name in wanted],
            "schemas": spec.schemas,
        }
        return found, item(Kind.SOURCE, plain.dumped(about))

    def _columns(self, columns: Columns, source: _Source) -> Generator[bytes, None, _Kept]:
        """Write the heads of a layout's wanted series, once; returns their number and where they stand."""
        known = self._layouts.get(id(columns.layout))
        if known is not None:
            return known[1]
        layout = columns.layout
        runs = tuple(run for run in layout.runs if run.metric in source.wanted)
        number = -1
        if runs:
            number = yield from self._headed([(run.metric, layout.labels[run.start : run.stop]) for run in runs])
        self._layouts[id(layout)] = (layout, (number, runs))
        return number, runs

    def _headed(self, runs: Iterable[tuple[str, Sequence[tuple[str, ...]]]]) -> Generator[bytes, None, int]:
        """Write series: each list of labels once, where metrics that stand side by side have the same."""
        listed: list[tuple[str, int]] = []
        last: Sequence[tuple[str, ...]] = ()
        for metric, labels in runs:
            if not listed or labels != last:
                yield from self._labelled(labels)
                last = labels
            listed.append((metric, self._labels - 1))
        yield item(Kind.HEADS, plain.dumped(listed))
        self._heads += 1
        return self._heads - 1

    def _labelled(self, labels: Sequence[tuple[str, ...]]) -> Iterator[bytes]:
        number = self._labels
        self._labels += 1
        for start in range(0, max(len(labels), 1), _CHUNK):
            yield item(Kind.LABELS, plain.dumped([number, labels[start : start + _CHUNK]]))

    def _column(self, columns: Columns, place: _Place, runs: tuple[Run, ...], parts: list[Mapping[str, object]]) -> Iterator[bytes]:
        values = _chosen(columns.values, runs)
        yield from _numbers(values, place, parts)
        if columns.times is not None:
            yield from _numbers(_chosen(columns.times, runs), place, parts, times=True)

    def _samples(self, samples: Sequence[Sample], source: _Source, parts: list[Mapping[str, object]]) -> Iterator[bytes]:
        wanted: list[Sample] = []
        for start in range(0, len(samples), _CHUNK):
            wanted += [one for one in samples[start : start + _CHUNK] if one.metric in source.wanted]
            yield b""
        if not wanted:
            return
        heads = [(one.metric, one.labels) for one in wanted]
        yield b""
        if heads != source.heads:
            source.heads = heads
            source.heads_number = yield from self._headed(_runs(heads))
        place = _Place(source, source.heads_number, 0)
        yield from _numbers([one.value for one in wanted], place, parts)
        if any(one.time is not None for one in wanted):
            stamps = [NO_TIME if one.time is None else stamp(one.time) for one in wanted]
            yield from _numbers(stamps, place, parts, times=True, code=Code.MOMENTS)


@dataclass(frozen=True, slots=True)
class _Place:
    """Which column of which source: `part` 0 are the samples, the others columns."""

    source: _Source
    heads: int
    part: int


def _numbers(
    values: Sequence[float], place: _Place, parts: list[Mapping[str, object]], *, times: bool = False, code: Code | None = None
) -> Iterator[bytes]:
    """Write a column's numbers, compared with those of the last poll with the same heads."""
    if code is None:
        code = yield from numbers.code_of(values)
    key = (place.heads, 2 * place.part + times)  # a number and its time stand side by side
    before = place.source.before.get(key, b"")
    raws, body = [], []
    for piece, raw in numbers.written(values, code, before):
        raws.append(raw)
        body.append(piece)
        yield b""
    place.source.before[key] = b"".join(raws)
    yield HEAD.pack(Kind.NUMBERS, sum(map(len, body)))
    yield from body
    parts.append(
        {"heads": place.heads, "key": key[1], "code": code, "count": len(values), "times": times, "compared": bool(before)}
    )


def _chosen(values: list[float] | array[float], runs: tuple[Run, ...]) -> Sequence[float]:
    if runs[0].start == 0 and runs[-1].stop == len(values) == sum(run.stop - run.start for run in runs):
        return values
    if isinstance(values, array):
        return taken(values, [(run.start, run.stop) for run in runs])
    found: list[float] = []
    for run in runs:
        found += values[run.start : run.stop]
    return found


def _runs(heads: _Heads) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Give samples' heads in runs of a metric, in their order."""
    start = 0
    for at in range(1, len(heads) + 1):
        if at == len(heads) or heads[at][0] != heads[start][0]:
            yield heads[start][0], [labels for _, labels in heads[start:at]]
            start = at


def _recalled(event: Recalled) -> Iterator[bytes]:
    series = list(event.points.items())
    for some in batches(series, _CHUNK // 10):
        yield item(Kind.RECALLED, plain.dumped({"at": stamp(event.at), "points": some}))


def _ticked(ticks: list[int]) -> Iterator[bytes]:
    for start in range(0, len(ticks), PIECE):
        yield item(Kind.TICKS, array("q", ticks[start : start + PIECE]).tobytes())
