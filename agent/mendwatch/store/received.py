"""Received alerts in SQL. A message is one transaction, written in small batches, so that a large one leaves the loop its turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.model.received import Received
from mendwatch.store import receipts
from mendwatch.store import received_table as table
from mendwatch.store.database import Database
from mendwatch.store.lanes import Lane
from mendwatch.store.receipts import Receipt, Register

#: Alerts that are read or written between two turns of the loop.
AT_ONCE = 50
_FIELDS = ("mark", "source", "fingerprint", "labels", "annotations", "starts_at", "ends_at", "resolved", "received_at")


class SqlReceived:
    """Keeps what other programs said of their alerts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, words: Sequence[Received]) -> Receipt:
        """Take the words of one message; when this returns they are on disk."""

        async def work(connection: AsyncConnection) -> Receipt:
            register = Register({})
            for start in range(0, len(words), AT_ONCE):
                await _take(connection, register, words[start : start + AT_ONCE])
            await _keep_bounds(connection)
            return register.receipt()

        return await self._database.write(work, Lane.RECEIVED) if words else Register({}).receipt()

    async def standing(self, *, after: str = "", limit: int = AT_ONCE) -> Sequence[Received]:
        """Give how alerts stand, by their mark, from the one after `after`."""

        async def work(connection: AsyncConnection) -> Sequence[Received]:
            found = await connection.execute(table.RECEIVED_MARKS, {"after": after, "most": limit})
            rows = await _rows_of(connection, found.scalars())
            return [receipts.standing(list(group)) for _, group in groupby(rows, key=lambda row: row.mark)]

        return await self._database.read(work)

    async def prune(self, *, resolved_before: datetime, silent_before: datetime) -> int:
        """Forget what was resolved, and what nobody has spoken of; gives how many words."""

        async def work(connection: AsyncConnection) -> int:
            resolved = await connection.execute(table.RECEIVED_DROP_RESOLVED, {"moment": resolved_before})
            silent = await connection.execute(table.RECEIVED_DROP_SILENT, {"moment": silent_before})
            return int(resolved.rowcount + silent.rowcount)

        return await self._database.write(work, Lane.RECEIVED)


async def _take(connection: AsyncConnection, register: Register, words: Sequence[Received]) -> None:
    marks = {word.mark for word in words}
    known = await _rows_of(connection, marks - register.rows.keys())
    register.rows.update({mark: tuple(group) for mark, group in groupby(known, key=lambda row: row.mark)})
    before = {mark: register.rows.get(mark, ()) for mark in marks}
    register.take(words)
    changed = [mark for mark in sorted(marks) if register.rows[mark] != before[mark]]
    if changed:
        await connection.execute(table.RECEIVED_DROP, {"marks": changed})
        await connection.execute(table.RECEIVED_ADD, [_row(one) for mark in changed for one in register.rows[mark]])


async def _keep_bounds(connection: AsyncConnection) -> None:
    """Forget the oldest of too many resolved alerts; refuse the message where too many are open."""
    counts = {row.resolved: row.many for row in await connection.execute(table.RECEIVED_COUNTS)}
    receipts.check_open(counts.get(False, 0))
    if counts.get(True, 0) > receipts.MOST_RESOLVED:
        beyond = (await connection.execute(table.RECEIVED_BEYOND, {"but": receipts.MOST_RESOLVED})).scalar_one()
        await connection.execute(table.RECEIVED_DROP_BEYOND, {"moment": beyond})


async def _rows_of(connection: AsyncConnection, marks: Iterable[str]) -> list[Received]:
    wanted = sorted(marks)
    if not wanted:
        return []
    return [_received(row) for row in (await connection.execute(table.RECEIVED_OF, {"marks": wanted})).mappings()]


def _row(received: Received) -> dict[str, Any]:
    return {name: getattr(received, name) for name in _FIELDS}


def _received(row: RowMapping) -> Received:
    return Received(**{name: row[name] for name in _FIELDS})
