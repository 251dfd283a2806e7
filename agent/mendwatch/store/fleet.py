"""Agents that share a state: one of them acts, by a lease with a number that grows whenever it passes to another process.

Whoever acts writes only while the lease is still its own, which is asked in the transaction of each write: a process that stood
still and wakes up writes nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import NotFound, StoreError
from mendwatch.model.members import Badge, Member, Tenure
from mendwatch.store import fleet_tables as table
from mendwatch.store import ids, moments
from mendwatch.store.audit import SqlAudit
from mendwatch.store.chain import Fact
from mendwatch.store.database import Database
from mendwatch.store.lanes import Lane

#: How long an agent is believed to act without saying so again.
LEASE = timedelta(seconds=6)
#: How long an agent is remembered that does not say anything any more.
REMEMBERED = timedelta(days=1)
_ACTING = "acting"


class SqlFleet:
    """Knows the agents of one database, and lets one of them act."""

    def __init__(self, database: Database, clock: Clock, audit: SqlAudit) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def beat(self, badge: Badge, fence: int | None) -> Tenure:
        """Say that an agent is there, and hold or take the lease.

        `fence` is the number under which it acts, None where it does not. A lease that is its own under another number was an
        earlier process', which is gone, for a badge belongs to one process.
        """
        tenure = await self._database.write(lambda connection: self._beat(connection, badge, fence), Lane.FLEET)
        if tenure.acting is not None or fence is not None:
            self._guard(badge, tenure.fence)
            return tenure
        tenure = await self._database.write(lambda connection: self._take(connection, badge))
        self._guard(badge, tenure.fence)
        return tenure

    async def leave(self, badge: Badge, fence: int | None) -> None:
        """Be gone in order: the lease is free at once. What is draining stays known as that, for it may be started again."""

        async def work(connection: AsyncConnection) -> None:
            now = moments.now(connection, self._clock)
            if fence is not None and await _held(connection, badge, fence):
                await _hold(connection, badge.id, fence, now)
            await connection.execute(table.AGENT_BEAT.values(until=now), {"agent": badge.id})
            await connection.execute(table.AGENT_DROP, {"agent": badge.id})

        await self._database.write(work, Lane.FLEET)
        self._database.guard = None

    async def members(self) -> Sequence[Member]:
        """Give every agent that is remembered."""

        async def work(connection: AsyncConnection) -> Sequence[Member]:
            now, lease = moments.now(connection, self._clock), await _lease(connection)
            acting = str(lease["owner"]) if lease is not None and lease["until"] > now else ""
            rows = (await connection.execute(table.AGENTS)).mappings().all()
            return [_member(row, acting, now) for row in rows]

        return await self._database.write(work, Lane.FLEET)  # which knows the time by which they are alive

    async def drain(self, agent: str, *, wanted: bool, actor: str) -> None:
        """Have an agent hand over to another one, and keep it from acting; or let it act again. Raises NotFound."""

        async def work(connection: AsyncConnection) -> None:
            done = await connection.execute(table.AGENT_DRAIN, {"agent": agent, "wanted": wanted})
            if not done.rowcount:
                raise NotFound(f"there is no agent {ids.shown(agent)}", hint="See `mendwatch agents list`.")
            await self._audit.write(connection, Fact(actor, "agent.draining" if wanted else "agent.resumed", agent, {}))

        await self._database.write(work)

    async def _beat(self, connection: AsyncConnection, badge: Badge, fence: int | None) -> Tenure:
        now = moments.now(connection, self._clock)
        await _note(connection, badge, now)
        lease = await _lease(connection)
        others = {name: until > now and not draining for name, until, draining in await _agents(connection)}
        draining = not others.pop(badge.id)
        if lease is not None and lease["owner"] == badge.id and lease["fence"] == fence and fence is not None:
            if draining and any(others.values()):
                await _hold(connection, badge.id, fence, now)
                return Tenure(None, None)
            await _hold(connection, badge.id, fence, now + LEASE)
            return Tenure(fence, badge.id)
        held = lease is not None and lease["until"] > now and lease["owner"] != badge.id
        free = not held and not (draining and any(others.values()))
        return Tenure(None, None if free else str(lease["owner"]) if lease is not None else "nobody")

    async def _take(self, connection: AsyncConnection, badge: Badge) -> Tenure:
        now, lease = moments.now(connection, self._clock), await _lease(connection)
        if lease is not None and lease["until"] > now and lease["owner"] != badge.id:
            return Tenure(None, str(lease["owner"]))
        fence = 1 if lease is None else int(lease["fence"]) + 1
        if lease is None:
            await connection.execute(table.LEASE_ADD, {"name": _ACTING, "owner": badge.id, "fence": fence, "until": now + LEASE})
        else:
            await _hold(connection, badge.id, fence, now + LEASE)
        before = None if lease is None else lease["owner"]
        detail = {"fence": fence, "host": badge.host, "pid": badge.pid, "version": badge.version, "before": before}
        await self._audit.write(connection, Fact(f"agent:{badge.id}", "agent.acting", badge.id, detail))
        return Tenure(fence, badge.id)

    def _guard(self, badge: Badge, fence: int | None) -> None:
        """From here on, whatever this process writes is written only while it acts; one that does not act is not a writer."""
        if fence is None:
            return

        async def check(connection: AsyncConnection) -> None:
            if not await _held(connection, badge, fence):
                raise StoreError("another agent acts on this state by now", hint="Nothing to do: this one stands by, or ends.")

        self._database.guard = check


async def _note(connection: AsyncConnection, badge: Badge, now: datetime) -> None:
    fields = {"host": badge.host, "pid": badge.pid, "version": badge.version, "until": now + LEASE}
    done = await connection.execute(table.AGENT_BEAT.values(fields), {"agent": badge.id})
    if not done.rowcount:
        await connection.execute(table.AGENT_ADD, {"id": badge.id, "draining": False, **fields})
    await connection.execute(table.AGENTS_DROP, {"moment": now - REMEMBERED})


async def _agents(connection: AsyncConnection) -> list[tuple[str, datetime, bool]]:
    return [(row.id, row.until, row.draining) for row in await connection.execute(table.AGENTS)]


async def _lease(connection: AsyncConnection) -> RowMapping | None:
    return (await connection.execute(table.LEASE, {"lease": _ACTING})).mappings().one_or_none()


async def _held(connection: AsyncConnection, badge: Badge, fence: int) -> bool:
    wanted = {"lease": _ACTING, "holder": badge.id, "number": fence}
    return (await connection.execute(table.LEASE_IS, wanted)).first() is not None


async def _hold(connection: AsyncConnection, holder: str, fence: int, until: datetime) -> None:
    await connection.execute(table.LEASE_HOLD, {"lease": _ACTING, "holder": holder, "number": fence, "moment": until})


def _member(row: RowMapping, acting: str, now: datetime) -> Member:
    badge = Badge(row["id"], row["host"], row["pid"], row["version"])
    return Member(badge, row["until"], alive=row["until"] > now, draining=row["draining"], acting=acting == badge.id)
