"""One collector's polls, one at a time; and the promise that fresh data was measured after it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from mendwatch.errors import Refused
from mendwatch.polling.outcomes import PollOutcome


class Work(Protocol):
    """Makes one poll; `force` ignores rests."""

    def __call__(self, *, force: bool) -> Coroutine[Any, Any, PollOutcome]:
        """Begin the poll."""
        ...


class Lane:
    """Runs `work`, never twice at once. Polls are tasks of their own: who waits may go away without ending them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._running: asyncio.Task[PollOutcome] | None = None
        self._next: asyncio.Task[PollOutcome] | None = None
        self._force = False
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a poll runs or is about to."""
        return self._running is not None or self._next is not None

    async def due(self) -> None:
        """Make one poll, unless one is under way already: its data is no older."""
        if not self.busy and not self._closed:
            await self.fresh(force=False)

    async def fresh(self, *, force: bool) -> PollOutcome:
        """Give the outcome of a poll that starts after this call; callers who wait together share one.

        Raises:
            Refused: the agent stops.
        """
        if self._closed:
            raise _stopping()
        self._force |= force
        if self._next is None:
            self._next = asyncio.create_task(self._take_turn())
        return await self._outcome(self._next)

    async def joined(self) -> PollOutcome:
        """Give the outcome of the poll that is under way, or of a new one where there is none.

        Raises:
            Refused: the agent stops.
        """
        if self._running is None:
            return await self.fresh(force=False)
        return await self._outcome(self._running)

    async def _outcome(self, poll: asyncio.Task[PollOutcome]) -> PollOutcome:
        """Wait for a poll, which goes on if its caller leaves."""
        try:
            return await asyncio.shield(poll)
        except asyncio.CancelledError:
            if self._closed and not _cancelled():
                raise _stopping() from None
            raise

    async def close(self, patience: float) -> None:
        """Cancel what runs and wait `patience` seconds for it; what ignores its cancellation is left behind."""
        self._closed = True
        tasks = {task for task in (self._running, self._next) if task is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=patience)

    async def _take_turn(self) -> PollOutcome:
        if self._running is not None:
            await asyncio.wait({self._running})
        self._running, self._next = self._next, None  # from here on a new caller gets a poll of its own
        force, self._force = self._force, False
        try:
            return await self._work(force=force)
        finally:
            self._running = None


def _cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _stopping() -> Refused:
    return Refused("the agent is stopping; nothing was polled", hint="Ask again when the agent runs.")
