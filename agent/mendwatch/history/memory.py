"""The last hours of every series, in memory: what rules, people and models ask when something went wrong.

Bounded twice, by age and by the number of samples, oldest first. Times are the agent's own (when the poll was made),
so that series of clusters with wrong clocks lie beside each other. It knows no provider, and asks no time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mendwatch.errors import UserError
from mendwatch.history import hints, selectors
from mendwatch.history.answers import Answer, Point, summarize
from mendwatch.history.catalogue import Catalogue, Found
from mendwatch.model.samples import MetricSpec, Sample
from mendwatch.model.targets import Target

#: The target's id, its label, and the operator's labels.
_Owner = tuple[str, str, tuple[tuple[str, str], ...]]
#: The metric, the owner, and the values of the metric's own labels.
_Key = tuple[str, _Owner, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept. A sample costs some 50 bytes, so the default ends near 25 MB."""

    age: timedelta = timedelta(hours=6)
    samples: int = 500_000


class _Series:
    """One series' points, oldest first, in two rings."""

    __slots__ = ("key", "labels", "times", "values")

    def __init__(self, key: _Key, labels: Mapping[str, str]) -> None:
        self.key = key
        self.labels = labels
        self.times: deque[float] = deque()
        self.values: deque[float] = deque()

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.key[0]

    def between(self, start: float, end: float) -> list[Point]:
        """Give the points of a window, both ends included."""
        return [point for point in zip(self.times, self.values, strict=True) if start <= point[0] <= end]


class MemoryHistory:
    """A ring of (time, value) per series; declare metrics, append polls, query with PromQL selectors."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:
        self._bounds = bounds
        self._catalogue = Catalogue()
        self._series: dict[_Key, _Series] = {}
        self._by_metric: dict[str, dict[_Key, _Series]] = {}
        self._batches: deque[tuple[float, list[_Series]]] = deque()
        self._last: dict[str, float] = {}
        self._count = 0
        self._dropped = 0

    @property
    def sample_count(self) -> int:
        """How many samples are held."""
        return self._count

    @property
    def series_count(self) -> int:
        """How many series are held."""
        return len(self._series)

    @property
    def dropped(self) -> int:
        """How many samples were not taken since the start: undeclared, with wrong labels, or no finite number."""
        return self._dropped

    def declare(self, target_label: str, specs: Iterable[MetricSpec]) -> None:
        """Announce metrics, so that their labels have names and their meaning can be searched."""
        self._catalogue.declare(target_label, specs)

    def append(self, target: Target, target_label: str, samples: Iterable[Sample], at: datetime) -> None:
        """Keep what one poll of one target gave; a metric must be declared before, and NaN is no sample."""
        moment = at.timestamp()
        owner = (target.id, target_label, tuple(sorted(target.labels.items())))
        batch: list[_Series] = []
        for sample in samples:
            value = _finite(sample.value)
            series = None if value is None else self._series_of(target, owner, sample)
            if series is None or value is None:
                self._dropped += 1
                continue
            series.times.append(moment)
            series.values.append(value)
            self._last[sample.metric] = moment
            batch.append(series)
        if batch:
            self._batches.append((moment, batch))
            self._count += len(batch)
        self._forget(moment)

    def query(self, selector: str, *, since: timedelta, now: datetime, limit: int = 20) -> Answer:
        """Summarize the selected series over the window of `since` before `now`; `[range]` in the selector wins over `since`.

        The series with the largest maximum come first; `limit` is how many are shown.

        Raises:
            UserError: the selector is not a plain one; the message names the part.
        """
        wanted = selectors.parse(selector)
        start, end = _window(wanted, since, now)
        matching = [one for one in self._candidates(wanted.metric) if wanted.matches(one.metric, one.labels)]
        found = [(one, one.between(start.timestamp(), end.timestamp())) for one in matching]
        filled = [(one, points) for one, points in found if points]
        filled.sort(key=lambda pair: (-max(value for _, value in pair[1]), pair[0].metric, sorted(pair[0].labels.items())))
        shown = tuple(summarize(one.metric, one.labels, points) for one, points in filled[: max(limit, 0)])
        hint = None if filled else self._hint(wanted, matching, now)
        return Answer(selector, start, end, shown, len(filled), hint)

    def search(self, words: str, *, limit: int = 20) -> tuple[Found, ...]:
        """Find declared metrics by words of their names, helps and labels, the best first."""
        held = {metric: len(series) for metric, series in self._by_metric.items()}
        return self._catalogue.search(words, held, limit)

    def _candidates(self, metric: str | None) -> Iterable[_Series]:
        return self._series.values() if metric is None else self._by_metric.get(metric, {}).values()

    def _hint(self, wanted: selectors.Selector, matching: list[_Series], now: datetime) -> str:
        known = hints.Known(
            metrics=frozenset(self._catalogue.names),
            last={name: datetime.fromtimestamp(at, UTC) for name, at in self._last.items()},
            labels=[one.labels for one in self._candidates(wanted.metric)],
            newest=max((datetime.fromtimestamp(one.times[-1], UTC) for one in matching), default=None),
        )
        return hints.empty(wanted, known, now)

    def _series_of(self, target: Target, owner: _Owner, sample: Sample) -> _Series | None:
        key = (sample.metric, owner, sample.labels)
        series = self._series.get(key)
        if series is not None:
            return series
        labels = self._catalogue.labels(target, owner[1], sample)
        if labels is None:
            return None
        made = _Series(key, labels)
        self._series[key] = self._by_metric.setdefault(sample.metric, {})[key] = made
        return made

    def _forget(self, now: float) -> None:
        oldest = now - self._bounds.age.total_seconds()
        while self._batches and (self._batches[0][0] < oldest or self._count > self._bounds.samples):
            _, batch = self._batches.popleft()
            self._count -= len(batch)
            for series in batch:
                self._drop_oldest(series)

    def _drop_oldest(self, series: _Series) -> None:
        series.times.popleft()
        series.values.popleft()
        if not series.times and self._series.get(series.key) is series:
            del self._series[series.key]
            del self._by_metric[series.metric][series.key]


def _window(wanted: selectors.Selector, since: timedelta, now: datetime) -> tuple[datetime, datetime]:
    try:
        end = now - wanted.offset
        return end - (wanted.range or since), end
    except OverflowError as problem:
        raise UserError("the window begins before the calendar does", hint="Ask for hours or days.") from problem


def _finite(value: float) -> float | None:
    """Give the value as a float, or None where it is no finite number."""
    try:
        return float(value) if math.isfinite(value) else None
    except (TypeError, OverflowError):
        return None
