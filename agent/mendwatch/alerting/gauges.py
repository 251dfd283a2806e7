"""From a derived value to the number that it is for one record, at one moment. Reads what entries remember, and changes nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import itemgetter

from mendwatch.alerting.derived import Joined, Now, Window
from mendwatch.alerting.panel import Slot, feed_of
from mendwatch.alerting.subjects import INTERVALS, Entry
from mendwatch.model.rules import Join

#: Gives a number for an entry; NaN where there is none. The moment is in epoch seconds.
Gauge = Callable[[Entry, float], float]
_NOTHING = math.nan


@dataclass(slots=True)
class Shelf:
    """The entries of one source by some of their labels, so that those which join them are found at once."""

    labels: tuple[str, ...]
    _filed: dict[tuple[str, ...], list[Entry]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """File an entry."""
        self._filed.setdefault(self._place(entry), []).append(entry)

    def remove(self, entry: Entry) -> None:
        """Take an entry away."""
        filed = self._filed.get(self._place(entry), [])
        filed.remove(entry)
        if not filed:
            del self._filed[self._place(entry)]

    def find(self, entry: Entry) -> Sequence[Entry]:
        """Give those whose labels are equal to an entry's."""
        return self._filed.get(self._place(entry), ())

    def _place(self, entry: Entry) -> tuple[str, ...]:
        return tuple([entry.labels.get(name, "") for name in self.labels])


@dataclass(frozen=True, slots=True)
class Shelved:
    """A shelf of one source: after how many seconds what it holds is too old. Of a complete reading only what it had is there."""

    shelf: Shelf
    stale_after: float
    round: int | None

    def find(self, entry: Entry, now: float) -> Iterator[tuple[float, Entry]]:
        """Give those whose labels are equal to an entry's and who are there, each with when it was looked at."""
        for other in self.shelf.find(entry):
            at = other.polled_at.timestamp()
            if now - at < self.stale_after and self.round in {None, other.round}:
                yield at, other


#: Gives the shelves of a schema on a target, by some labels.
Shelves = Callable[[str, str, tuple[str, ...]], Iterable[Shelved]]


@dataclass(frozen=True, slots=True)
class Gauges:
    """Makes gauges for the slots of one source. `interval` is how often it is read, in seconds."""

    interval: float
    shelves: Shelves

    def gauge(self, slot: Slot) -> Gauge:
        """Give the gauge of one slot; that of a count gives nothing, because it needs all records at once."""
        one = slot.derived
        if isinstance(one, Now):
            return lambda _, now: now
        if isinstance(one, Window):
            window = _window(one, _seconds(slot.stale_after, self.interval))
            return window if slot.join is None else self._of_joined(slot.join, window)
        if isinstance(one, Joined) and slot.join is not None:
            return self._of_joined(slot.join, _field(one.field))
        return lambda *_: _NOTHING

    def _of_joined(self, join: Join, gauge: Gauge) -> Gauge:
        def of_joined(entry: Entry, now: float) -> float:
            other = joined(self.shelves(entry.form.target, join.on, join.equal), entry, now)
            return gauge(other, now) if other is not None else _NOTHING

        return of_joined


def joined(shelves: Iterable[Shelved], entry: Entry, now: float) -> Entry | None:
    """Give the entry with equal labels that was looked at last; None where none was lately."""
    found = [one for shelved in shelves for one in shelved.find(entry, now)]
    return max(found, key=itemgetter(0))[1] if found else None


def _seconds(stale_after: timedelta | None, interval: float) -> float:
    return stale_after.total_seconds() if stale_after is not None else INTERVALS * interval


def _field(name: str) -> Gauge:
    def of_field(entry: Entry, _: float) -> float:
        value = entry.values[entry.form.places[name]] if entry.values else _NOTHING
        return value if math.isfinite(value) else _NOTHING

    return of_field


def _window(window: Window, stale_after: float) -> Gauge:
    feed, function, parameter = feed_of(window), window.function, window.parameter

    def of_marks(entry: Entry, now: float) -> float:
        marks = entry.marks.get(feed)
        return marks.value(function, now) if marks is not None else _NOTHING

    def of_trail(entry: Entry, now: float) -> float:
        trail = entry.trails.get(feed)
        return trail.value(function, parameter, now, stale_after) if trail is not None else _NOTHING

    return of_trail if window.seconds else of_marks
