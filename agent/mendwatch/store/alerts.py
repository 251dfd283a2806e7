"""States of alerts in SQL, and with them the journal's new rows. They change by measurement, not by anybody's will: no audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.errors import StoreError
from mendwatch.model.alerts import Alert
from mendwatch.model.journal import Decision
from mendwatch.store import judged, queries
from mendwatch.store.database import Database
from mendwatch.store.lanes import Lane


class SqlAlerts:
    """Keeps alerts over a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._drop, self._add, self._note = (
            _Many(statement, database.dialect) for statement in (queries.ALERT_DROP, queries.ALERT_ADD, queries.JOURNAL_ADD)
        )

    async def load(self) -> Sequence[Alert]:
        """Give every alert that is kept."""

        async def work(connection: AsyncConnection) -> Sequence[Alert]:
            return [judged.alert_of(row) for row in (await connection.execute(queries.ALERT_LIST)).mappings()]

        return await self._database.read(work)

    async def save(self, alerts: Iterable[Alert], decisions: Iterable[Decision] = ()) -> None:
        """Keep alerts as they are now, and what was decided: all of it or nothing."""
        latest, writer = judged.kept(alerts), judged.Writer()
        try:
            rows = [writer.alert(alert) for alert in latest.values() if judged.worth_keeping(alert)]
            decided = [writer.decision(decision) for decision in decisions]
        except ValueError as problem:
            raise StoreError(f"an alert cannot be kept: {problem}", hint="This is a fault of mendwatch: report it.") from problem

        async def work(connection: AsyncConnection) -> None:
            await self._drop.run(connection, [{"print": judged.written(name)} for name in latest])
            await self._add.run(connection, rows)
            await self._note.run(connection, decided)

        if latest or decided:
            await self._database.write(work, Lane.OWN)


class _Many:
    """One statement for many rows at once, compiled once: what SQLAlchemy does for every row would cost as much as the database."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = str(compiled)
        self._names = tuple(getattr(compiled, "positiontup", None) or ())

    async def run(self, connection: AsyncConnection, rows: Sequence[Mapping[str, object]]) -> None:
        """Say it for all rows; for none, say nothing."""
        if rows:
            await connection.exec_driver_sql(self._text, [tuple([row[name] for name in self._names]) for row in rows])
