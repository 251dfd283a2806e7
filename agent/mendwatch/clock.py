"""What time it is, and when others are on: the only module that asks the machine.

Everything else takes `now` as an argument or holds a Clock, so that a test can live through a day in
milliseconds and a replay gives the same decisions as the day itself.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The three questions about time that the agent asks."""

    def now(self) -> datetime:
        """Give the time of day, always in UTC."""
        ...

    def monotonic(self) -> float:
        """Give seconds that never go backwards; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for so many seconds."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Give the time of day in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Give the machine's monotonic seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running event loop."""
        await asyncio.sleep(seconds)


#: Rounds of the loop until whoever waits for a timer or a socket has run: one finds it due, one tells its future, one wakes it.
_ROUNDS = 3


async def turn() -> None:
    """Let everybody run who waits by now; after a single round of the loop, the next slice of long work would still come first."""
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
