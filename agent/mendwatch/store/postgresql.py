"""How mendwatch uses PostgreSQL: a small pool, lanes as advisory locks, the database's clock, and a bound on every wait.

It knows no table. The library is asyncpg, which comes with the extra `postgres`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sqlalchemy import URL, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from mendwatch.errors import StoreError
from mendwatch.store import addresses
from mendwatch.store.lanes import Lane
from mendwatch.store.moments import MOMENT
from mendwatch.store.notices import CHANNEL, Notices

DRIVER = "postgresql+asyncpg"
#: Connections of one agent at most: a write holds one for about a millisecond.
POOL, OVERFLOW = 4, 4
#: Seconds to wait for a connection of the pool, for a new one, and for the answer to a statement.
POOL_SECONDS, CONNECT_SECONDS, STATEMENT_SECONDS = 10.0, 5.0, 15.0
#: Bounds that the server keeps. A process that stands still in the middle of a write would keep all others waiting, so its
#: session is ended; a host that vanished is found out.
_SERVER = {
    "application_name": "mendwatch",
    "timezone": "UTC",
    "statement_timeout": "15s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "3s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
#: Work on whole tables (an upgrade, a copy) takes as long as it takes.
_PATIENT = {**_SERVER, "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
#: Serialisation failure and deadlock: somebody else was first, and the same work goes through now.
_OTHERS_FIRST = frozenset({"40001", "40P01"})
_HINTS = {
    "28P01": "Check the user in `state` and the password in `state_password`.",
    "28000": "Check the user in `state`, and what pg_hba.conf on the server says about it.",
    "3D000": "Create the database: createdb --owner mendwatch mendwatch",
    "42501": "Let the user of `state` own the database: ALTER DATABASE mendwatch OWNER TO mendwatch",
    "53300": "Raise max_connections of the server: each agent uses up to ten.",
    "57P03": "The server is starting or stopping; the agent goes on by itself.",
    "55P03": "Somebody held the database for longer than ten seconds: see pg_stat_activity.",
}


class Postgresql:
    """The manners of PostgreSQL, as `Database` asks for them."""

    reading: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}  # noqa: RUF012 - read only
    writing: dict[str, Any] = {"isolation_level": "READ COMMITTED"}  # noqa: RUF012 - read only

    def __init__(self, notices: Notices, *, own_clock: bool) -> None:
        self.faults = faults()
        self.signal = notices
        self._own_clock = own_clock

    def turn(self, lane: Lane) -> Lane | None:
        """Give what one writer of this process at a time may hold: who waits for a lane waits without a connection."""
        return lane or None

    async def enter(self, connection: AsyncConnection, lane: Lane) -> None:
        """Take the lane until the transaction ends, note the moment at which it was taken, and tell the others when it is over."""
        if lane is Lane.OWN and not self._own_clock:
            return
        lock = [] if lane is Lane.OWN else [func.pg_advisory_xact_lock(int(lane))]
        word = [func.pg_notify(CHANNEL, self.signal.name)] if lane is Lane.AUDITED else []
        row = (await connection.execute(select(*lock, func.clock_timestamp().label("moment"), *word))).one()
        if self._own_clock:
            await connection.execution_options(**{MOMENT: row.moment})

    def passing(self, problem: BaseException) -> bool:
        """Whether the same work may go through at once when it is done again."""
        lost = isinstance(problem, DBAPIError) and problem.connection_invalidated
        return lost or _state(problem) in _OTHERS_FIRST or isinstance(problem, ConnectionResetError)

    def hint(self, problem: BaseException) -> str | None:
        """Give what to do about a fault, where it is known."""
        return _HINTS.get(_state(problem))


def engine(location: URL, password: str | None, *, patient: bool = False) -> AsyncEngine:
    """Make the engine of a server, without asking it anything yet.

    Raises:
        StoreError: the library is missing, or an option of the URL cannot be used.
    """
    arguments: dict[str, Any] = {
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if patient else STATEMENT_SECONDS + 1,  # first the server says why
        "server_settings": _PATIENT if patient else _SERVER,
        **addresses.arguments(location),
    }
    if password is not None:
        arguments["password"] = password
    try:
        return create_async_engine(
            location.set(drivername=DRIVER, query={}),
            hide_parameters=True,  # errors and logs never show what was written
            connect_args=arguments,
            pool_size=POOL,
            max_overflow=OVERFLOW,
            pool_timeout=POOL_SECONDS,
            pool_use_lifo=True,
        )
    except ImportError as problem:
        raise StoreError("PostgreSQL needs the library asyncpg", hint="Install it: pip install 'mendwatch[postgres]'") from problem


def notices(location: URL, password: str | None) -> Notices:
    """Make what hears from a server that somebody has written; it connects when it is asked first."""
    library = import_module("asyncpg")
    place = {"host": location.host, "port": location.port, "user": location.username, "database": location.database}
    arguments = {name: value for name, value in place.items() if value is not None} | addresses.arguments(location)

    async def connect() -> Any:  # noqa: ANN401 - the driver ships no types
        return await library.connect(**arguments, password=password, timeout=CONNECT_SECONDS, server_settings=_SERVER)

    return Notices(connect, faults())


def faults() -> tuple[type[BaseException], ...]:
    """Give what may be raised when a server is asked."""
    library = import_module("asyncpg")
    return (SQLAlchemyError, OSError, library.PostgresError, library.InterfaceError)


def _state(problem: BaseException) -> str:
    """Give PostgreSQL's five signs for what went wrong; nothing where it said none."""
    return str(getattr(getattr(problem, "orig", problem), "sqlstate", None) or "")
