"""Silences in SQL. People make and end them, so each change has its audit row in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.model.silences import NewSilence, Silence
from mendwatch.store import hushed, moments, queries
from mendwatch.store.audit import SqlAudit
from mendwatch.store.database import Database
from mendwatch.store.rows import silence_of, silence_row


class SqlSilences:
    """Keeps silences, also after their end."""

    def __init__(self, database: Database, clock: Clock, audit: SqlAudit) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def add(self, new: NewSilence, *, actor: str) -> Silence:
        """Make a silence."""

        async def work(connection: AsyncConnection) -> Silence:
            silence = hushed.made(new, moments.now(connection, self._clock))
            await connection.execute(queries.SILENCE_ADD, silence_row(silence))
            await self._audit.write(connection, hushed.added_fact(silence, actor))
            return silence

        return await self._database.write(work)

    async def list(self, *, after: datetime | None = None) -> Sequence[Silence]:
        """Give silences, newest first; with `after` only those that end later."""

        async def work(connection: AsyncConnection) -> Sequence[Silence]:
            statement = queries.SILENCE_LIST if after is None else queries.SILENCE_LIST_AT
            rows = await connection.execute(statement, {} if after is None else {"moment": after})
            return [silence_of(row) for row in rows.mappings()]

        return await self._database.read(work)

    async def expire(self, silence_id: str, *, actor: str) -> Silence:
        """End a silence now; one that is over stays as it is."""

        async def work(connection: AsyncConnection) -> Silence:
            row = (await connection.execute(queries.SILENCE_GET, {"silence_id": silence_id})).mappings().one_or_none()
            if row is None:
                raise hushed.unknown(silence_id)
            before, now = silence_of(row), moments.now(connection, self._clock)
            after = hushed.ended(before, now)
            if after is not before:
                await connection.execute(queries.SILENCE_EXPIRE, {"silence_id": silence_id, "moment": now})
                await self._audit.write(connection, hushed.expired_fact(before, after, actor))
            return after

        return await self._database.write(work)
