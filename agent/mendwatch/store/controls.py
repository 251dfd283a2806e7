"""What people set by hand, in SQL. Every change has its audit row in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.clock import Clock
from mendwatch.model.controls import Control, ControlKind
from mendwatch.store import controls_table as table
from mendwatch.store import moments
from mendwatch.store.audit import SqlAudit
from mendwatch.store.canonical import plain
from mendwatch.store.chain import Fact
from mendwatch.store.database import Database


class SqlControls:
    """Sets, finds and clears controls."""

    def __init__(self, database: Database, clock: Clock, audit: SqlAudit) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def get(self, kind: ControlKind, name: str) -> Control | None:
        """Give one control, None where it is not set."""
        return await self._database.read(lambda connection: found(connection, kind, name))

    async def all(self, kind: ControlKind) -> Sequence[Control]:
        """Give all of a kind, by name."""
        return await self._database.read(lambda connection: listed(connection, kind))

    async def set(
        self, kind: ControlKind, name: str, value: Mapping[str, object], *, actor: str, what: str, detail: Mapping[str, object]
    ) -> Control:
        """Set a control in place of the one before."""

        async def work(connection: AsyncConnection) -> Control:
            control = Control(kind, name, moments.now(connection, self._clock), actor, value)
            await connection.execute(table.CONTROL_DROP, _named(kind, name))
            await connection.execute(table.CONTROL_ADD, _row(control))
            await self._audit.write(connection, Fact(actor, what, name, detail))
            return control

        return await self._database.write(work)

    async def clear(self, kind: ControlKind, name: str, *, actor: str, what: str, detail: Mapping[str, object]) -> Control | None:
        """Clear a control and give it as it was; None, and no audit row, where it was not set."""

        async def work(connection: AsyncConnection) -> Control | None:
            before = await found(connection, kind, name)
            if before is not None:
                await connection.execute(table.CONTROL_DROP, _named(kind, name))
                await self._audit.write(connection, Fact(actor, what, name, detail))
            return before

        return await self._database.write(work)


async def found(connection: AsyncConnection, kind: ControlKind, name: str) -> Control | None:
    """Give one control within somebody's transaction."""
    row = (await connection.execute(table.CONTROL_GET, _named(kind, name))).mappings().one_or_none()
    return None if row is None else _control(row)


async def listed(connection: AsyncConnection, kind: ControlKind) -> Sequence[Control]:
    """Give all of a kind within somebody's transaction."""
    return [_control(row) for row in (await connection.execute(table.CONTROL_LIST, {"of_kind": kind.value})).mappings()]


def _named(kind: ControlKind, name: str) -> dict[str, object]:
    return {"of_kind": kind.value, "of_name": name}


def _row(control: Control) -> dict[str, object]:
    return {
        "kind": control.kind.value,
        "name": control.name,
        "at": control.at,
        "by": control.by,
        "value": plain(control.value),
    }


def _control(row: RowMapping) -> Control:
    return Control(ControlKind(row["kind"]), row["name"], row["at"], row["by"], row["value"])
