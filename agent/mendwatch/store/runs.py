"""The table of runs in SQL. What may be is decided in `transitions` and `decisions`; here it is made to hold against others.

Each change is one transaction: hold the row, decide, a guarded UPDATE, the audit row. The UPDATE names the states, the version
and the fence it was decided on, so that even a database which did not hold the row would refuse a change made in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.errors import NotFound, Refused
from mendwatch.model.controls import STOP_NAME, ControlKind
from mendwatch.model.principals import Principal
from mendwatch.model.runs import Run, RunState
from mendwatch.store import controls, decisions, ids, moments, queries, transitions
from mendwatch.store.audit import SqlAudit
from mendwatch.store.chain import Fact
from mendwatch.store.database import Conflict, Database
from mendwatch.store.decisions import Standing, Word
from mendwatch.store.interface import Edit, NewRun, RunChange
from mendwatch.store.rows import run_of, run_row, token_of

#: How often a run is opened anew where the problem's open run ended, or a name was given twice, in the same moment.
_TRIES = 3


class SqlRuns:
    """Opens runs, changes them, finds them."""

    def __init__(self, database: Database, clock: Clock, audit: SqlAudit) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def propose(self, new: NewRun) -> Run | None:
        """Open a run, or give None where the problem has an open one."""
        for _ in range(_TRIES - 1):
            try:
                return await self._open(new)
            except Conflict:
                if await self._database.read(lambda connection: _has_open(connection, new.dedup_key)):
                    return None
        return await self._open(new)

    async def change(self, run_id: str, change: RunChange) -> Run:
        """Make one change of state."""

        async def work(connection: AsyncConnection) -> Run:
            run = await _held(connection, run_id)
            transitions.refuse_deciding(run, change)
            if change.to is RunState.APPLYING:
                transitions.refuse_stopped(run, change, await controls.found(connection, ControlKind.STOP, STOP_NAME))
            return await self._changed(connection, run, change)

        try:
            return await self._database.write(work)
        except Conflict:
            await self._database.read(lambda connection: _refuse_second(connection, run_id, change.to))
            raise

    async def decide(self, run_id: str, *, plan_hash: str | None, verdict: str, principal: Principal, reason: str) -> Run:
        """Record a person's word, also where it is refused."""
        word = Word(verdict, plan_hash, principal, reason)

        async def work(connection: AsyncConnection) -> Run | Refused:
            name = run_id
            try:
                run = await _held(connection, run_id)
                name = run.id
                now = self._now(connection)
                ruling = decisions.judge(run, word, now, await _standing(connection, principal))
            except Refused as why:
                await self._audit.write(connection, decisions.refusal(name, word, why))
                return why
            return await self._kept(connection, run, ruling.after, ruling.fact)

        answer = await self._database.write(work)
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def edit(self, run_id: str, edit: Edit) -> Run:
        """Overtake a pending run by one with a lower value."""

        async def work(connection: AsyncConnection) -> Run | Refused:
            name, new_id, now = run_id, ids.run_id(), self._now(connection)
            try:
                run = await _held(connection, run_id)
                name = run.id
                ruling, new = decisions.edited(run, edit, new_id, now, await _standing(connection, edit.principal))
            except Refused as why:
                await self._audit.write(connection, decisions.edit_refusal(name, edit, why))
                return why
            await self._kept(connection, run, ruling.after, ruling.fact)
            return await self._added(connection, transitions.opened(new, new_id, now))

        answer = await self._database.write(work)
        if isinstance(answer, Refused):
            raise answer
        return answer

    async def expire(self, *, actor: str = "agent:expiry") -> Sequence[Run]:
        """End what waited too long."""

        async def work(connection: AsyncConnection) -> Sequence[Run]:
            rows = (await connection.execute(queries.RUN_OVERDUE, {"moment": self._now(connection)})).mappings().all()
            return [await self._changed(connection, run, transitions.expiry(run, actor)) for run in map(run_of, rows)]

        return await self._database.write(work)

    async def mark_resolved(self, run_id: str, keys: Sequence[str], *, actor: str, note: str) -> Run:
        """Record which events a verified run settled."""

        async def work(connection: AsyncConnection) -> Run:
            run = await _held(connection, run_id)
            after = transitions.resolved(run, keys, note, self._now(connection))
            if after is run:
                return run
            return await self._kept(connection, run, after, transitions.resolved_fact(after, keys, actor))

        return await self._database.write(work)

    async def get(self, run_id: str) -> Run:
        """Give one run, by its id or the beginning of it."""
        return await self._database.read(lambda connection: _found(connection, run_id))

    async def list(self, *, states: Iterable[RunState] | None = None, target: str | None = None, limit: int = 100) -> Sequence[Run]:
        """Give runs, newest first."""
        wanted: dict[str, object] = {"most": limit}
        statement = queries.RUN_LIST if target is None else queries.RUN_LIST_ON
        if states is not None:
            statement = queries.RUN_LIST_IN if target is None else queries.RUN_LIST_IN_ON
            wanted["states"] = sorted(state.value for state in states)
        if target is not None:
            wanted["on_target"] = target
        return await self._database.read(lambda connection: _runs(connection, statement, wanted))

    async def counts(self) -> Mapping[RunState, int]:
        """Tell how many runs there are in each state."""

        async def work(connection: AsyncConnection) -> Mapping[RunState, int]:
            return {RunState(row.state): row.many for row in await connection.execute(queries.RUN_COUNTS)}

        return await self._database.read(work)

    async def settled(self, rule: str, target: str, limit: int) -> Sequence[Run]:
        """Give the newest runs of a rule on a target that failed or were verified."""
        wanted = {"of_rule": rule, "on_target": target, "most": limit}
        return await self._database.read(lambda connection: _runs(connection, queries.RUN_SETTLED, wanted))

    async def since(self, moment: datetime) -> Sequence[Run]:
        """Give every run that began or ended since a moment."""
        return await self._database.read(lambda connection: _runs(connection, queries.RUN_SINCE, {"moment": moment}))

    async def _open(self, new: NewRun) -> Run:
        async def work(connection: AsyncConnection) -> Run:
            return await self._added(connection, transitions.opened(new, ids.run_id(), self._now(connection)))

        return await self._database.write(work)

    async def _added(self, connection: AsyncConnection, run: Run) -> Run:
        await connection.execute(queries.RUN_ADD, run_row(run))
        await self._audit.write(connection, transitions.proposed_fact(run))
        return run

    def _now(self, connection: AsyncConnection) -> datetime:
        return moments.now(connection, self._clock)

    async def _changed(self, connection: AsyncConnection, run: Run, change: RunChange) -> Run:
        after = transitions.changed(run, change, self._now(connection))
        return await self._kept(connection, run, after, transitions.changed_fact(run, after, change.actor, change.detail))

    async def _kept(self, connection: AsyncConnection, before: Run, after: Run, fact: Fact) -> Run:
        """Write the next row and its audit row; both or none."""
        if after is not before:
            await _move(connection, before, after)
        await self._audit.write(connection, fact)
        return after


