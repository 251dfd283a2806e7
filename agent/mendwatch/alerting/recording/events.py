"""What a recording holds: everything that was put to the engine, in the order in which it worked on it. Nouns only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mendwatch.alerting.table import Poll
from mendwatch.model.alerts import Alert
from mendwatch.model.received import Received

#: A series: its target's id, its metric, the values of the metric's labels.
SeriesKey = tuple[str, str, tuple[str, ...]]


class Why(StrEnum):
    """Why the state of all alerts stands at some place of a recording."""

    START = "start"  # an agent began: the engine knew these alerts and nothing else
    GAP = "gap"  # some readings before it are missing
    SEGMENT = "segment"  # a new file begins; nothing is missing before it, so whoever read the last one has no need of it


@dataclass(frozen=True, slots=True)
class Began:
    """How the engine stood at a moment from which on one can live through a recording; `digests` are those of its rules by name."""

    at: datetime
    why: Why
    alerts: tuple[Alert, ...]
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Observed:
    """One reading as the engine got it: the metrics of records only."""

    poll: Poll

    @property
    def at(self) -> datetime:
        """When the poll began."""
        return self.poll.now


@dataclass(frozen=True, slots=True)
class Recalled:
    """What the history gave while the reading before it was judged: the beginnings of windows, by series."""

    at: datetime
    points: Mapping[SeriesKey, tuple[tuple[float, float], ...]]


@dataclass(frozen=True, slots=True)
class Heard:
    """Alerts that others judged came in."""

    at: datetime
    words: tuple[Received, ...]


@dataclass(frozen=True, slots=True)
class Ticked:
    """The engine let time pass."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Ruled:
    """Other rules are in force from now on: the digest of each by its name."""

    at: datetime
    digests: Mapping[str, str]


Event = Began | Observed | Recalled | Heard | Ticked | Ruled
