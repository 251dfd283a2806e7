"""The SQLite file: who may read it, which file is accepted, and how errors are told."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.principals import Role
from mendwatch.store import schema, sqlite
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock

KEY = bytes(range(32))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def opened(url: str, key: bytes = KEY) -> SqlStore:
    return await open_store(url, key=key, clock=FakeClock())


async def refused(url: str, match: str, key: bytes = KEY) -> StoreError:
    """Expect that a database cannot be opened, and that no connection is left (a warning would be an error)."""
    with pytest.raises(StoreError, match=match) as caught:
        await opened(url, key)
    return caught.value


async def test_files_and_folder_are_ours_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = await opened(f"sqlite:///{tmp_path}/deep/state/state.db")
        await store.audit.append("a", "w", "s", {})
        files = {path.name: mode(path) for path in (tmp_path / "deep" / "state").iterdir()}
        await store.close()
    finally:
        os.umask(before)

    assert files == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert mode(tmp_path / "deep" / "state") == 0o700


async def test_a_new_file_is_ours_from_its_first_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    monkeypatch.setattr(Path, "chmod", lambda path, _: modes.append(mode(path)))
    before = os.umask(0)
    try:
        await (await opened(f"sqlite:///{tmp_path}/state.db")).close()
    finally:
        os.umask(before)

    assert (modes, mode(tmp_path / "state.db")) == ([], 0o600)


async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.touch(mode=0o644)
    path.chmod(0o644)

    await (await opened(f"sqlite:///{path}")).close()

    assert mode(path) == 0o600


async def test_every_connection_waits_for_others_and_is_durable(sql: SqlStore) -> None:
    async def pragmas(connection: object) -> list[object]:
        names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        return [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names]  # type: ignore[attr-defined]

    assert await sql._database.read(pragmas) == ["wal", 2, 30_000, 1]
    assert await sql._database.write(pragmas) == ["wal", 2, 30_000, 1]


async def test_a_state_is_found_again_after_a_restart(url: str) -> None:
    first = await opened(url)
    _, secret = await first.tokens.create("ann", Role.VIEWER, expires_at=None, actor="cli:root")
    await first.close()

    second = await opened(url)
    assert await second.tokens.authenticate(secret) is not None
    assert (await second.audit.verify()).rows == 1
    await second.close()


@pytest.mark.parametrize(("found", "hint"), [("0", "that wrote it."), ("99", "or a later one"), ("x", "that wrote it.")])
async def test_a_database_of_another_version_is_refused(url: str, tmp_path: Path, found: str, hint: str) -> None:
    await (await opened(url)).close()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE name = 'schema_version'", [found])

    assert hint in (await refused(url, f"schema version {found}; this mendwatch needs {schema.VERSION}")).hint


async def test_a_database_of_another_key_is_refused(url: str) -> None:
    await (await opened(url)).close()

    assert "backup" in (await refused(url, "audit key is not the one", key=bytes(32))).hint


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE runs (distance INTEGER)")

    await refused(f"sqlite:///{tmp_path}/other.db", "tables of another program")


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is no database " * 100)

    await refused(f"sqlite:///{tmp_path}/state.db", "file is not a database")


async def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    await refused(f"sqlite:///{tmp_path}/file/state.db", "cannot be opened: (Not a directory|File exists)")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
async def test_a_database_in_memory_is_refused(url: str) -> None:
    await refused(url, "needs a SQLite file")


@pytest.mark.parametrize("url", ["", "state.db", "mysql://u:hunter2@h/db", "sqlite+pysqlite:///x.db"])
async def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    problem = await refused(url, "`state` URL")

    assert "hunter2" not in str(problem) + problem.hint


async def test_a_database_whose_library_is_missing_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    problem = await refused("postgresql://u:hunter2@127.0.0.1:1/db", "asyncpg")

    assert "mendwatch[postgres]" in problem.hint
    assert "hunter2" not in str(problem)


async def test_a_database_that_stays_locked_is_an_error_and_then_works_again(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    store = await opened(url)
    with closing(sqlite3.connect(tmp_path / "state" / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(8):  # more often than there are connections
            with pytest.raises(StoreError, match="database is locked"):
                await store.audit.append("a", "w", "s", {})
        assert (await store.audit.verify()).rows == 0  # readers go on
        other.execute("ROLLBACK")

    await store.audit.append("a", "w", "s", {})
    assert (await store.audit.verify()).rows == 1
    await store.close()


async def test_errors_never_show_what_was_to_be_written(sql: SqlStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as connection, connection:
        connection.execute("DROP TABLE tokens")

    with pytest.raises(StoreError, match="no such table: tokens") as caught:
        await sql.tokens.create("canary-7", Role.VIEWER, expires_at=None, actor="cli:root")

    assert caught.value.__cause__ is not None
    assert "canary-7" not in f"{caught.value} {caught.value.__cause__}"


async def test_a_caller_that_stops_waiting_leaves_nothing_locked_or_half_done(sql: SqlStore) -> None:
    for pause in range(40):
        task = asyncio.ensure_future(sql.audit.append("a", "w", "s", {"n": pause}))
        for _ in range(pause):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await sql.audit.append("a", "w", "last", {})
    verdict = await sql.audit.verify()
    assert verdict.fault is None
    assert [entry.subject for entry in await sql.audit.entries()][-1] == "last"


async def test_closing_waits_for_writes_that_were_begun(url: str) -> None:
    store = await opened(url)
    tasks = [asyncio.ensure_future(store.audit.append("a", "w", "s", {"n": n})) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*tasks)

    again = await opened(url)
    assert (await again.audit.verify()).rows == 20
    await again.close()


async def test_a_reader_that_is_cancelled_leaves_no_transaction_behind(sql: SqlStore) -> None:
    for turns in range(40):
        readers = [asyncio.ensure_future(sql.runs.list()) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

        assert await sql.runs.list() == []
