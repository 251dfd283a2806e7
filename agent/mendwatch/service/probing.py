"""Fresh data for whoever asks for one target: polls what is overdue, and nothing else.

A probe must not become a way to load a sick cluster. So a collector that was polled within its interval is not asked again, one
that stands by stays so, and who waits longer than allowed gets what is there.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

from mendwatch.clock import Clock
from mendwatch.errors import Refused
from mendwatch.polling.outcomes import CollectorStatus
from mendwatch.polling.poller import Poller
from mendwatch.polling.standby import State


class Prober:
    """Refreshes one target at a time."""

    def __init__(self, poller: Poller, clock: Clock) -> None:
        self._poller, self._clock = poller, clock

    async def refresh(self, target: str, patience: float) -> None:
        """Have the overdue collectors polled; return when they are, or when `patience` seconds are over.

        Raises:
            NotFound: there is no such target.
        """
        status = self._poller.status_of(target)
        overdue = [one.name for one in status.collectors if is_overdue(one, self._clock.now())]
        if status.state is State.POLLING and overdue:
            with contextlib.suppress(TimeoutError, Refused):  # too slow, or the agent stops: the page says how old its data is
                async with asyncio.timeout(patience):
                    await self._poller.poll_now(target, overdue)


def is_overdue(collector: CollectorStatus, now: datetime) -> bool:
    """Tell whether a collector that may be asked was not asked for an interval."""
    if collector.state is not State.POLLING:
        return False
    return collector.last_poll is None or now - collector.last_poll > timedelta(seconds=collector.interval)