async def _standing(connection: AsyncConnection, principal: Principal) -> Standing:
    """Look who speaks: by their token as it is now, and by the words that were lent."""
    row = None
    if principal.token:
        row = (await connection.execute(queries.TOKEN_GET, {"token_id": principal.token})).mappings().one_or_none()
    lent = await controls.listed(connection, ControlKind.DELEGATION) if principal.acting_for else ()
    return Standing(None if row is None else token_of(row), lent)


async def _move(connection: AsyncConnection, before: Run, after: Run) -> None:
    states = {before.state} if after.state is before.state else transitions.sources(after.state)
    guard = {"run_id": before.id, "was_states": sorted(states), "was_version": before.version, "was_fence": before.fence}
    values = {name: value for name, value in run_row(after).items() if name != "id"}
    done = await connection.execute(queries.RUN_MOVE.values(values), guard)
    if done.rowcount == 0:
        now = await _held(connection, before.id)
        raise Refused(
            f"{before.id} was changed meanwhile: it was {before.state} (version {before.version}), it is {now.state} "
            f"(version {now.version})"
        )


async def _held(connection: AsyncConnection, typed: str) -> Run:
    return await _found(connection, typed, hold=True)


async def _found(connection: AsyncConnection, typed: str, *, hold: bool = False) -> Run:
    """Give the run that was meant, and keep others from changing it where it is to be changed."""
    names = (await connection.execute(queries.RUN_NAMES, {"prefix": ids.run_prefix(typed)})).scalars().all()
    statement = queries.RUN_HOLD if hold else queries.RUN_GET
    row = (await connection.execute(statement, {"run_id": ids.only(typed, names)})).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no run {ids.shown(typed)}")
    return run_of(row)


async def _runs(connection: AsyncConnection, statement: Select[Any], wanted: Mapping[str, object]) -> Sequence[Run]:
    return [run_of(row) for row in (await connection.execute(statement, wanted)).mappings()]


async def _has_open(connection: AsyncConnection, dedup_key: str) -> bool:
    return (await connection.execute(queries.RUN_OPEN_FOR, {"problem": dedup_key})).first() is not None


async def _refuse_second(connection: AsyncConnection, typed: str, to: RunState) -> None:
    """Raise Refused where another run is active on the target, which is why the table refused this one."""
    run = await _found(connection, typed)
    for other in await _runs(connection, queries.RUN_ACTIVE_ON, {"on_target": run.target}):
        if (why := transitions.conflict(replace(run, state=to), other)) is not None:
            raise why
