"""Transactions: a piece of work is done whole or not at all, and what goes wrong is said in our words.

It knows no table. Everything of SQLAlchemy and its drivers that can be raised ends here as StoreError.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Dialect, event, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mendwatch.errors import StoreError
from mendwatch.store import files, journal

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
#: How long one process waits for the writes of others; a write takes about a millisecond, so this is an outage.
BUSY_SECONDS = 30.0
_PRAGMAS = ("synchronous = FULL", "foreign_keys = ON")
_WRITING = "mendwatch_writing"


class Conflict(StoreError):
    """A unique index or a constraint refused the change; the caller knows which, or lets it pass as a StoreError."""


class Database:
    """One database; every read and every write is one transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._where = engine.url.render_as_string(hide_password=True)
        self._turn = asyncio.Lock()
        self._writes: set[asyncio.Task[Any]] = set()

    @property
    def dialect(self) -> Dialect:
        """What kind of SQL it speaks."""
        return self._engine.dialect

    async def read(self, work: Work[T]) -> T:
        """Do work that changes nothing, on one state of the database."""
        with self._ours():
            async with self._engine.connect() as connection, connection.begin():
                return await work(connection)

    async def write(self, work: Work[T]) -> T:
        """Do work that is committed as a whole, or rolled back where it raises.

        Whoever waits for it may be cancelled: the work goes on to its end, and nothing stays locked.
        """
        task = asyncio.ensure_future(self._write(work))
        self._writes.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Let the writes end, then let go of every connection."""
        await asyncio.gather(*self._writes, return_exceptions=True)
        await self._engine.dispose()

    async def _write(self, work: Work[T]) -> T:
        """One writer at a time within a process, in the order of asking; between processes the database decides."""
        async with self._turn:
            with self._ours():
                async with self._engine.connect() as connection:
                    await connection.execution_options(**{_WRITING: True})
                    async with connection.begin():
                        return await work(connection)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has it; nobody is told twice where they stopped waiting

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as problem:
            raise Conflict(f"the state database {self._where} refused a change: {_words(problem)}") from problem
        except (SQLAlchemyError, sqlite3.Error, OSError) as problem:
            raise StoreError(f"the state database {self._where} does not answer: {_words(problem)}") from problem


def connect(url: str) -> Database:
    """Give the database at a SQLAlchemy URL (`sqlite:///FILE` or `postgresql://...`), without asking it anything yet.

    Raises:
        StoreError: the URL names nothing that can be used, a library is missing, or a SQLite file cannot be made.
    """
    location = _location(url)
    if location.get_backend_name() == "sqlite":
        return Database(_sqlite(location))
    try:
        return Database(create_async_engine(location, hide_parameters=True))
    except ImportError as problem:
        raise StoreError(
            "PostgreSQL is not supported yet: its library, asyncpg, does not come with mendwatch",
            hint="Leave `state` out, or name a SQLite file: sqlite:////var/lib/mendwatch/state.db",
        ) from problem


def _sqlite(location: URL) -> AsyncEngine:
    if location.database in {None, "", ":memory:"}:
        raise StoreError(
            "the state needs a SQLite file: a database in memory cannot be shared",
            hint="Write sqlite:////var/lib/mendwatch/state.db",
        )
    path = Path(str(location.database)).expanduser()
    files.prepare(path)
    engine = create_async_engine(
        location.set(database=str(path)),
        hide_parameters=True,  # errors and logs never show what was written
        pool_reset_on_return=None,  # every transaction ends before its connection goes back
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},  # transactions begin where we say so
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


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


def _location(url: str) -> URL:
    try:
        location = make_url(url)
    except SQLAlchemyError as problem:
        raise StoreError("the `state` URL cannot be read", hint="Write it like sqlite:////var/lib/mendwatch/state.db") from problem
    location = location.set(drivername=_DRIVERS.get(location.drivername, location.drivername))
    if location.drivername not in _DRIVERS.values():
        raise StoreError(f"a `state` URL cannot begin with {location.drivername}", hint="Use sqlite:///FILE.")
    return location


def _words(problem: BaseException) -> str:
    """Give the driver's own words, without the statement."""
    return str(getattr(problem, "orig", None) or problem).splitlines()[0]
