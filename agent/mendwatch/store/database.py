"""Transactions: a piece of work is done whole or not at all, and what goes wrong is said in our words.

It knows no table, and of each kind of database only its manners. Everything of SQLAlchemy and its drivers that can be raised ends
here as StoreError.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Dialect, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mendwatch.errors import StoreError
from mendwatch.store import postgresql, sqlite
from mendwatch.store.lanes import Lane
from mendwatch.store.signals import Signal

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

_KINDS = {"sqlite": "sqlite", sqlite.DRIVER: "sqlite"} | dict.fromkeys(("postgresql", "postgres", postgresql.DRIVER), "postgresql")
#: How often a piece of work is done anew that a lost connection or another writer undid.
_TRIES = 3


class Conflict(StoreError):
    """A unique index or a constraint refused the change; the caller knows which, or lets it pass as a StoreError."""


class Manners(Protocol):
    """What one kind of database does differently from the other."""

    @property
    def faults(self) -> tuple[type[BaseException], ...]:
        """What may be raised when it is asked, of SQLAlchemy, of the driver and of the system."""
        ...

    @property
    def reading(self) -> Mapping[str, Any]:
        """Options of a connection that only reads."""
        ...

    @property
    def writing(self) -> Mapping[str, Any]:
        """Options of a connection that writes."""
        ...

    @property
    def signal(self) -> Signal:
        """How others learn that somebody has written."""
        ...

    def turn(self, lane: Lane) -> Lane | None:
        """Give what one writer of this process at a time may hold; None: nothing."""
        ...

    async def enter(self, connection: AsyncConnection, lane: Lane) -> None:
        """Keep others out of a lane until the transaction ends."""
        ...

    def passing(self, problem: BaseException) -> bool:
        """Whether the same work may go through at once when it is done again."""
        ...

    def hint(self, problem: BaseException) -> str | None:
        """Give what to do about a fault, where it is known."""
        ...


class Database:
    """One database; every read and every write is one transaction."""

    def __init__(self, engine: AsyncEngine, manners: Manners) -> None:
        self._engine = engine
        self._manners = manners
        self._where = engine.url.render_as_string(hide_password=True)
        self._turns: defaultdict[Lane, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._begun: set[asyncio.Task[Any]] = set()
        #: Asked in the transaction of each write; raises where this process may not write any more (`store.fleet`).
        self.guard: Callable[[AsyncConnection], Awaitable[None]] | None = None

    @property
    def signal(self) -> Signal:
        """How to learn that somebody has written."""
        return self._manners.signal

    @property
    def dialect(self) -> Dialect:
        """What kind of SQL it speaks."""
        return self._engine.dialect

    async def read(self, work: Work[T]) -> T:
        """Do work that changes nothing, on one state of the database. It may be done anew where a connection was lost.

        Whoever waits for it may be cancelled: it ends its transaction, and the next one to use its connection finds none open.
        """
        return await self._to_the_end(self._patiently(lambda: self._read(work)))

    async def write(self, work: Work[T], lane: Lane = Lane.AUDITED) -> T:
        """Do work that is committed as a whole, or rolled back where it raises; nobody else writes in its lane meanwhile.

        It may be done anew where nothing of it was committed. Whoever waits for it may be cancelled: the work goes on to its end,
        and nothing stays locked.
        """
        return await self._to_the_end(self._write(work, lane))

    async def close(self) -> None:
        """Let what was begun end, then let go of every connection."""
        await asyncio.gather(*self._begun, return_exceptions=True)
        await self._manners.signal.end()
        await self._engine.dispose()

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.ensure_future(work)
        self._begun.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def _read(self, work: Work[T]) -> T:
        async with self._engine.connect() as connection:
            await connection.execution_options(**self._manners.reading)
            async with connection.begin():
                return await work(connection)

    async def _write(self, work: Work[T], lane: Lane) -> T:
        """One writer at a time within a process, in the order of asking; between processes the database decides."""
        turn = self._manners.turn(lane)
        async with nullcontext() if turn is None else self._turns[turn]:
            return await self._patiently(lambda: self._commit(work, lane))

    async def _commit(self, work: Work[T], lane: Lane) -> T:
        async with self._engine.connect() as connection:
            await connection.execution_options(**self._manners.writing)
            async with connection.begin() as transaction:
                await self._manners.enter(connection, lane)
                if self.guard is not None and lane is not Lane.FLEET:
                    await self.guard(connection)
                result = await work(connection)
                try:
                    await transaction.commit()
                except self._manners.faults as problem:
                    raise self._doubtful(problem) from problem
        if lane is Lane.AUDITED:
            self._manners.signal.wrote()
        return result

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try, and where what went wrong is over by the next try, try again."""
        for _ in range(_TRIES - 1):
            with self._ours():
                try:
                    return await attempt()
                except self._manners.faults as problem:
                    if not self._manners.passing(problem):
                        raise
        with self._ours():
            return await attempt()

    def _doubtful(self, problem: BaseException) -> StoreError:
        """Say that nobody knows: the answer to the last word did not come. Not to be done anew by itself."""
        if isinstance(problem, IntegrityError):
            return Conflict(f"the state database {self._where} refused a change: {_words(problem)}")
        hint = "Look whether the change is there; if not, ask for it again."
        return StoreError(f"the state database {self._where} did not confirm a change: {_words(problem)}", hint=hint)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._begun.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked has it; nobody is told twice where they stopped waiting

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as problem:
            raise Conflict(f"the state database {self._where} refused a change: {_words(problem)}") from problem
        except self._manners.faults as problem:
            words, hint = _words(problem), self._manners.hint(problem)
            raise StoreError(f"the state database {self._where} does not answer: {words}", hint=hint) from problem


def connect(url: str, *, password: str | None = None, own_clock: bool = True, patient: bool = False) -> Database:
    """Give the database at a SQLAlchemy URL (`sqlite:///FILE` or `postgresql://...`), without asking it anything yet.

    With `own_clock`, changes go by PostgreSQL's clock. A `patient` one waits for PostgreSQL as long as it takes.

    Raises:
        StoreError: the URL names nothing that can be used, a library is missing, or a SQLite file cannot be made.
    """
    location = _location(url)
    if location.get_backend_name() == "sqlite":
        return Database(sqlite.engine(location), sqlite.Sqlite(sqlite.file_of(location)))
    engine = postgresql.engine(location, password, patient=patient)
    return Database(engine, postgresql.Postgresql(postgresql.notices(location, password), own_clock=own_clock))


def _location(url: str) -> URL:
    try:
        location = make_url(url)
    except SQLAlchemyError as problem:
        raise StoreError("the `state` URL cannot be read", hint="Write it like sqlite:////var/lib/mendwatch/state.db") from problem
    if location.drivername not in _KINDS:
        raise StoreError(
            f"a `state` URL cannot begin with {location.drivername}", hint="Use sqlite:///FILE or postgresql://HOST/NAME."
        )
    return location


def _words(problem: BaseException) -> str:
    """Give the driver's own words, without the statement."""
    words = str(getattr(problem, "orig", None) or problem).splitlines()
    return words[0] if words else type(problem).__name__
