"""A store tells for next to nothing whether anybody wrote to it: this process, another one, or nobody."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mendwatch.store.changes import Changes, watch
from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore

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


async def test_every_change_gives_another_version(store: Store, make: Make) -> None:
    seen = [store.version()]
    run = await make.pending(store)
    seen.append(store.version())
    await make.approve(store, run)
    seen.append(store.version())

    assert len(set(seen)) == 3


async def test_reading_changes_no_version(store: Store, make: Make) -> None:
    run = await make.pending(store)
    before = store.version()
    await store.runs.get(run.id)
    await store.runs.list()

    assert store.version() == before


async def test_a_word_from_another_process_gives_another_version(sql: SqlStore, url: str, make: Make) -> None:
    run = await make.pending(sql)
    before = sql.version()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DENIER, url, run.id)

    assert await process.wait() == 0
    assert sql.version() != before


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


def test_what_is_no_sqlite_file_is_not_watched() -> None:
    assert watch("postgresql://somebody@somewhere/state") is None


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")
