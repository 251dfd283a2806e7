"""What somebody does who can write the database, but does not ask the store."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.store.lanes import Lane
from mendwatch.store.sql import SqlStore


async def behind(store: SqlStore, *statements: str) -> None:
    """Say something to a store's database behind its back, in one transaction."""

    async def work(connection: AsyncConnection) -> None:
        for statement in statements:
            await connection.exec_driver_sql(statement)

    await store._database.write(work, Lane.OWN)
