"""A store tells for next to nothing whether anybody wrote to it: this process, another one, or nobody."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from postgresql_server import Databases

from mendwatch.store.changes import Changes
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore, open_store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

DENIER = """
import asyncio, sys
from mendwatch.clock import SystemClock
from mendwatch.model.principals import Permission, Principal
from mendwatch.store.sql import open_store

async def main(url, run_id):
    store = await open_store(url, key=bytes(range(32)), clock=SystemClock())
    ann = Principal("ann", "cli", frozenset({Permission.DECIDE}))
    await store.runs.decide(run_id, plan_hash=None, verdict="deny", principal=ann, reason="no")
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def listening(store: Store) -> None:
    """Wait until the store can tell; PostgreSQL must be listened to first."""
    async with asyncio.timeout(10):
        while store.version() is None:  # noqa: ASYNC110 - this is the promise: ask again
            await asyncio.sleep(0.01)


async def test_every_change_gives_another_version(store: Store, make: Make) -> None:
    await listening(store)
    seen = [store.version()]
    run = await make.pending(store)
    seen.append(store.version())
    await make.approve(store, run)
    seen.append(store.version())

    assert len(set(seen)) == 3


async def test_reading_changes_no_version(store: Store, make: Make) -> None:
    await listening(store)
    run = await make.pending(store)
    before = store.version()
    await store.runs.get(run.id)
    await store.runs.list()

    assert store.version() == before


async def test_a_word_from_another_process_gives_another_version(both: SqlStore, sql_url: str, make: Make) -> None:
    await listening(both)
    run = await make.pending(both)
    before = both.version()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DENIER, sql_url, run.id)

    assert await process.wait() == 0
    assert both.version() != before


async def test_postgresql_calls_whoever_wants_to_hear_of_others_at_once(databases: Databases, make: Make) -> None:
    async with databases.one() as url:
        ours, theirs = [await open_store(url, key=bytes(range(32)), clock=make.clock) for _ in range(2)]
        heard = asyncio.Event()
        ours.hear(heard.set)
        await listening(ours)
        heard.clear()

        await ours.audit.append("a", "w", "s", {})
        await ours.marks.keep("a", "b", "c")
        assert not heard.is_set()
        await theirs.audit.append("a", "w", "s", {})
        async with asyncio.timeout(2):
            await heard.wait()
        await asyncio.gather(ours.close(), theirs.close())


async def test_asking_keeps_no_state_of_the_file_alive(sql: SqlStore, url: str, make: Make) -> None:
    for number in range(3):
        await make.pending(sql, f"problem {number}")
        sql.version()

    with sqlite3.connect(_file(url)) as connection:  # it says busy = 1 where a reader holds an older state
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    connection.close()


def test_a_file_that_cannot_be_read_has_no_version_and_later_another_one(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    changes = Changes(file)
    assert changes.version() is None
    assert not file.exists()

    sqlite3.connect(file).execute("CREATE TABLE one (two)").connection.close()
    first = changes.version()
    changes.close()
    assert first is not None
    assert changes.version() not in {None, first}
    changes.close()


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")
