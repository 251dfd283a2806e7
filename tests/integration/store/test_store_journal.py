"""A file comes into WAL mode whoever else opens it at that moment, and whatever mode it was in."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from disks import small_files

from mendwatch.errors import StoreError
from mendwatch.store import sqlite
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


async def opened(path: Path) -> SqlStore:
    return await open_store(f"sqlite:///{path}", key=KEY, clock=FakeClock())


async def opened_at_once(path: Path, count: int) -> None:
    """Open one file by so many stores at once, and close them."""
    stores = await asyncio.gather(*(opened(path) for _ in range(count)))
    await asyncio.gather(*(store.close() for store in stores))


def mode(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def turn_back(path: Path) -> None:
    """Give the file the mode of SQLite's beginnings."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


async def test_many_that_open_new_files_at_once_all_get_in(tmp_path: Path) -> None:
    for number in range(25):
        await opened_at_once(tmp_path / f"{number}.db", 8)

    assert {mode(tmp_path / f"{number}.db") for number in range(25)} == {"wal"}


async def test_many_that_open_a_file_of_another_mode_at_once_all_get_in(path: Path) -> None:
    await opened_at_once(path, 1)
    for _ in range(10):
        turn_back(path)
        assert mode(path) == "delete"
        await opened_at_once(path, 8)
        assert mode(path) == "wal"


async def test_whoever_meets_a_reader_of_the_old_mode_waits_for_its_end(path: Path) -> None:
    await opened_at_once(path, 1)
    turn_back(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM meta").fetchall()
        opening = asyncio.create_task(opened(path))
        await asyncio.wait([opening], timeout=0.1)
        assert not opening.done()
        reader.execute("COMMIT")
        await (await opening).close()

    assert mode(path) == "wal"


async def test_a_file_that_stays_in_use_is_an_error_in_time_and_leaves_no_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    await opened_at_once(path, 1)
    turn_back(path)
    threads = threading.active_count()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="database is locked"):
            await asyncio.wait_for(opened(path), 10)
        assert threading.active_count() <= threads + 1  # the loop's own thread for what blocks
        reader.execute("ROLLBACK")

    await opened_at_once(path, 1)


@pytest.mark.parametrize("size", [1, 5000])
async def test_a_full_disk_is_refused_at_once_and_opens_when_there_is_room(path: Path, size: int) -> None:
    with small_files(size), pytest.raises(StoreError) as caught:
        await asyncio.wait_for(opened(path), 10)
    assert "locked" not in str(caught.value)

    await opened_at_once(path, 1)
    assert mode(path) == "wal"
