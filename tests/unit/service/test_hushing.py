"""Looking at silences every second costs a query only where somebody may have changed one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.silences import NewSilence, Silence
from mendwatch.service.hushing import Hushing
from mendwatch.testing.store import MemoryStore

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def second(number: float) -> datetime:
    return NOW + timedelta(seconds=number)


class Asked:
    """The silences of a store, which counts the queries, and may fail."""

    def __init__(self) -> None:
        self.store, self.queries, self.fails = MemoryStore(), 0, False

    async def list(self, *, after: datetime | None = None) -> Sequence[Silence]:
        self.queries += 1
        if self.fails:
            raise StoreError("away")
        return await self.store.silences.list(after=after)

    async def add(self, seconds: float) -> Silence:
        return await self.store.silences.add(NewSilence(("alertname=A",), NOW, second(seconds), "ann", "x"), actor="cli:ann")


async def test_nothing_is_asked_as_long_as_nobody_writes() -> None:
    asked = Asked()
    hushing = Hushing(asked, version=asked.store.version)  # type: ignore[arg-type] # what it does not use
    for number in range(9):
        assert not await hushing.look(second(number))
    assert asked.queries == 1


async def test_a_silence_is_seen_at_the_next_look_and_over_when_its_time_is() -> None:
    asked = Asked()
    hushing = Hushing(asked, version=asked.store.version)  # type: ignore[arg-type] # as above
    await hushing.look(second(0))
    silence = await asked.add(seconds=3)
    seen = [await hushing.look(second(number)) for number in (1, 2, 3, 4)]
    assert seen == [True, False, True, False]
    assert asked.queries == 2
    assert silence.ends_at == second(3)


@pytest.mark.parametrize("wait", [10, -1])
async def test_it_is_asked_again_in_the_end_and_when_the_time_of_day_was_changed(wait: float) -> None:
    asked = Asked()
    hushing = Hushing(asked, version=lambda: 7)  # type: ignore[arg-type] # as above
    for number in (0, wait):
        await hushing.look(second(number))
    assert asked.queries == 2


@pytest.mark.parametrize("version", [None, 7])
async def test_what_could_not_be_told_or_asked_is_asked_at_the_next_look(version: int | None) -> None:
    asked = Asked()
    asked.fails = True
    hushing = Hushing(asked, version=lambda: version)  # type: ignore[arg-type] # as above
    for number in range(3):
        await hushing.look(second(number))
    assert asked.queries == 3
