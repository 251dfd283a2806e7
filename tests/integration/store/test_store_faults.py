"""No audit row, no change: whatever is asked for, it is kept whole or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from behind import behind
from disks import small_files

from mendwatch.errors import StoreError
from mendwatch.model.principals import Role
from mendwatch.model.runs import Run, RunState
from mendwatch.store import runs as sql_runs
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore
from mendwatch.testing.store import MemoryStore

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

S = RunState


BREAK = {
    "sqlite": ("CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'injected'); END",),
    "postgresql": (
        "CREATE FUNCTION injected() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'injected'; END $$",
        "CREATE TRIGGER broken BEFORE INSERT ON audit FOR EACH STATEMENT EXECUTE FUNCTION injected()",
    ),
}
MEND = {
    "sqlite": ("DROP TRIGGER broken",),
    "postgresql": ("DROP TRIGGER broken ON audit", "DROP FUNCTION injected"),
}


@asynccontextmanager
async def broken_audit(store: Store) -> AsyncIterator[None]:
    """Let every audit row fail, as a full disk would."""
    if isinstance(store, MemoryStore):
        store.audit.broken = True
        yield
        store.audit.broken = False
        return
    assert isinstance(store, SqlStore)
    dialect = store._database.dialect.name
    await behind(store, *BREAK[dialect])
    yield
    await behind(store, *MEND[dialect])


async def all_of(store: Store) -> object:
    """Give everything the store holds."""
    return await store.runs.list(limit=1000), await store.tokens.list(), await store.audit.entries()


Deed = Callable[[Store, Any, dict[str, Run]], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "propose": lambda store, make, _: store.runs.propose(make.new("another")),
    "change": lambda store, make, runs: store.runs.change(runs["approved"].id, make.to(S.APPLYING)),
    "approve": lambda store, make, runs: make.approve(store, runs["pending"]),
    "deny": lambda store, make, runs: make.approve(store, runs["pending"], verdict="deny"),
    "a refused word": lambda store, make, runs: make.approve(store, runs["pending"], plan_hash="0" * 64),
    "a repeated word": lambda store, make, runs: make.approve(store, runs["approved"]),
    "mark_resolved": lambda store, make, runs: store.runs.mark_resolved(runs["verified"].id, ["1"], actor="a", note=make.key.hex()),
    "expire": lambda store, make, _: make.clock.move(86_400) or store.runs.expire(),
    "create": lambda store, make, _: store.tokens.create(make.key.hex()[:8], Role.VIEWER, expires_at=None, actor="a"),
    "revoke": lambda store, make, _: revoke_first(store, make.key),
    "append": lambda store, make, _: store.audit.append("a", "w", "s", {"k": make.key.hex()}),
}


async def revoke_first(store: Store, actor: bytes) -> object:
    return await store.tokens.revoke((await store.tokens.list())[0].id, actor=actor.hex())


@pytest.mark.parametrize("deed", DEEDS)
async def test_without_its_audit_row_nothing_is_changed(store: Store, make: Make, deed: str) -> None:
    runs = {
        "verified": await make.verified(store),
        "approved": await make.approved(store, "b"),
        "pending": await make.pending(store, "c"),
    }
    await store.tokens.create("ann", Role.VIEWER, expires_at=None, actor="a")
    before = await all_of(store)

    async with broken_audit(store):
        with pytest.raises(StoreError):
            await DEEDS[deed](store, make, runs)

    assert await all_of(store) == before
    assert (await store.audit.verify()).fault is None


async def test_an_update_refuses_a_row_that_is_not_the_one_it_was_decided_on(sql: SqlStore, make: Make) -> None:
    stale = await make.pending(sql)
    current = await make.approve(sql, stale)

    async def work(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        await sql_runs._move(connection, stale, current)

    with pytest.raises(Exception, match=r"was changed meanwhile: it was pending \(version 2\), it is approved \(version 3\)"):
        await sql._database.write(work)


async def test_an_expiry_of_many_is_whole(store: Store, make: Make) -> None:
    for problem in "abc":
        await make.pending(store, problem)
    make.clock.move(86_400)

    async with broken_audit(store):
        with pytest.raises(StoreError):
            await store.runs.expire()

    assert {run.state for run in await store.runs.list()} == {S.PENDING}
    assert len(await store.runs.expire()) == 3


async def test_a_full_disk_changes_nothing_and_what_follows_is_whole_again(sql: SqlStore, make: Make) -> None:
    pending = await make.pending(sql)
    before = await all_of(sql)

    with small_files(1):
        for _ in range(3):
            with pytest.raises(StoreError):
                await make.approve(sql, pending)
            assert await all_of(sql) == before

    assert (await make.approve(sql, pending)).state is S.APPROVED
    assert (await sql.audit.verify()).fault is None
