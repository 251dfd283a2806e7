"""The feed: notices to everybody who watches, live.

A watcher that is too slow loses its oldest notices and is told how many; it never slows the agent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from mendwatch.model.notices import Announce, Notice

_CAPACITY = 1000


class Subscription:
    """One watcher's queue."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Notice] = asyncio.Queue(_CAPACITY)
        self.lost = 0

    def put(self, notice: Notice) -> None:
        """Add a notice; the oldest makes room."""
        if self._queue.full():
            self._queue.get_nowait()
            self.lost += 1
        self._queue.put_nowait(notice)

    async def next(self) -> Notice:
        """Wait for the next notice."""
        return await self._queue.get()


class Feed:
    """Where the engines announce and watchers listen."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()
        self._listeners: list[Announce] = []

    def announce(self, notice: Notice) -> None:
        """Tell every listener and watcher; returns at once."""
        for listener in self._listeners:
            listener(notice)
        for subscription in self._subscriptions:
            subscription.put(notice)

    def listen(self, listener: Announce) -> None:
        """Call a function with every notice, for as long as the feed lives; it must return at once."""
        self._listeners.append(listener)

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """Listen from now until the block ends."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
