"""Received alerts: the newest word of each beginning is kept, resolved is final, and both stores say the same."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mendwatch.errors import Refused, StoreError
from mendwatch.model.received import Received
from mendwatch.store import receipts
from mendwatch.store.interface import Store
from mendwatch.store.receipts import Receipt, Result
from mendwatch.store.sql import SqlStore, open_store
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore

KEY = bytes(range(32))
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BASE = Received(
    mark="m1",
    source="alertmanager",
    fingerprint="00ff",
    labels={"alertname": "NodeDown", "path": "/ifs/\N{SNOWMAN}\n\0"},
    annotations={"summary": "gone"},
    starts_at=NOON,
    ends_at=None,
    resolved=False,
    received_at=NOON,
)


def word(at: int, *, began: int = 0, ended: int | None = None, mark: str = "m1") -> Received:
    """Give a word that came `at` so many minutes: firing, or resolved where it `ended`."""
    ends = None if ended is None else NOON + ended * MINUTE
    return replace(
        BASE, mark=mark, starts_at=NOON + began * MINUTE, ends_at=ends, resolved=ended is not None, received_at=NOON + at * MINUTE
    )


async def take(store: Store, *words: Received) -> Receipt:
    return await store.received.take(words)


async def standing(store: Store) -> Received:
    (only,) = await store.received.standing()
    return only


async def test_a_word_comes_back_exactly(store: Store) -> None:
    receipt = await take(store, BASE)

    assert receipt == Receipt({Result.FIRING: 1}, [BASE])
    assert await standing(store) == BASE


async def test_a_repeated_word_is_one_alert_and_is_newer(store: Store) -> None:
    for minute in range(15):
        receipt = await take(store, word(minute))

    assert receipt.results == {Result.REPEATED: 1}
    assert await standing(store) == word(14)


async def test_resolved_is_final_for_its_beginning(store: Store) -> None:
    await take(store, word(0))
    await take(store, word(2, ended=1))

    receipt = await take(store, word(3))

    assert receipt.results == {Result.LATE: 1}
    assert await standing(store) == word(2, ended=1)
    assert (await take(store, word(4, ended=3))).results == {Result.REPEATED: 1}
    assert await standing(store) == word(2, ended=1)


async def test_a_newer_beginning_opens_the_alert_again(store: Store) -> None:
    await take(store, word(0), word(2, ended=1))

    receipt = await take(store, word(6, began=5))

    assert receipt.results == {Result.FIRING: 1}
    assert await standing(store) == word(6, began=5)


async def test_resolved_before_firing_is_no_alert_at_all(store: Store) -> None:
    await take(store, word(2, ended=1))

    assert (await take(store, word(3))).results == {Result.LATE: 1}
    assert (await standing(store)).resolved


async def test_an_old_end_does_not_end_a_newer_beginning(store: Store) -> None:
    await take(store, word(5, began=5))

    receipt = await take(store, word(6, began=0, ended=1))

    assert receipt.results == {Result.LATE: 1}
    assert await standing(store) == word(5, began=5)


async def test_one_end_ends_all_beginnings_that_peers_told_of_the_same_alert(store: Store) -> None:
    await take(store, word(1, began=1))  # this peer heard of it later
    await take(store, word(2, began=0))
    assert (await standing(store)).received_at == NOON + 2 * MINUTE  # either vouches for it

    await take(store, word(9, began=0, ended=8))

    assert (await standing(store)).over(NOON + 9 * MINUTE)
    assert (await take(store, word(10, began=1))).results == {Result.LATE: 1}


async def test_words_of_one_message_are_taken_in_their_order(store: Store) -> None:
    receipt = await take(store, word(0), word(1, ended=1), word(2), word(3, began=2, mark="m2"))

    assert receipt.results == {Result.FIRING: 2, Result.RESOLVED: 1, Result.LATE: 1}
    assert {one.mark: one.resolved for one in receipt.standing} == {"m1": True, "m2": False}


async def test_alerts_are_given_page_by_page(store: Store) -> None:
    await take(store, *(word(0, mark=f"m{number}") for number in range(7)))

    pages, after = [], ""
    while page := await store.received.standing(after=after, limit=3):
        pages.append([one.mark for one in page])
        after = page[-1].mark

    assert pages == [["m0", "m1", "m2"], ["m3", "m4", "m5"], ["m6"]]


async def test_what_was_resolved_long_ago_and_what_nobody_speaks_of_is_forgotten(store: Store) -> None:
    await take(store, word(0, mark="old", ended=0), word(5, mark="new", ended=5), word(0, mark="silent"), word(3, mark="heard"))

    gone = await store.received.prune(resolved_before=NOON + 5 * MINUTE, silent_before=NOON + MINUTE)

    assert gone == 2
    assert [one.mark for one in await store.received.standing()] == ["heard", "new"]


async def test_a_message_that_would_open_too_many_is_refused_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST_OPEN", 3)
    await take(store, word(0, mark="a"), word(0, mark="b"))

    with pytest.raises(Refused, match="more than 3"):
        await take(store, word(1, mark="a", ended=1), word(1, mark="c"), word(1, mark="d"), word(1, mark="e"))

    assert {one.mark: one.resolved for one in await store.received.standing()} == {"a": False, "b": False}


async def test_of_too_many_resolved_the_oldest_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipts, "MOST_RESOLVED", 2)

    await take(store, *(word(minute, mark=f"m{minute}", ended=0) for minute in range(5)))

    assert [one.mark for one in await store.received.standing()] == ["m3", "m4"]


async def test_no_more_beginnings_are_kept_than_are_needed(store: Store) -> None:
    for minute in range(20):
        await take(store, word(minute, began=minute))

    await take(store, word(21, began=15, ended=21))

    assert (await standing(store)).resolved


async def test_what_was_taken_is_there_after_a_restart(url: str, clock: FakeClock) -> None:
    first = await open_store(url, key=KEY, clock=clock)
    await take(first, BASE)
    await first.close()

    second = await open_store(url, key=KEY, clock=clock)
    try:
        assert await standing(second) == BASE
    finally:
        await second.close()


async def test_a_message_that_cannot_be_written_to_its_end_is_not_written_at_all(sql: SqlStore, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as connection, connection:
        body = "WHEN NEW.mark = 'm149' BEGIN SELECT RAISE(ABORT, 'injected'); END"
        connection.execute(f"CREATE TRIGGER broken BEFORE INSERT ON received {body}")

    with pytest.raises(StoreError):
        await take(sql, *(word(0, mark=f"m{number}") for number in range(150)))

    assert await sql.received.standing() == []


WORDS = st.builds(
    lambda at, began, ended, mark: word(at, began=began, ended=None if ended is None else began + ended, mark=mark),
    st.integers(0, 30),
    st.integers(0, 6),
    st.none() | st.integers(0, 4),
    st.sampled_from("ab"),
)


def _told(words: Sequence[Received]) -> receipts.Register:
    register = receipts.Register({})
    register.take(words)
    return register


@given(st.lists(WORDS, max_size=12))
def test_telling_everything_again_changes_nothing_but_who_was_heard_last(words: list[Received]) -> None:
    register = _told(words)
    before = {mark: [(row.starts_at, row.resolved) for row in rows] for mark, rows in register.rows.items()}

    register.take(words)

    assert {mark: [(row.starts_at, row.resolved) for row in rows] for mark, rows in register.rows.items()} == before


@given(st.lists(WORDS, max_size=12), st.randoms())
def test_the_newest_beginning_that_was_ended_is_over_in_whatever_order_the_words_came(
    words: list[Received], chance: object
) -> None:
    shuffled = list(words)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    for rows in _told(shuffled).rows.values():
        of_mark = [one for one in words if one.mark == rows[0].mark]
        newest = max(one.starts_at for one in of_mark)
        ended = any(one.resolved and one.starts_at == newest for one in of_mark)
        assert receipts.standing(rows).resolved or not ended


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(WORDS, max_size=5), max_size=6))
def test_the_twins_say_the_same(tmp_path_factory: pytest.TempPathFactory, messages: list[list[Received]]) -> None:
    async def work() -> None:
        url = f"sqlite:///{tmp_path_factory.mktemp('twin')}/state.db"
        sql, memory = await open_store(url, key=KEY, clock=FakeClock()), MemoryStore()
        try:
            for message in messages:
                one, two = await sql.received.take(message), await memory.received.take(message)
                assert (one.results, sorted(one.standing, key=_mark)) == (two.results, sorted(two.standing, key=_mark))
            assert await sql.received.standing() == await memory.received.standing()
        finally:
            await sql.close()

    asyncio.run(work())


def _mark(received: Received) -> str:
    return received.mark
