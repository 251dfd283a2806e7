"""Moves a whole state from one database to another, of whatever kind, and proves that it arrived.

The copy is one transaction of the target: it is there whole or not at all. Rows are compared by a digest that does not depend on
their order, for two databases sort text differently.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Integer, RowMapping, Table, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import Refused, StoreError
from mendwatch.model.audits import ChainVerdict
from mendwatch.store import fleet_tables, schema, sql
from mendwatch.store.audit import SqlAudit
from mendwatch.store.database import Database, connect
from mendwatch.store.lanes import Lane

_BATCH = 1000
#: Tables that every database has of its own: what it says about itself, and which agents are there.
_OF_ITS_OWN = frozenset({schema.meta.name, schema.revisions.name, fleet_tables.agents.name, fleet_tables.leases.name})
#: Told after each batch: the table, the rows of it that are copied, and how many there are.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state lies."""

    url: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: rows by table, and what verifying the chain found where they are now."""

    rows: Mapping[str, int]
    chain: ChainVerdict


@dataclass(frozen=True, slots=True)
class _Sum:
    """How many rows, and a digest of all of them in whatever order."""

    rows: int = 0
    digest: int = 0

    def plus(self, rows: Sequence[RowMapping]) -> _Sum:
        """Give the sum with some more rows."""
        digest = sum(
            int.from_bytes(hashlib.sha256(repr(sorted(row.items())).encode("utf-8", "surrogatepass")).digest()) for row in rows
        )
        return _Sum(self.rows + len(rows), (self.digest + digest) % 2**256)


async def copy(source: Place, target: Place, *, key: bytes, clock: Clock, progress: Progress) -> Copied:
    """Copy everything. The state at `source` must be of this version, and nobody should write to it meanwhile.

    Raises:
        Refused: the target holds something already.
        StoreError: a database does not answer, is of another version or key, or what arrived is not what was sent.
    """
    old = connect(source.url, password=source.password, patient=True)
    new = connect(target.url, password=target.password, patient=True)
    try:
        await sql.check(old, key)
        await sql.prepare(new, key)
        sums = await _copied(old, new, progress)
        await _compare(new, sums)
        verdict = await SqlAudit(new, clock, key).verify()
        _check_chain(verdict, await SqlAudit(old, clock, key).verify())
    finally:
        await old.close()
        await new.close()
    return Copied({name: found.rows for name, found in sums.items()}, verdict)


async def _copied(old: Database, new: Database, progress: Progress) -> Mapping[str, _Sum]:
    """Copy every table from one state of the source in one transaction of the target."""

    async def sending(source: AsyncConnection) -> Mapping[str, _Sum]:
        async def receiving(target: AsyncConnection) -> Mapping[str, _Sum]:
            await _refuse_what_is_not_empty(target)
            return {table.name: await _table(source, target, table, progress) for table in _tables()}

        return await new.write(receiving, Lane.TABLES)

    return await old.read(sending)


async def _table(source: AsyncConnection, target: AsyncConnection, table: Table, progress: Progress) -> _Sum:
    total: int = (await source.execute(select(func.count()).select_from(table))).scalar_one()
    found = _Sum()
    progress(table.name, 0, total)
    async for rows in _batches(source, table):
        await target.execute(insert(table), [dict(row) for row in rows])
        found = found.plus(rows)
        progress(table.name, found.rows, total)
    await _count_on(target, table)
    return found


async def _batches(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[RowMapping]]:
    async with connection.stream(select(table)) as result:
        async for rows in result.mappings().partitions(_BATCH):
            yield rows


async def _count_on(target: AsyncConnection, table: Table) -> None:
    """Let PostgreSQL number new rows from the last copied one on; SQLite does so by itself."""
    numbered = table.autoincrement_column
    if target.dialect.name != "postgresql" or numbered is None or not isinstance(numbered.type, BigInteger | Integer):
        return
    last = select(func.max(numbered)).scalar_subquery()
    sequence = func.pg_get_serial_sequence(table.name, numbered.name)
    await target.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))


async def _refuse_what_is_not_empty(target: AsyncConnection) -> None:
    for table in _tables():
        if (await target.execute(select(text("1")).select_from(table).limit(1))).first() is not None:
            raise Refused(
                f"the target is not empty: there are rows in {table.name}",
                hint="Give it a new database; nothing was changed there.",
            )


async def _compare(new: Database, sums: Mapping[str, _Sum]) -> None:
    """Read everything back and hold it against what was sent."""

    async def work(connection: AsyncConnection) -> Mapping[str, _Sum]:
        return {table.name: await _sum(connection, table) for table in _tables()}

    arrived = await new.read(work)
    wrong = [name for name, sent in sums.items() if arrived[name] != sent]
    if wrong:
        raise StoreError(f"what arrived is not what was sent: {', '.join(wrong)}", hint="Do not use the copy; report this message.")


async def _sum(connection: AsyncConnection, table: Table) -> _Sum:
    found = _Sum()
    async for rows in _batches(connection, table):
        found = found.plus(rows)
    return found


def _check_chain(arrived: ChainVerdict, sent: ChainVerdict) -> None:
    if arrived.fault is not None and sent.fault is None:
        raise StoreError(f"the copy's audit chain is broken: {arrived.fault}", hint="Do not use the copy; report this message.")
    if (arrived.head_seq, arrived.head_mac) != (sent.head_seq, sent.head_mac):
        hint = "Stop the agent, drop the copy, and copy again."
        raise StoreError("somebody wrote to the state while it was copied: the copy is older than it", hint=hint)


def _tables() -> list[Table]:
    return [table for table in schema.metadata.sorted_tables if table.name not in _OF_ITS_OWN]
