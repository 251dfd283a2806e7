"""Puts a SQLite file into WAL mode, also where several do so at the same moment.

SQLite never calls its busy handler for this step: whoever meets another connection is refused at once, however long the
timeout is. So we try again ourselves, as long as any other write would have waited. It knows no table.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator

import aiosqlite

#: Waits before further tries, in seconds; the last one is repeated. Each is shortened by chance: two that met part company.
_WAITS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)


async def write_ahead(sqlite: aiosqlite.Connection, seconds: float) -> None:
    """Switch an open file to WAL, trying for so many seconds; a file that is in WAL already is only read.

    Raises:
        sqlite3.OperationalError: the file stays locked, cannot be written, or the disk is full.
    """
    await sqlite.execute_fetchall("PRAGMA busy_timeout = 0")  # one bound on all of it: else every try could wait as long again
    for wait in _waits(seconds):
        try:
            await sqlite.execute_fetchall("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as problem:
            if not _busy(problem):
                raise
        await asyncio.sleep(wait)
    else:
        await sqlite.execute_fetchall("PRAGMA journal_mode = WAL")
    await sqlite.execute_fetchall(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


def _waits(seconds: float) -> Iterator[float]:
    """Give what to wait before each further try, about so many seconds in all."""
    left, number = seconds, 0
    while left > 0:
        longest = min(_WAITS[min(number, len(_WAITS) - 1)], left)
        wait = longest * random.uniform(0.5, 1)  # noqa: S311 - no secret
        yield wait
        left, number = left - wait, number + 1


def _busy(problem: sqlite3.OperationalError) -> bool:
    """Whether another connection was in the way; the low byte holds the kind of an extended code."""
    return (problem.sqlite_errorcode & 0xFF) == sqlite3.SQLITE_BUSY
