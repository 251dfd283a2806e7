"""A clock that moves only when a test says so, so that a day passes in a millisecond.

It must not know what waits on it: whoever takes a `mendwatch.clock.Clock` can be given this one.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

#: A Thursday noon far from month ends and changes of summer time.
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)

#: How often `advance` lets other tasks run after it woke a sleeper: enough for a chain of awaits that do no real I/O.
SETTLE_ROUNDS = 20


class FakeClock:
    """Virtual time: `sleep` waits until `advance` or `move` has passed its moment."""

    def __init__(self, start: datetime = NOON) -> None:
        self._start = start
        self._elapsed = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def sleepers(self) -> int:
        """How many tasks wait in `sleep` now."""
        return sum(not waiter.done() for _, _, waiter in self._sleepers)

    def now(self) -> datetime:
        """Give the virtual time of day in UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Give the virtual seconds since this clock was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait until so many virtual seconds have passed; without any, let other tasks run once."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiter = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), waiter))
        await waiter

    def move(self, seconds: float) -> None:
        """Let time pass at once, without running anybody: sleepers that are due wake when the loop runs next."""
        self._elapsed += seconds
        while self._sleepers and self._sleepers[0][0] <= self._elapsed:
            self._wake_first()

    async def advance(self, seconds: float) -> None:
        """Let time pass step by step: every sleeper wakes at its own moment, in order, and runs before time goes on."""
        end = self._elapsed + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._elapsed = self._sleepers[0][0]
            self._wake_first()
            await self.settle()
        self._elapsed = end
        await self.settle()

    def step_wall(self, seconds: float) -> None:
        """Set the time of day forth or back, as NTP does; `monotonic` and sleepers do not notice."""
        self._start += timedelta(seconds=seconds)

    async def settle(self) -> None:
        """Let every task run until it waits for something that virtual time or real I/O must bring."""
        for _ in range(SETTLE_ROUNDS):
            await asyncio.sleep(0)

    def _wake_first(self) -> None:
        _, _, waiter = heapq.heappop(self._sleepers)
        if not waiter.done():
            waiter.set_result(None)
