"""Where each collector stopped, in SQL: one row for each that can go on from there."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.store import marks_table as table
from mendwatch.store.database import Database
from mendwatch.store.lanes import Lane


class SqlMarks:
    """Keeps marks; what they say is known to their collectors only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, target: str, collector: str) -> str | None:
        """Give the mark that was kept last, None where there is none."""

        async def work(connection: AsyncConnection) -> str | None:
            found: str | None = (await connection.execute(table.MARK_OF, {"on": target, "by": collector})).scalar()
            return found

        return await self._database.read(work)

    async def keep(self, target: str, collector: str, mark: str) -> None:
        """Keep a mark in place of the one before."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(table.MARK_DROP, {"on": target, "by": collector})
            await connection.execute(table.MARK_ADD, {"target": target, "collector": collector, "mark": mark})

        await self._database.write(work, Lane.OWN)
