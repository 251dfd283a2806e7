"""The audit chain in SQL: rows are only ever added, at the end, inside the transaction of what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import starmap

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.model.audits import AuditEntry, ChainVerdict
from mendwatch.store import chain, moments, queries
from mendwatch.store.canonical import escaped
from mendwatch.store.chain import Fact, Link, Verifier
from mendwatch.store.database import Database

#: Rows that are verified between two looks at the event loop: about 10 ms.
_BATCH = 2000


class SqlAudit:
    """Writes the chain and reads it."""

    def __init__(self, database: Database, clock: Clock, key: bytes) -> None:
        self._database = database
        self._clock = clock
        self._key = key

    async def write(self, connection: AsyncConnection, fact: Fact) -> AuditEntry:
        """Add a row within somebody's transaction; what they changed is kept only if this is."""
        last = (await connection.execute(queries.AUDIT_LAST)).one_or_none()
        link = chain.append(self._key, None if last is None else (last.seq, last.mac), fact, moments.now(connection, self._clock))
        await connection.execute(queries.AUDIT_ADD, {"seq": link.seq, "filed": link.filed, "record": link.record, "mac": link.mac})
        return chain.entry_of(link)

    async def append(self, actor: str, what: str, subject: str, detail: Mapping[str, object]) -> AuditEntry:
        """Write one row that belongs to no other change."""
        return await self._database.write(lambda connection: self.write(connection, Fact(actor, what, subject, detail)))

    async def head(self) -> AuditEntry | None:
        """Give the newest row."""

        async def work(connection: AsyncConnection) -> RowMapping | None:
            return (await connection.execute(queries.AUDIT_HEAD)).mappings().one_or_none()

        row = await self._database.read(work)
        return None if row is None else _entry(Link(**row))

    async def entries(self, *, after: int = 0, subject: str | None = None, limit: int = 1000) -> Sequence[AuditEntry]:
        """Give rows in order."""

        async def work(connection: AsyncConnection) -> Sequence[RowMapping]:
            wanted = {"after": after, "most": limit, **({} if subject is None else {"about": escaped(subject)})}
            statement = queries.AUDIT_AFTER if subject is None else queries.AUDIT_ABOUT
            return (await connection.execute(statement, wanted)).mappings().all()

        return [_entry(Link(**row)) for row in await self._database.read(work)]

    async def verify(self, anchor: tuple[int, str] | None = None) -> ChainVerdict:
        """Recompute the chain, batch by batch, up to the first fault."""
        verifier, after = Verifier(self._key, anchor), 0
        while links := await self._raw(after):
            if not all(verifier.take(link) for link in links):
                break
            after = links[-1].seq
        return verifier.verdict()

    async def _raw(self, after: int) -> Sequence[Link]:
        async def work(connection: AsyncConnection) -> Sequence[Link]:
            rows = await connection.execute(queries.AUDIT_RAW, {"after": after, "most": _BATCH})
            return list(starmap(Link, rows))

        return await self._database.read(work)


def _entry(link: Link) -> AuditEntry:
    try:
        return chain.entry_of(link)
    except (ValueError, TypeError, KeyError) as problem:
        raise StoreError(f"row {link.seq} of the audit cannot be read", hint="Run `mendwatch audit verify`.") from problem
