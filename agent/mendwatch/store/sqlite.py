"""How mendwatch uses SQLite: one file, written ahead, one writer at a time, every commit on the disk. It knows no table."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mendwatch.errors import StoreError
from mendwatch.store import files, journal
from mendwatch.store.changes import Changes
from mendwatch.store.lanes import Lane

DRIVER = "sqlite+aiosqlite"
#: How long one process waits for the writes of others; a write takes about a millisecond, so this is an outage.
BUSY_SECONDS = 30.0
_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON")
_WRITING = "mendwatch_writing"


class Sqlite:
    """The manners of SQLite, as `Database` asks for them."""

    faults: tuple[type[BaseException], ...] = (SQLAlchemyError, OSError, sqlite3.Error)
    reading: dict[str, Any] = {}  # noqa: RUF012 - read only
    writing: dict[str, Any] = {_WRITING: True}  # noqa: RUF012 - read only

    def __init__(self, file: Path) -> None:
        self.signal = Changes(file)

    def turn(self, lane: Lane) -> Lane | None:
        """Give what one writer of this process at a time may hold: the file, whatever the lane."""
        del lane
        return Lane.AUDITED

    async def enter(self, connection: AsyncConnection, lane: Lane) -> None:
        """BEGIN IMMEDIATE has taken the file already, and its machine's clock is ours."""

    def passing(self, problem: BaseException) -> bool:
        """Whether the same work may go through at once when it is done again: here it has waited long enough."""
        del problem
        return False

    def hint(self, problem: BaseException) -> str | None:
        """Give what to do about a fault, where it is known."""
        del problem
        return None


def engine(location: URL) -> AsyncEngine:
    """Make the engine of a file, and the file with its folder where there is none. Raises StoreError."""
    if location.database in {None, "", ":memory:"}:
        raise StoreError(
            "the state needs a SQLite file: a database in memory cannot be shared",
            hint="Write sqlite:////var/lib/mendwatch/state.db",
        )
    path = file_of(location)
    files.prepare(path)
    made = create_async_engine(
        location.set(drivername=DRIVER, database=str(path)),
        hide_parameters=True,  # errors and logs never show what was written
        pool_reset_on_return=None,  # every transaction ends before its connection goes back
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},  # transactions begin where we say so
    )
    event.listen(made.sync_engine, "connect", _set_pragmas)
    event.listen(made.sync_engine, "begin", _begin)
    return made


def file_of(location: URL) -> Path:
    """Give the file that a URL names."""
    return Path(str(location.database)).expanduser()


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - what SQLAlchemy makes of a driver's connection
    try:
        connection.run_async(lambda sqlite: journal.write_ahead(sqlite, BUSY_SECONDS))
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    except BaseException:
        connection.close()  # the pool has not taken it yet, and would leave its thread behind
        raise


def _begin(connection: Connection) -> None:
    """Take the write lock at the beginning: a reader that turns writer later may be refused without waiting."""
    statement = "BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITING) else "BEGIN"
    driver: Any = connection.connection.dbapi_connection
    driver.run_async(lambda sqlite: sqlite.execute(statement))  # one trip to the connection's thread instead of three
