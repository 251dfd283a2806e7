"""A state database of an older version is brought up to date where it lies, and nothing in it is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mendwatch.model.alerts import AlertState
from mendwatch.model.silences import NewSilence
from mendwatch.store import schema
from mendwatch.store.sql import open_store
from mendwatch.store.standing import mark_of as _mark
from mendwatch.testing.clock import FakeClock

OLD = Path(__file__).parents[2] / "support" / "state_version_1.sql"
KEY = bytes(range(32))
SEEN = datetime(2026, 1, 15, 12, tzinfo=UTC)
MICROSECONDS = int(SEEN.timestamp()) * 1_000_000


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file as version 1 left it, with one alert in it."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD.read_text("utf-8"))
        facts = [("schema_version", "1"), ("audit_key", _mark(KEY))]
        connection.executemany("INSERT INTO meta VALUES (?, ?)", facts)
        clocks = (MICROSECONDS, MICROSECONDS, None, None)
        row = ("a1", "Full", "lab", '{"cluster": "lab"}', "{}", "firing", MICROSECONDS, "{}", '{"used": 0.5}', *clocks)
        connection.execute("INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        connection.commit()
    return path


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


async def test_an_older_file_keeps_its_alerts_and_can_do_all_that_a_new_one_can(old: Path) -> None:
    store = await open_store(f"sqlite:///{old}", key=KEY, clock=FakeClock(SEEN))
    (alert,) = await store.alerts.load()

    assert (alert.state, alert.fired_at, alert.changes, alert.flapping_since) == (AlertState.FIRING, SEEN, (), None)
    flapping = replace(alert, changes=(SEEN,), flapping_since=SEEN)
    await store.alerts.save([flapping])
    await store.silences.add(NewSilence(("a=b",), SEEN, SEEN.replace(hour=13), "ann", "why"), actor="cli:ann")
    assert await store.alerts.load() == [flapping]
    assert (await store.audit.verify()).fault is None
    await store.close()


async def test_it_is_brought_up_once_also_by_many_at_the_same_time(old: Path) -> None:
    url = f"sqlite:///{old}"
    stores = await asyncio.gather(*(open_store(url, key=KEY, clock=FakeClock(SEEN)) for _ in range(4)))
    await asyncio.gather(*(store.close() for store in stores))

    await (await open_store(url, key=KEY, clock=FakeClock(SEEN))).close()
    assert {"journal", "silences"} <= tables(old)
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone() == (str(schema.VERSION),)


async def test_an_upgraded_file_has_the_columns_of_a_new_one(old: Path, tmp_path: Path) -> None:
    await (await open_store(f"sqlite:///{old}", key=KEY, clock=FakeClock(SEEN))).close()
    await (await open_store(f"sqlite:///{tmp_path}/new.db", key=KEY, clock=FakeClock(SEEN))).close()

    def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
        with closing(sqlite3.connect(path)) as connection:
            return {name: connection.execute(f"PRAGMA table_info('{name}')").fetchall() for name in tables(path)}

    assert columns(old) == columns(tmp_path / "new.db")
