"""States of alerts in SQL. They change by measurement, not by anybody's will, so they are not audited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.model.alerts import Alert, AlertState
from mendwatch.store import queries
from mendwatch.store.database import Database
from mendwatch.store.rows import alert_of, alert_row


class SqlAlerts:
    """Keeps alerts over a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Sequence[Alert]:
        """Give every alert that is not inactive."""

        async def work(connection: AsyncConnection) -> Sequence[Alert]:
            return [alert_of(row) for row in (await connection.execute(queries.ALERT_LIST)).mappings()]

        return await self._database.read(work)

    async def save(self, alerts: Iterable[Alert]) -> None:
        """Keep alerts as they are now: the last word on each fingerprint counts."""
        latest = {alert.fingerprint: alert for alert in alerts}
        kept = [alert_row(alert) for alert in latest.values() if alert.state is not AlertState.INACTIVE]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(queries.ALERT_DROP, [{"print": fingerprint} for fingerprint in latest])
            if kept:
                await connection.execute(queries.ALERT_ADD, kept)

        if latest:
            await self._database.write(work)
