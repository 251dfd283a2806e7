"""Silences are made and ended by people: both are audited, and a silence keeps its row after its end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mendwatch.errors import NotFound, StoreError, UserError
from mendwatch.model.silences import NewSilence
from mendwatch.store.interface import Store
from mendwatch.testing.clock import FakeClock
from mendwatch.testing.store import MemoryStore

HOUR = timedelta(hours=1)


def new(clock: FakeClock, **fields: object) -> NewSilence:
    made = NewSilence(('cluster="lab\ud800"', "severity=~warn.*"), clock.now(), clock.now() + HOUR, "ann", "new \ud800 disks")
    return replace(made, **fields)  # type: ignore[arg-type]


async def test_a_silence_comes_back_and_is_audited(store: Store, clock: FakeClock) -> None:
    silence = await store.silences.add(new(clock), actor="cli:ann")

    assert await store.silences.list() == [silence]
    assert (silence.author, silence.created_at, silence.id.startswith("sil-")) == ("ann", clock.now(), True)
    (row,) = await store.audit.entries(subject=silence.id)
    assert (row.actor, row.what, row.detail["comment"]) == ("cli:ann", "silence.added", silence.comment)


async def test_a_silence_that_is_ended_early_stays_with_its_earlier_end(store: Store, clock: FakeClock) -> None:
    silence = await store.silences.add(new(clock), actor="cli:ann")
    clock.move(60)

    ended = await store.silences.expire(silence.id, actor="cli:bob")
    again = await store.silences.expire(silence.id, actor="cli:bob")

    assert ended == again == replace(silence, ends_at=clock.now())
    assert await store.silences.list() == [ended]
    rows = await store.audit.entries(subject=silence.id)
    assert [(row.actor, row.what) for row in rows] == [("cli:ann", "silence.added"), ("cli:bob", "silence.expired")]


async def test_only_those_that_are_not_over_can_be_asked_for_newest_first(store: Store, clock: FakeClock) -> None:
    short = await store.silences.add(new(clock, ends_at=clock.now() + HOUR / 2), actor="cli:ann")
    later = await store.silences.add(new(clock, starts_at=clock.now() + HOUR, ends_at=clock.now() + 2 * HOUR), actor="cli:ann")

    assert await store.silences.list(after=clock.now()) == [later, short]
    assert await store.silences.list(after=short.ends_at) == [later]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"matchers": ()}, "needs a matcher"),
        ({"comment": " "}, "an author and a comment"),
        ({"author": ""}, "an author and a comment"),
    ],
)
async def test_a_silence_that_nobody_can_explain_is_refused(
    store: Store, clock: FakeClock, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        await store.silences.add(new(clock, **fields), actor="cli:ann")


async def test_a_silence_that_is_over_before_it_begins_is_refused(store: Store, clock: FakeClock) -> None:
    for fields in ({"ends_at": clock.now()}, {"starts_at": clock.now() + HOUR, "ends_at": clock.now() + HOUR}):
        with pytest.raises(UserError, match="cannot end at"):
            await store.silences.add(new(clock, **fields), actor="cli:ann")
    assert await store.audit.entries() == []


async def test_an_unknown_silence_cannot_be_ended(store: Store) -> None:
    with pytest.raises(NotFound, match="no silence"):
        await store.silences.expire("sil-00000000", actor="cli:ann")


async def test_without_its_audit_row_no_silence_is_made_or_ended(clock: FakeClock) -> None:
    store = MemoryStore(clock)
    silence = await store.silences.add(new(clock), actor="cli:ann")
    store.audit.broken = True
    for change in (store.silences.add(new(clock), actor="x"), store.silences.expire(silence.id, actor="x")):
        with pytest.raises(StoreError):
            await change

    assert await store.silences.list() == [silence]
