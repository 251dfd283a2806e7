"""Counting snapshots page by page: how many there are in which state, what they hold, and which should be gone. Pure.

A cluster has up to twenty thousand, so none has a series of its own; those of one schedule are counted together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mendwatch_onefs.decoding import name_of, number
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import word_of

ACTIVE, DELETING = "active", "deleting"
_STATES = frozenset({ACTIVE, DELETING})
_WHERE = "snapshot/snapshots: "


class Snapshot(msgspec.Struct, gc=False):
    """One snapshot, as much of it as is counted; `shadow_bytes` may be negative."""

    alias: Any = None
    created: Any = None
    expires: Any = None
    has_locks: Any = None
    name: Any = None
    pct_filesystem: Any = None
    schedule: Any = None
    size: Any = None
    state: Any = None
    target_id: Any = None


class SnapshotPage(msgspec.Struct):
    """One page of the list."""

    snapshots: list[Snapshot]
    resume: Any = None


@dataclass(slots=True)
class ScheduleTally:
    """The active snapshots of one schedule: how many, their bytes, the newest one's time; NaN where one of them is not known."""

    count: int = 0
    size: float = 0.0
    newest: float | None = None


@dataclass(slots=True)
class SnapshotTally:
    """What the pages that were added so far have; NaN is a sum that nobody knows, because of one snapshot that is odd.

    `now` is epoch seconds, `unknown` how many snapshots have no state. Aliases are no snapshots and are left out.
    """

    now: float
    states: dict[str, int] = field(default_factory=lambda: {ACTIVE: 0, DELETING: 0})
    unknown: int = 0
    expired: float = 0.0
    expired_size: float = 0.0
    expired_locked: float = 0.0
    overdue: float = 0.0
    locked: float = 0.0
    oldest: float | None = None
    percent: float = 0.0
    schedules: dict[str, ScheduleTally] = field(default_factory=dict)

    def add(self, page: Iterable[Snapshot], drift: Drift) -> None:
        """Count one page."""
        for one in page:
            if not one.alias and one.target_id is None:
                self._add(one, drift)

    def _add(self, one: Snapshot, drift: Drift) -> None:
        state = one.state if one.state in (ACTIVE, DELETING) else word_of(drift, f"{_WHERE}state", one.state, _STATES)
        if state is None:
            self.unknown += 1
            return
        self.states[state] = self.states.get(state, 0) + 1
        if state != ACTIVE:
            return
        locked = _or_nan(drift.flag(f"{_WHERE}has_locks", one.has_locks))
        size = _or_nan(drift.quantity(f"{_WHERE}size", one.size))
        created = _or_nan(number(one.created) or None)
        self.locked += locked
        self.percent += _or_nan(drift.quantity(f"{_WHERE}pct_filesystem", one.pct_filesystem))
        self.oldest = _extreme(min, self.oldest, created)
        self._expire(one.expires, size, locked, drift)
        self._schedule(one.schedule, size, created)

    def _expire(self, raw: Any, size: float, locked: float, drift: Drift) -> None:  # noqa: ANN401 - foreign data
        expires = 0.0 if raw is None else _or_nan(drift.quantity(f"{_WHERE}expires", raw))
        if expires == 0 or expires >= self.now:  # 0 and null are never
            return
        known = expires - expires  # NaN carries on: then nobody knows whether this one has expired
        self.expired += 1 + known
        self.expired_size += size + known
        self.expired_locked += locked + known
        if locked != 1:
            self.overdue = max(self.overdue, self.now - expires) + known + locked

    def _schedule(self, raw: Any, size: float, created: float) -> None:  # noqa: ANN401 - foreign data
        name = name_of(raw)
        if name is None:
            return
        tally = self.schedules.setdefault(name, ScheduleTally())
        tally.count += 1
        tally.size += size
        tally.newest = _extreme(max, tally.newest, created)


def _extreme(choose: Callable[[float, float], float], known: float | None, more: float) -> float:
    """Give the least or the most of the numbers so far; NaN once one of them is unknown."""
    return more if known is None else choose(known, more) + (known - known) + (more - more)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else float(value)
