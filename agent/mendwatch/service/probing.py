"""Fresh data for whoever asks for one target: polls what is overdue, and nothing else.

A probe must not become a way to load a sick cluster. So a collector that was polled within its interval is not asked again, one
that is being polled is waited for, one that stands by stays so, and who waits longer than allowed gets what is there. All who
ask for a target while it is refreshed share that.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from mendwatch.clock import Clock
from mendwatch.errors import Refused
from mendwatch.polling.outcomes import CollectorStatus
from mendwatch.polling.poller import Poller
from mendwatch.polling.standby import State


class Prober:
    """Refreshes targets. Make it inside the running loop."""

    def __init__(self, poller: Poller, clock: Clock) -> None:
        self._poller, self._clock = poller, clock
        self._refreshing: dict[str, asyncio.Task[None]] = {}

    async def refresh(self, target: str, patience: float) -> None:
        """Have the overdue collectors polled; return when they are, or when `patience` seconds are over.

        Raises:
            NotFound: there is no such target.
        """
        refreshing = self._refreshing.get(target) or self._begun(target)
        if refreshing is not None:
            await asyncio.wait({refreshing}, timeout=patience)  # too slow: the page says how old its data is

    def _begun(self, target: str) -> asyncio.Task[None] | None:
        """Begin to refresh a target; None where there is nothing to ask."""
        status = self._poller.status_of(target)
        overdue = [one.name for one in status.collectors if is_overdue(one, self._clock.now())]
        if status.state is not State.POLLING or not overdue:
            return None
        task = asyncio.create_task(self._polled(target, overdue))
        self._refreshing[target] = task
        task.add_done_callback(lambda _: self._refreshing.pop(target))
        return task

    async def _polled(self, target: str, collectors: list[str]) -> None:
        try:
            await self._poller.refresh(target, collectors)
        except Refused:  # the agent stops: the page shows what is there
            return


def is_overdue(collector: CollectorStatus, now: datetime) -> bool:
    """Tell whether a collector that may be asked was not asked for an interval."""
    if collector.state is not State.POLLING:
        return False
    return collector.last_poll is None or now - collector.last_poll > timedelta(seconds=collector.interval)
