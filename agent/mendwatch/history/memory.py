"""The last hours of every series, in memory: what rules, people and models ask when something went wrong.

Bounded by age and by memory, oldest first. Times are the agent's own (when the poll was made), so that series of
clusters with wrong clocks lie beside each other. It knows no provider, and asks no time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from mendwatch.errors import UserError
from mendwatch.history import hints, reading, selectors
from mendwatch.history.answers import Answer, summarize
from mendwatch.history.catalogue import Catalogue, Found
from mendwatch.history.selection import Part, Picker, values
from mendwatch.history.sources import Source, SourceKey
from mendwatch.history.tables import Published
from mendwatch.model.samples import Columns, MetricSpec, Sample
from mendwatch.model.targets import Target

#: Seconds after which targets that are not polled any more are looked through.
_SWEEP = 10.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept: at most `age`, and at most `size` bytes, counted as `sources` says.

    A sample costs 8 bytes, a poll 300 more, and a series some 200 once, for its labels: bench/history.py measures them.
    So 64 MiB hold 6 hours of 10,000 series that are polled every 30 seconds, but 25 minutes of 110,000; an answer tells
    since when its series are held. Where the room ends, the target that takes most of it loses its oldest poll: a target
    below its fair share loses nothing to a large one. A poll that is larger than all the room is not kept.
    """

    age: timedelta = timedelta(hours=6)
    size: int = 64 * 1024 * 1024


class _Target:
    """The sources of one target, their bytes as they count them, and whose turn it was, poll by poll."""

    __slots__ = ("polls", "size", "sources")

    def __init__(self) -> None:
        self.sources: dict[SourceKey, Source] = {}
        self.polls: deque[Source] = deque()
        self.size = 0

    @property
    def since(self) -> float:
        """When the oldest poll was made that is held."""
        return self.polls[0].since

    def forget(self) -> int:
        """Drop the oldest poll; give how many samples it had."""
        source = self.polls.popleft()
        self.size -= source.size
        count = source.forget().taken
        self.size += source.size
        if not source.tables:
            del self.sources[source.key]
        return count


