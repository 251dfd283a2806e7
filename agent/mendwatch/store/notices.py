"""Hears from PostgreSQL that somebody has written: one connection that listens, opened again whenever it is lost.

Each write that has an audit row says so in its own transaction, so the word comes when the change can be seen, and only if it can.
While nothing listens, nobody knows whether somebody has written, and everybody looks.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from mendwatch.store.signals import Heard

_log = structlog.get_logger(__name__)

CHANNEL = "mendwatch"
#: Seconds between two tries to connect, and between two questions whether the server is still there.
AGAIN, ALIVE = 0.5, 5.0
_ANSWER_SECONDS = 2.0

#: Opens a connection of the driver; raises one of the faults.
Connect = Callable[[], Awaitable[Any]]


class Notices:
    """Listens from the first question on, in the loop of whoever asks it."""

    def __init__(self, connect: Connect, faults: tuple[type[BaseException], ...]) -> None:
        #: What our own writes are signed with: we know of them already.
        self.name = secrets.token_hex(8)
        self._connect = connect
        self._faults = faults
        self._count = 0
        self._listening = False
        self._heard: list[Heard] = []
        self._task: asyncio.Task[None] | None = None

    def version(self) -> int | None:
        """Give a number that is another one after every change; None while nothing listens."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._listen(), name="listen to the state database")
        return self._count if self._listening else None

    def wrote(self) -> None:
        """Count a write of our own."""
        self._count += 1

    def hear(self, heard: Heard) -> None:
        """Have something called as soon as somebody else has written; listening begins now."""
        self._heard.append(heard)
        self.version()

    async def end(self) -> None:
        """Stop listening."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(*self._faults):
                await self._listen_once()
            if self._listening:
                _log.info("the state database does not notify any more; it is asked instead until it does")
            self._listening = False
            await asyncio.sleep(AGAIN)

    async def _listen_once(self) -> None:
        """Listen until the connection is lost, which raises a fault."""
        connection = await self._connect()
        try:
            await connection.add_listener(CHANNEL, self._told)
            self._listening = True
            self._tell()  # something may have been written before
            while True:
                await asyncio.sleep(ALIVE)
                await connection.fetchval("SELECT 1", timeout=_ANSWER_SECONDS)
        finally:
            connection.terminate()

    def _told(self, _connection: object, _pid: int, _channel: str, name: str) -> None:
        if name != self.name:
            self._tell()

    def _tell(self) -> None:
        self._count += 1
        for heard in self._heard:
            heard()
