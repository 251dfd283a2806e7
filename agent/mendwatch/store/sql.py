"""The store on SQL: opens the database, makes or checks its tables, and puts the parts together."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.store import queries, schema, standing, upgrade
from mendwatch.store.alerts import SqlAlerts
from mendwatch.store.audit import SqlAudit
from mendwatch.store.controls import SqlControls
from mendwatch.store.database import Database, connect
from mendwatch.store.decided import SqlJournal
from mendwatch.store.fleet import SqlFleet
from mendwatch.store.lanes import Lane
from mendwatch.store.marks import SqlMarks
from mendwatch.store.received import SqlReceived
from mendwatch.store.runs import SqlRuns
from mendwatch.store.signals import Heard
from mendwatch.store.silences import SqlSilences
from mendwatch.store.tokens import SqlTokens


class SqlStore:
    """One database with everything in it; made by `open_store`."""

    def __init__(self, database: Database, *, key: bytes, clock: Clock) -> None:
        self._database = database
        self._audit = SqlAudit(database, clock, key)
        self._runs = SqlRuns(database, clock, self._audit)
        self._tokens = SqlTokens(database, clock, self._audit)
        self._alerts = SqlAlerts(database)
        self._received = SqlReceived(database)
        self._marks = SqlMarks(database)
        self._controls = SqlControls(database, clock, self._audit)
        self._journal = SqlJournal(database)
        self._silences = SqlSilences(database, clock, self._audit)
        self._fleet = SqlFleet(database, clock, self._audit) if database.dialect.name == "postgresql" else None

    @property
    def runs(self) -> SqlRuns:
        """The table of runs."""
        return self._runs

    @property
    def audit(self) -> SqlAudit:
        """The chain."""
        return self._audit

    @property
    def tokens(self) -> SqlTokens:
        """Bearer tokens."""
        return self._tokens

    @property
    def alerts(self) -> SqlAlerts:
        """States of alerts."""
        return self._alerts

    @property
    def journal(self) -> SqlJournal:
        """What was decided about alerts."""
        return self._journal

    @property
    def silences(self) -> SqlSilences:
        """Silences."""
        return self._silences

    @property
    def received(self) -> SqlReceived:
        """Alerts that others judge."""
        return self._received

    @property
    def marks(self) -> SqlMarks:
        """Where collectors stopped."""
        return self._marks

    @property
    def controls(self) -> SqlControls:
        """What people set by hand."""
        return self._controls

    @property
    def fleet(self) -> SqlFleet | None:
        """The agents that share this database; None where only one can use it."""
        return self._fleet

    def version(self) -> int | None:
        """Give a number that is another one after every commit, of any process; None where only a query can tell."""
        return self._database.signal.version()

    def hear(self, heard: Heard) -> None:
        """Have something called as soon as another process has written, where the database says so by itself."""
        self._database.signal.hear(heard)

    async def close(self) -> None:
        """Let the writes end and let go of every connection."""
        await self._database.close()


async def open_store(
    url: str, *, key: bytes, clock: Clock, password: str | None = None, own_clock: bool = True, newer: bool = False
) -> SqlStore:
    """Open the state at a SQLAlchemy URL and make its tables where there are none.

    `key` is the audit key (`store.keys`); a database belongs to the key it was made with. With `own_clock`, changes go by the clock
    of PostgreSQL instead of `clock`, because several agents share it. `newer` brings older tables of PostgreSQL up to date, which
    those of SQLite always are: other agents may still use them.

    Raises:
        StoreError: the database does not answer, is of another version, or belongs to another key.
    """
    database = await asyncio.to_thread(connect, url, password=password, own_clock=own_clock)
    try:
        await _opened(database, standing.mark_of(key), newer=newer or database.dialect.name == "sqlite")
    except BaseException:
        await database.close()
        raise
    return SqlStore(database, key=key, clock=clock)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What brings a database up to date: its version before, this program's, the steps in words, and the SQL that they say."""

    before: int
    after: int
    steps: tuple[str, ...]
    sql: str


async def upgrade_of(url: str, *, key: bytes, password: str | None = None, dry: bool = False) -> Upgrade:
    """Bring a database up to date, and say what that was; `dry` only says it.

    Raises:
        StoreError: it does not answer, is of a later version, or belongs to another key.
    """
    database = await asyncio.to_thread(connect, url, password=password, patient=True)
    try:
        wanted = await database.read(lambda connection: connection.run_sync(_upgrade))
        if not dry:
            await prepare(database, key)
        return wanted
    finally:
        await database.close()


def _upgrade(connection: Connection) -> Upgrade:
    found = standing.look(connection)
    if found.revision in {None, schema.REVISION}:
        return Upgrade(int(found.revision or 0), schema.VERSION, () if found.revision else ("the tables are made",), "")
    before = str(found.revision)
    return Upgrade(int(before), schema.VERSION, upgrade.steps(connection, before), upgrade.statements(connection, before))


async def check(database: Database, key: bytes) -> None:
    """Raise StoreError where a database is not a state of this version and this key."""
    found = await database.read(lambda connection: connection.run_sync(standing.look))
    standing.check_key(found, standing.mark_of(key))
    if found.revision is None:
        raise StoreError("there is no state in that database", hint="Check the `state` URL.")
    if found.revision != schema.REVISION:
        raise StoreError(f"the state database has schema version {int(found.revision)}", hint="Run `mendwatch db upgrade` first.")


async def prepare(database: Database, key: bytes) -> None:
    """Make the tables where there are none, and bring older ones up to date."""
    await _opened(database, standing.mark_of(key), newer=True)


async def _opened(database: Database, mark: str, *, newer: bool) -> None:
    found = await database.read(lambda connection: connection.run_sync(standing.look))
    standing.check_key(found, mark)
    if found.current:
        return
    if found.revision not in {None, schema.REVISION} and not newer:
        raise StoreError(
            f"the state database has schema version {int(found.revision or 0)}; this mendwatch needs {schema.VERSION}",
            hint="Stop the agents that are older, then: mendwatch db upgrade",
        )
    await database.write(lambda connection: _prepared(connection, mark), Lane.TABLES)


async def _prepared(connection: AsyncConnection, mark: str) -> None:
    """Make the tables or bring them up to date, while nobody else can; who comes second finds all done."""
    found = await connection.run_sync(standing.look)
    standing.check_key(found, mark)
    if found.revision is None:
        await connection.run_sync(schema.metadata.create_all, checkfirst=False)
        facts = [{"name": standing.VERSION, "value": str(schema.VERSION)}, {"name": standing.KEY, "value": mark}]
        await connection.execute(queries.META_ADD, facts)
        await connection.execute(queries.REVISION_ADD, {"version_num": schema.REVISION})
        return
    if not found.stamped:
        await connection.run_sync(schema.revisions.create, checkfirst=True)
        await connection.execute(queries.REVISION_ADD, {"version_num": found.revision})
    if found.revision != schema.REVISION:
        await connection.run_sync(upgrade.upgrade)
        await connection.execute(queries.META_SET, {"fact": standing.VERSION, "new": str(schema.VERSION)})
