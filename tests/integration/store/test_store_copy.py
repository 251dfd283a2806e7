"""A state moves from one database to another whole, or not at all, and what arrived is proved."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from behind import behind
from postgresql_server import Databases

from mendwatch.errors import Refused, StoreError
from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.principals import Role
from mendwatch.model.received import Received
from mendwatch.model.silences import NewSilence
from mendwatch.store import copying
from mendwatch.store.copying import Place
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

KEY = bytes(range(32))
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
ODD = "a \x00 and \ud800"


@pytest.fixture
async def empty(databases: Databases) -> AsyncIterator[str]:
    async with databases.one() as url:
        yield url


@pytest.fixture
async def full(sql: SqlStore, make: Make) -> SqlStore:
    """A state with something in every table."""
    await make.verified(sql)
    await make.pending(sql, "another", subject={"path": ODD}, variables={"n": 1.5, "deep": [{"z": 1, "a": None}]})
    await sql.tokens.create("ann", Role.VIEWER, expires_at=None, actor="a")
    values = {"used": float("inf"), "free": 0.1}
    alert = Alert("f", "R", "lab", {"path": ODD}, {}, AlertState.FIRING, NOON, {}, values)
    await sql.alerts.save([alert])
    await sql.silences.add(NewSilence(("a=b",), NOON, NOON + timedelta(days=9999), "ann", ODD), actor="cli:ann")
    labels, nothing = {"path": ODD}, {"summary": ""}
    await sql.received.take([Received("m", "grafana", "f", labels, nothing, NOON, None, resolved=False, received_at=NOON)])
    await sql.marks.keep("lab", "events", ODD)
    return sql


async def everything(store: Store) -> list[object]:
    words = [store.runs.list(), store.tokens.list(), store.alerts.load(), store.silences.list(), store.received.standing()]
    return [list(await one) for one in words] + [await store.marks.of("lab", "events"), await store.audit.entries()]


async def copied(url: str, to: str, progress: copying.Progress = lambda *_: None) -> copying.Copied:
    return await copying.copy(Place(url), Place(to), key=KEY, clock=FakeClock(), progress=progress)


async def test_all_that_a_state_holds_is_there_after_the_move_and_can_be_gone_on_with(
    full: SqlStore, url: str, empty: str, make: Make
) -> None:
    seen: list[tuple[str, int, int]] = []
    found = await copied(url, empty, lambda *one: seen.append(one))
    moved = await open_store(empty, key=KEY, clock=make.clock, own_clock=False)

    assert await everything(moved) == await everything(full)
    assert found.chain.fault is None
    assert found.rows["audit"] == len(await full.audit.entries())
    assert seen[-1][1] == seen[-1][2]
    ids = {run.id for run in await moved.runs.list()}
    assert (await make.verified(moved)).id not in ids
    assert (await moved.runs.list())[0].dedup_key == make.new().dedup_key  # the newest is numbered after what was copied
    assert (await moved.audit.verify()).fault is None
    await moved.close()


async def test_the_way_back_gives_the_same(full: SqlStore, url: str, empty: str, tmp_path: Path) -> None:
    await copied(url, empty)
    await copied(empty, f"sqlite:///{tmp_path / 'back.db'}")
    back = await open_store(f"sqlite:///{tmp_path / 'back.db'}", key=KEY, clock=FakeClock())

    assert await everything(back) == await everything(full)
    await back.close()


@pytest.mark.usefixtures("full")
async def test_a_target_with_anything_in_it_is_refused_and_stays_as_it_is(url: str, empty: str) -> None:
    other = await open_store(empty, key=KEY, clock=FakeClock())
    await other.marks.keep("one", "two", "three")

    with pytest.raises(Refused, match="not empty: there are rows in marks"):
        await copied(url, empty)
    assert await other.runs.list() == []
    await other.close()


@pytest.mark.usefixtures("full")
async def test_a_target_of_another_key_or_of_another_program_is_refused(url: str, tmp_path: Path) -> None:
    await (await open_store(f"sqlite:///{tmp_path / 'other.db'}", key=bytes(32), clock=FakeClock())).close()

    with pytest.raises(StoreError, match="audit key"):
        await copied(url, f"sqlite:///{tmp_path / 'other.db'}")


@pytest.mark.usefixtures("full")
async def test_a_move_that_breaks_off_leaves_an_empty_target(url: str, empty: str) -> None:
    def broken(table: str, _done: int, _total: int) -> None:
        if table == "tokens":
            message = "the terminal is gone"
            raise OSError(message)

    with pytest.raises(StoreError, match="the terminal is gone"):
        await copied(url, empty, broken)
    assert (await copied(url, empty)).chain.fault is None


@pytest.mark.usefixtures("full")
async def test_a_row_that_changes_on_the_way_is_found(url: str, empty: str) -> None:
    other = await open_store(empty, key=KEY, clock=FakeClock())
    await behind(
        other,
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mark := 'x'; RETURN NEW; END $$",
        "CREATE TRIGGER spoil BEFORE INSERT ON marks FOR EACH ROW EXECUTE FUNCTION spoil()",
    )
    await other.close()

    with pytest.raises(StoreError, match="what arrived is not what was sent: marks"):
        await copied(url, empty)


async def test_a_chain_that_was_broken_before_is_copied_as_it_is_and_said_so(full: SqlStore, url: str, empty: str) -> None:
    await behind(full, "DROP TRIGGER audit_no_update", "UPDATE audit SET filed = 'x' WHERE seq = 3")

    assert "row 3 is filed under another subject" in str((await copied(url, empty)).chain.fault)
