"""Snapshots: what they hold, which should be gone, whether their schedules run. From the resources below snapshot/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs import snapshot_metrics as metrics
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, listed, needs_one, once, told, within
from mendwatch_onefs.snapshot_tally import ACTIVE, DELETING, SnapshotPage, SnapshotTally

#: How far ahead the snapshots that will be made are counted.
_DAY = 86_400


class Summary(msgspec.Struct):
    """The answer of snapshot/snapshots-summary; what is inside goes through `Drift`."""

    summary: Any = None


class Settings(msgspec.Struct):
    """The answer of snapshot/settings."""

    settings: Any = None


class Schedule(msgspec.Struct):
    """One schedule; `next_run` is null where it never runs again, `duration` where its snapshots never expire."""

    name: Any = None
    next_run: Any = None
    duration: Any = None


class SchedulePage(msgspec.Struct):
    """One page of the list."""

    schedules: list[Schedule]
    resume: Any = None


class PendingPage(msgspec.Struct):
    """One page of the snapshots that will be made."""

    pending: list[Any]
    resume: Any = None


class SnapshotsCollector:
    """Reads the summary, the settings, the schedules and every snapshot."""

    spec = CollectorSpec(
        "snapshots",
        interval=300.0,
        timeout=120.0,
        metrics=metrics.METRICS,
        schemas=(metrics.SCHEMA, metrics.SCHEDULE_SCHEMA),
        privileges=("ISI_PRIV_SNAPSHOT",),
    )

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch every page once; a release without one of the resources gives the others.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        tally = await _tallied(session, now, drift)
        summary = await session.offered(1, "snapshot/snapshots-summary", Summary)
        settings = await session.offered(1, "snapshot/settings", Settings)
        schedules = await listed(session, 3, "snapshot/schedules", SchedulePage, lambda page: page.schedules, {})
        until = str(int(now.timestamp()) + _DAY)
        pending = await listed(session, 1, "snapshot/pending", PendingPage, lambda page: page.pending, {"end": until})
        needs_one("snapshots", tally, summary, settings, schedules, pending)
        samples = (
            *(listed_of(tally, now) if tally else ()),
            *summary_of(summary.summary if summary else None, now, drift),
            *settings_of(settings.settings if settings else None, now, drift),
            *schedules_of(schedules or (), tally, now, drift),
            *(told(metrics.PENDING, len(pending), now) if pending is not None else ()),
        )
        names = [name_of(one.name) for one in schedules or ()]
        complete = all_told(metrics.SCHEDULE_SCHEMA, names, samples) if schedules is not None else frozenset[str]()
        return Reading(samples, complete=complete, drift=drift.counts)


async def _tallied(session: OneFSClient, now: datetime, drift: Drift) -> SnapshotTally | None:
    """Count every snapshot page by page; None where this release has no list."""
    tally = SnapshotTally(now.timestamp())
    try:
        async for page in session.pages(1, "snapshot/snapshots", SnapshotPage, {}):
            tally.add(page.snapshots, drift)
    except Unsupported:
        return None
    return tally


def listed_of(tally: SnapshotTally, now: datetime) -> Iterator[Sample]:
    """Give the counts of all snapshots. All pages have been read, so that none is a true 0."""
    for state, count in tally.states.items():
        if state not in (ACTIVE, DELETING):
            yield from told(metrics.OTHER, count, now, state)
    if tally.unknown:
        return  # each of the others may be one more
    yield from told(metrics.ACTIVE, tally.states[ACTIVE], now)
    yield from told(metrics.DELETING, tally.states[DELETING], now)
    yield from told(metrics.EXPIRED, tally.expired, now)
    yield from told(metrics.EXPIRED_SIZE, tally.expired_size, now)
    yield from told(metrics.EXPIRED_LOCKED, tally.expired_locked, now)
    yield from told(metrics.OVERDUE, tally.overdue, now)
    yield from told(metrics.LOCKED, tally.locked, now)
    yield from told(metrics.OLDEST, tally.oldest, now)
    yield from told(metrics.SHARE, tally.percent / 100, now)


def summary_of(summary: Any, now: datetime, drift: Drift) -> Iterator[Sample]:  # noqa: ANN401 - foreign data
    """Turn snapshot/snapshots-summary into samples."""
    for field, spec in metrics.SUMMED.items():
        yield from told(spec, drift.quantity(f"snapshot/snapshots-summary: {field}", within(summary, field)), now)
    shadow = drift.number("snapshot/snapshots-summary: shadow_bytes", within(summary, "shadow_bytes"))
    yield from told(metrics.SHADOW, shadow, now)


def settings_of(settings: Any, now: datetime, drift: Drift) -> Iterator[Sample]:  # noqa: ANN401 - foreign data
    """Turn snapshot/settings into samples."""
    for field, spec in metrics.SWITCHES.items():
        yield from told(spec, drift.flag(f"snapshot/settings: {field}", within(settings, field)), now)
    reserve = drift.quantity("snapshot/settings: reserve", within(settings, "reserve"))
    yield from told(metrics.RESERVE, None if reserve is None else reserve / 100, now)


def schedules_of(schedules: Iterable[Schedule], tally: SnapshotTally | None, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Turn the schedules and what was counted of them into samples; a schedule without snapshots has a true 0 of them."""
    for name, schedule in once(schedules, lambda one: name_of(one.name)).items():
        due = drift.moment("snapshot/schedules: next_run", schedule.next_run)
        yield from told(metrics.NEXT, due.timestamp() if due else None, now, name)
        yield from told(metrics.LATE, max(0.0, (now - due).total_seconds()) if due else None, now, name)
        yield from told(metrics.DURATION, drift.quantity("snapshot/schedules: duration", schedule.duration) or None, now, name)
        if tally is not None and not tally.unknown:
            made = tally.schedules.get(name)
            yield from told(metrics.KEPT, made.count if made else 0, now, name)
            yield from told(metrics.KEPT_SIZE, made.size if made else 0, now, name)
            yield from told(metrics.NEWEST, made.newest if made else None, now, name)
