"""Which clock a change goes by: the database's, where several agents share one, else this machine's.

All moments of one transaction are the same, and whoever waited for a lane has the moment at which the lane was theirs: rows are
in the order of their times.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock

#: The execution option that carries the moment of a transaction.
MOMENT = "mendwatch_moment"


def now(connection: AsyncConnection, clock: Clock) -> datetime:
    """Give the moment of a transaction: the database's where it was asked for it, else the clock's."""
    found: datetime | None = connection.sync_connection.get_execution_options().get(MOMENT) if connection.sync_connection else None
    return found or clock.now()
