"""The store on SQL: opens the database, makes or checks its tables, and puts the parts together."""

from __future__ import annotations

import asyncio
import hmac

from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.store import changes, queries, schema, upgrade
from mendwatch.store.alerts import SqlAlerts
from mendwatch.store.audit import SqlAudit
from mendwatch.store.changes import Changes
from mendwatch.store.database import Database, connect
from mendwatch.store.decided import SqlJournal
from mendwatch.store.marks import SqlMarks
from mendwatch.store.received import SqlReceived
from mendwatch.store.runs import SqlRuns
from mendwatch.store.silences import SqlSilences
from mendwatch.store.tokens import SqlTokens

_VERSION, _KEY = "schema_version", "audit_key"


class SqlStore:
    """One database with everything in it; made by `open_store`."""

    def __init__(self, database: Database, *, key: bytes, clock: Clock, watched: Changes | None = None) -> None:
        self._database = database
        self._watched = watched
        self._audit = SqlAudit(database, clock, key)
        self._runs = SqlRuns(database, clock, self._audit)
        self._tokens = SqlTokens(database, clock, self._audit)
        self._alerts = SqlAlerts(database)
        self._received = SqlReceived(database)
        self._marks = SqlMarks(database)
        self._journal = SqlJournal(database)
        self._silences = SqlSilences(database, clock, self._audit)

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

    def version(self) -> int | None:
        """Give a number that is another one after every commit, of any process; None where only a query can tell."""
        return self._watched.version() if self._watched is not None else None

    async def close(self) -> None:
        """Let the writes end and let go of every connection."""
        if self._watched is not None:
            self._watched.close()
        await self._database.close()


async def open_store(url: str, *, key: bytes, clock: Clock) -> SqlStore:
    """Open the state at a SQLAlchemy URL and make its tables where there are none.

    `key` is the audit key (`store.keys`); a database belongs to the key it was made with.

    Raises:
        StoreError: the database does not answer, is of another version, or belongs to another key.
    """
    database = await asyncio.to_thread(connect, url)
    try:
        await database.write(lambda connection: _prepare(connection, _mark(key)))
    except BaseException:
        await database.close()
        raise
    return SqlStore(database, key=key, clock=clock, watched=changes.watch(url))


async def _prepare(connection: AsyncConnection, mark: str) -> None:
    """Make the tables or check them, while nobody else can."""
    if await connection.run_sync(_is_ours):
        facts = {row.name: row.value for row in await connection.execute(queries.META)}
        _check_version(facts.get(_VERSION))
        _check_key(facts.get(_KEY, ""), mark)
        if facts[_VERSION] != str(schema.VERSION):
            await connection.run_sync(upgrade.upgrade)
            await connection.execute(queries.META_SET, {"fact": _VERSION, "new": str(schema.VERSION)})
        return
    await connection.run_sync(schema.metadata.create_all, checkfirst=False)
    await connection.execute(queries.META_ADD, [{"name": _VERSION, "value": str(schema.VERSION)}, {"name": _KEY, "value": mark}])


def _is_ours(connection: Connection) -> bool:
    """Whether our tables are there. Raises StoreError where the database is somebody else's."""
    names = set(inspect(connection).get_table_names())
    ours = {table.name for table in schema.metadata.sorted_tables}
    if "meta" not in names and names & ours:
        raise StoreError("the database holds tables of another program", hint="Give mendwatch a database of its own.")
    return "meta" in names


def _check_version(found: str | None) -> None:
    if found == str(schema.VERSION) or found in upgrade.FROM:
        return
    newer = (found or "").isdigit() and int(found or 0) > schema.VERSION
    hint = "Use the mendwatch that wrote it, or a later one." if newer else "Use the mendwatch that wrote it."
    raise StoreError(f"the state database has schema version {found}; this mendwatch needs {schema.VERSION}", hint=hint)


def _check_key(found: str, mark: str) -> None:
    if not hmac.compare_digest(found, mark):
        raise StoreError(
            "the audit key is not the one this state database was made with: its chain could not be verified any more",
            hint="Restore the key file from a backup, or begin with a new state database.",
        )


def _mark(key: bytes) -> str:
    """Give what tells one key from another without telling the key."""
    return hmac.digest(key, b"mendwatch audit key", "sha256").hex()
