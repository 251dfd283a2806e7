"""The thin shell around APScheduler: calls a coroutine at each due moment and says which calls were left out.

Jobs live in memory only: they follow from the configuration. Nothing here knows what a poll is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any, Protocol

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from mendwatch.clock import Clock
from mendwatch.polling import schedule

#: What is called when a poll is due.
Due = Callable[[], Awaitable[None]]
#: Told (target, collector, why) of every due moment at which no poll was made: `missed` or `still_running`.
OnMissed = Callable[[str, str, str], None]


class Timetable(Protocol):
    """Calls what was added, again and again."""

    def add(self, target: str, collector: str, interval: float, due: Due) -> None:
        """Call `due` every `interval` seconds on the phase of (target, collector)."""
        ...

    def start(self, on_missed: OnMissed) -> None:
        """Begin; needs a running loop."""
        ...

    async def stop(self) -> None:
        """End; nothing is called any more. What runs is cancelled."""
        ...


class SchedulerTimetable:
    """The real one. `clock` gives the moment from which the first due moment is counted.

    `window` is over how many seconds the first looks are spread.
    """

    def __init__(self, clock: Clock, window: float = schedule.FIRST_LOOKS) -> None:
        self._clock = clock
        self._window = window
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        # Every late or left-out poll would be a line of its own; they are counted through the listener instead.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def add(self, target: str, collector: str, interval: float, due: Due) -> None:
        """Add one job; see Timetable."""

        async def call() -> None:
            # Our own stop cancels what runs, which the scheduler would log as a failure.
            with contextlib.suppress(asyncio.CancelledError):
                await due()

        now = self._clock.now()
        early = schedule.first_look(now, interval, target, collector, self._window)
        if early is not None:
            trigger, late = DateTrigger(early, timezone=UTC), schedule.grace(interval)
            self._scheduler.add_job(call, trigger, id=f"{target}\0{collector}\0first", misfire_grace_time=late)
        first = schedule.first_due(now, interval, schedule.phase(target, collector, interval))
        self._scheduler.add_job(
            call,
            IntervalTrigger(seconds=interval, start_date=first, timezone=UTC),  # never `jitter`: it adds up
            id=f"{target}\0{collector}",
            coalesce=True,
            max_instances=1,
            misfire_grace_time=schedule.grace(interval),
        )

    def start(self, on_missed: OnMissed) -> None:
        """Begin; see Timetable."""

        def listen(event: Any) -> None:  # noqa: ANN401 - APScheduler ships no types
            target, collector = event.job_id.split("\0")[:2]
            on_missed(target, collector, "missed" if event.code == EVENT_JOB_MISSED else "still_running")

        self._scheduler.add_listener(listen, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.start()

    async def stop(self) -> None:
        """End; see Timetable."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            await asyncio.sleep(0)  # the scheduler ends itself in the next round of the loop
