"""The journal of decisions in SQL: read by rule or as a whole, and kept short. Rows come in with the alerts they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.model.journal import Decision
from mendwatch.store import judged, queries
from mendwatch.store.database import Database
from mendwatch.store.lanes import Lane

#: Of every rule, at least so many decisions stay.
LEAST = 100
#: Rows that are deleted in one transaction: others who write wait for about 20 ms.
_AT_ONCE = 5000


class SqlJournal:
    """Reads the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_rule(self, rule: str, *, fingerprint: str | None = None, limit: int = 100) -> Sequence[Decision]:
        """Give the newest decisions about a rule, newest first."""
        if fingerprint is None:
            return await self._rows(queries.JOURNAL_OF_RULE, {"of_rule": rule, "most": limit})
        return await self._rows(queries.JOURNAL_OF_SUBJECT, {"of_rule": rule, "print": fingerprint, "most": limit})

    async def newest(self, limit: int = 100) -> Sequence[Decision]:
        """Give the newest decisions about anything, newest first."""
        return await self._rows(queries.JOURNAL_NEWEST, {"most": limit})

    async def words(self) -> Mapping[str, Decision]:
        """Give, by fingerprint, the last word on what is asked for about each alert that is kept."""
        return {decision.fingerprint: decision for decision in await self._rows(queries.JOURNAL_WORDS, {})}

    async def prune(self, *, keep_per_rule: int = 1000, before: datetime | None = None) -> int:
        """Forget what is older than so many newer decisions of its rule, and what was before a moment; at least 100 stay."""
        gone = 0
        for rule in await self._database.read(_rules):
            gone += await self._pruned(rule, max(LEAST, keep_per_rule), None)
            gone += 0 if before is None else await self._pruned(rule, LEAST, before)
        return gone

    async def _pruned(self, rule: str, keep: int, before: datetime | None) -> int:
        wanted: dict[str, object] = {"of_rule": rule, "most": _AT_ONCE}
        statement = queries.JOURNAL_DROP
        if before is not None:
            statement, wanted["moment"] = queries.JOURNAL_DROP_BEFORE, before
        gone = 0

        async def work(connection: AsyncConnection) -> int:
            place = (await connection.execute(queries.JOURNAL_PLACE, {"of_rule": rule, "but": keep - 1})).scalar()
            return 0 if place is None else (await connection.execute(statement, {**wanted, "place": place})).rowcount

        while True:
            some = await self._database.write(work, Lane.OWN)
            gone += some
            if some < _AT_ONCE:
                return gone

    async def _rows(self, statement: Select[tuple[object, ...]], wanted: Mapping[str, object]) -> Sequence[Decision]:
        async def work(connection: AsyncConnection) -> Sequence[Decision]:
            return [judged.decision_of(row) for row in (await connection.execute(statement, wanted)).mappings()]

        return await self._database.read(work)


async def _rules(connection: AsyncConnection) -> Sequence[str]:
    return (await connection.execute(queries.JOURNAL_RULES)).scalars().all()
