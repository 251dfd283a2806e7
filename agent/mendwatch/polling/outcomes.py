"""What polling hands to the rest of the agent: the outcome of one poll, and how every target stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from mendwatch.model.samples import Reading
from mendwatch.model.targets import Identity, Target
from mendwatch.polling.standby import Ending, State
from mendwatch.provider import CollectorSpec, Provider


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """One poll of one collector.

    Exactly one of `reading` and `error` is set. `at` is when it started (UTC) and `duration` how long it took (seconds).
    `timed_out` tells an Unreachable of our own deadline from one that the provider raised. `skipped` marks an answer of
    `poll_now` for which nothing was asked, because the target stands by; `error` is then the one that it stands by for.
    """

    target: Target
    provider: Provider
    spec: CollectorSpec
    reading: Reading | None
    error: Exception | None
    ending: Ending
    at: datetime
    duration: float
    timed_out: bool = False
    skipped: bool = False


class Sink(Protocol):
    """Takes what polling gives. A failure in it is logged and never ends polling."""

    async def poll_done(self, outcome: PollOutcome) -> None:
        """Take one outcome; `poll_now` returns after this has."""
        ...

    def poll_missed(self, target: str, collector: str, why: str) -> None:
        """Count a due moment without a poll: `missed` (too late), `still_running` or `standing_by`."""
        ...


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """How one collector of one target stands. `until` is when a rest ends; `error` the last poll's, in words.

    `series` is how many the last successful poll gave, and `budget` how many it may give.
    """

    name: str
    interval: float
    state: State
    until: datetime | None
    last_poll: datetime | None
    last_success: datetime | None
    last_duration: float | None
    error: str | None
    error_code: str | None
    series: int | None = None
    budget: int | None = None

    @property
    def fault(self) -> str | None:
        """What somebody should look at: the error, unless it only says that this release has nothing to read here."""
        return None if self.error_code == Ending.UNSUPPORTED else self.error


class CollectorStanding(NamedTuple):
    """Whether a target is up, None until it was asked, and how one collector of it stands."""

    up: bool | None
    collector: CollectorStatus


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How one target stands. `up` is None until it was asked; `hint` is what can be done about `error`."""

    target: Target
    provider: str
    target_label: str
    up: bool | None
    identity: Identity | None
    state: State
    until: datetime | None
    error: str | None
    hint: str | None
    collectors: tuple[CollectorStatus, ...]

    @property
    def address(self) -> str:
        """The address as it may be shown: without a user name and password in it."""
        return self.target.shown_address

    @property
    def polled(self) -> bool:
        """Whether every collector was asked at least once, or the target stands by so that none is asked now."""
        return self.up is False or all(collector.last_poll is not None for collector in self.collectors)
