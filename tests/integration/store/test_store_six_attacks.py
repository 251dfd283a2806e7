"""Six ways to tell the past differently, on each kind of database: which the chain finds alone, and which only an anchor does."""

from __future__ import annotations

import pytest
from behind import behind
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mendwatch.errors import StoreError
from mendwatch.model.audits import ChainVerdict
from mendwatch.store import chain
from mendwatch.store.lanes import Lane
from mendwatch.store.sql import SqlStore

KEY = bytes(range(32))
UNLOCK = {
    "sqlite": ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"),
    "postgresql": ("DROP TRIGGER audit_append_only ON audit",),
}


@pytest.fixture
async def head(both: SqlStore) -> ChainVerdict:
    """Ten rows, and the head as somebody wrote it down; after that, the triggers are gone."""
    for number in range(10):
        await both.audit.append("cli:ann", "note", f"thing-{number % 3}", {"n": number})
    found = await both.audit.verify()
    assert found.fault is None
    await behind(both, *UNLOCK[both._database.dialect.name])
    return found


async def judged(store: SqlStore, head: ChainVerdict) -> tuple[str, str]:
    """Give what the chain alone finds, and what it finds with an anchor."""
    anchored = await store.audit.verify(anchor=(head.head_seq, head.head_mac))
    return str((await store.audit.verify()).fault), str(anchored.fault)


async def rewrite(store: SqlStore, after: int, *, key: bytes, count: int = 1) -> None:
    """Cut the chain after a row, and go on with rows of one's own."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text("DELETE FROM audit WHERE seq > :after"), {"after": after})
        found = (await connection.execute(text("SELECT seq, mac FROM audit ORDER BY seq DESC LIMIT 1"))).one_or_none()
        last = None if found is None else (found.seq, found.mac)
        for _ in range(count):
            link = chain.append(key, last, chain.Fact("cli:eve", "note", "other", {}), store.audit._clock.now())
            row = {"seq": link.seq, "filed": link.filed, "record": link.record, "mac": link.mac}
            await connection.execute(text("INSERT INTO audit (seq, filed, record, mac) VALUES (:seq, :filed, :record, :mac)"), row)
            last = (link.seq, link.mac)

    await store._database.write(work, Lane.OWN)


async def test_an_edit_is_found(both: SqlStore, head: ChainVerdict) -> None:
    other = (await both.audit._raw(3))[0].record

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text("UPDATE audit SET record = :record WHERE seq = 5"), {"record": other})

    await both._database.write(work, Lane.OWN)

    assert [words[:29] for words in await judged(both, head)] == ["row 5 does not match its MAC: "[:29]] * 2


async def test_a_row_that_is_gone_is_found(both: SqlStore, head: ChainVerdict) -> None:
    await behind(both, "DELETE FROM audit WHERE seq = 5")

    assert [words[:16] for words in await judged(both, head)] == ["row 5 is missing"] * 2


async def test_rows_that_changed_places_are_found(both: SqlStore, head: ChainVerdict) -> None:
    moves = ("SET seq = -4 WHERE seq = 4", "SET seq = 4 WHERE seq = 5", "SET seq = 5 WHERE seq = -4")
    await behind(both, *(f"UPDATE audit {move}" for move in moves))

    assert [words[:5] for words in await judged(both, head)] == ["row 4"] * 2


async def test_a_row_added_without_the_key_is_found(both: SqlStore, head: ChainVerdict) -> None:
    await rewrite(both, 10, key=bytes(32))

    assert [words[:6] for words in await judged(both, head)] == ["row 11"] * 2


async def test_a_cut_tail_is_found_with_an_anchor_only(both: SqlStore, head: ChainVerdict) -> None:
    await behind(both, "DELETE FROM audit WHERE seq > 7")

    alone, anchored = await judged(both, head)
    assert (alone, "its tail was cut" in anchored) == ("None", True)


async def test_a_past_rewritten_with_the_key_is_found_with_an_anchor_only(both: SqlStore, head: ChainVerdict) -> None:
    await rewrite(both, 0, key=KEY, count=12)

    alone, anchored = await judged(both, head)
    assert (alone, "the chain was rewritten" in anchored) == ("None", True)


@pytest.mark.parametrize("statement", ["UPDATE audit SET record = mac", "DELETE FROM audit"])
async def test_the_database_itself_refuses_accidents(both: SqlStore, statement: str) -> None:
    await both.audit.append("a", "w", "s", {})

    with pytest.raises(StoreError, match="append-only"):
        await behind(both, statement)
    assert (await both.audit.verify()).rows == 1


async def test_postgresql_refuses_to_empty_the_audit(both: SqlStore) -> None:
    if both._database.dialect.name == "postgresql":
        with pytest.raises(StoreError, match="append-only"):
            await behind(both, "TRUNCATE audit")