class MemoryHistory:
    """A table per source of each target; declare metrics, append polls, query with PromQL selectors."""

    def __init__(self, bounds: Bounds = Bounds()) -> None:
        self._bounds = bounds
        self._catalogue = Catalogue()
        self._targets: dict[str, _Target] = {}
        self._last: dict[str, float] = {}
        self._count = 0
        self._dropped = 0
        #: When all targets were last looked through for old polls.
        self._swept = -math.inf

    @property
    def sample_count(self) -> int:
        """How many samples are held."""
        return self._count

    @property
    def series_count(self) -> int:
        """How many series the newest held poll of each source gave."""
        return sum(source.newest.rows[-1].taken for source in self._sources())

    @property
    def dropped(self) -> int:
        """How many samples were not taken since the start: undeclared, wrong labels, given twice, or no finite number."""
        return self._dropped

    def declare(self, target_label: str, specs: Iterable[MetricSpec]) -> None:
        """Announce metrics, so that their labels have names and their meaning can be searched."""
        self._catalogue.declare(target_label, specs)

    def append(
        self,
        target: Target,
        target_label: str,
        samples: Iterable[Sample],
        at: datetime,
        *,
        source: str = "",
        columns: Sequence[Columns] = (),
    ) -> None:
        """Keep what one poll of one target gave; a metric must be declared before, and NaN is no sample.

        `source` names the collector: where each has its own, a poll that gives the same series as the last costs little, and
        columns of the same layout next to nothing. All are kept with the time of the poll, whatever the source measured when.
        """
        owner, moment = self._targets.setdefault(target.id, _Target()), at.timestamp()
        own = tuple(sorted(target.labels.items()))
        given = list(samples)
        if given:
            poll = Published([one.metric for one in given], [one.labels for one in given], [one.value for one in given])
            self._dropped += len(given) - self._keep(owner, SourceKey(target.id, target_label, own, source), poll, moment)
        for part, one in enumerate(columns, start=1):
            key = SourceKey(target.id, target_label, own, source, part)
            taken = self._keep(owner, key, Published(one.layout.metrics, one.layout.labels, one.values, one.layout), moment)
            self._dropped += max(len(one.values) - one.absent - taken, 0)
        self._forget(moment, owner)

    def _keep(self, owner: _Target, key: SourceKey, poll: Published, at: float) -> int:
        """Keep the numbers of one part of a poll; give how many were taken."""
        found = owner.sources.get(key) or Source(key, partial(self._catalogue.fits, key.target_label))
        before = found.size
        table, row = found.append(poll, at)
        owner.size += found.size - before
        if row.taken:
            owner.sources[key] = found
            owner.polls.append(found)
            self._count += row.taken
            self._last.update(dict.fromkeys(table.named(row), row.at))
        return row.taken

    def query(self, selector: str, *, since: timedelta, now: datetime, limit: int = 20) -> Answer:
        """Summarize the selected series over the window of `since` before `now`; `[range]` in the selector wins over `since`.

        The series with the largest maximum come first; `limit` is how many are shown.

        Raises:
            UserError: the selector is not a plain one, or what it names is too much for one query.
        """
        wanted = selectors.parse(selector)
        start, end = _window(wanted, since, now)
        parts = Picker(wanted, self._catalogue.own_labels).parts(self._sources())
        ranked = reading.rank(parts, start.timestamp(), end.timestamp(), self._catalogue.own_labels)
        shown = tuple(summarize(one.metric, one.labels, one.points()) for one in ranked[: max(limit, 0)])
        held = max((_moment(part.source.since) for part in parts), default=None)
        hint = None if ranked else self._hint(wanted, parts, now)
        return Answer(selector, start, end, shown, len(ranked), hint, held)

    def sources_of(self, target: Target) -> list[Source]:
        """Give what is held of a target with its present labels, source by source."""
        held, own = self._targets.get(target.id), tuple(sorted(target.labels.items()))
        return [source for key, source in held.sources.items() if key.labels == own] if held is not None else []

    def search(self, words: str, *, limit: int = 20) -> tuple[Found, ...]:
        """Find declared metrics by words of their names, helps and labels, the best first."""
        return self._catalogue.search(words, self._held(), limit)

    def _held(self) -> Mapping[str, int]:
        held: dict[str, int] = {}
        for source in self._sources():
            for metric, columns in source.newest.columns.items():
                held[metric] = held.get(metric, 0) + len(columns)
        return held

    def _sources(self) -> Iterable[Source]:
        return [source for target in self._targets.values() for source in target.sources.values()]

    def _hint(self, wanted: selectors.Selector, parts: list[Part], now: datetime) -> str:
        newest = reading.newest(parts)
        known = hints.Known(
            metrics=frozenset(self._catalogue.names),
            last={name: _moment(at) for name, at in self._last.items()},
            values={} if parts else values(wanted, self._sources(), self._catalogue.own_labels),
            newest=None if newest is None else _moment(newest),
        )
        return hints.empty(wanted, known, now)

    def _forget(self, now: float, owner: _Target) -> None:
        """Keep the bounds; of other targets than the one that was polled, what is too old goes only now and then."""
        swept = 0 <= now - self._swept < _SWEEP
        self._swept = self._swept if swept else now
        oldest = now - self._bounds.age.total_seconds()
        for target in (owner,) if swept else tuple(self._targets.values()):
            while target.polls and target.since < oldest:
                self._drop(target)
        while sum(target.size for target in self._targets.values()) > self._bounds.size:
            self._drop(max(self._targets.values(), key=lambda target: target.size))

    def _drop(self, target: _Target) -> None:
        self._count -= target.forget()
        if not target.polls:
            self._targets = {name: one for name, one in self._targets.items() if one is not target}


def _window(wanted: selectors.Selector, since: timedelta, now: datetime) -> tuple[datetime, datetime]:
    try:
        end = now - wanted.offset
        return end - (wanted.range or since), end
    except OverflowError as problem:
        raise UserError("the window begins before the calendar does", hint="Ask for hours or days.") from problem


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
