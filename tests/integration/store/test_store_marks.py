"""Marks of collectors: one for each target and collector, there again after a restart; the same in memory and in SQL."""

from __future__ import annotations

from mendwatch.store.interface import Store
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock

KEY = bytes(range(32))


async def test_the_last_mark_of_each_collector_is_given_back(store: Store) -> None:
    assert await store.marks.of("prod", "events") is None
    for mark in ("one", "two"):
        await store.marks.keep("prod", "events", mark)
    await store.marks.keep("lab", "events", "other")

    assert [await store.marks.of(*key) for key in (("prod", "events"), ("lab", "events"), ("prod", "x"))] == ["two", "other", None]


async def test_a_mark_is_there_after_a_restart(sql: SqlStore, url: str) -> None:
    await sql.marks.keep("prod", "events", "a mark \x00 with \ud800 odd letters")

    again = await open_store(url, key=KEY, clock=FakeClock())
    assert await again.marks.of("prod", "events") == "a mark \x00 with \ud800 odd letters"
    await again.close()
