"""The runs that wait, without asking the store for what has not changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.runs import Run, RunState
from mendwatch.remediation.known import Known

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World


class Asked:
    """The table of runs of a store, and how often it was listed; `broken` makes the next listing fail."""

    def __init__(self, world: World, *, tells: bool = True) -> None:
        self._store, self._tells = world.store, tells
        self.times, self.broken = 0, False
        self.runs = self

    def version(self) -> int | None:
        return self._store.version() if self._tells else None

    async def list(self, **wanted: Any) -> Sequence[Run]:  # noqa: ANN401 - as the store's own
        self.times += 1
        if self.broken:
            self.broken = False
            raise StoreError("no answer")
        return await self._store.runs.list(**wanted)


def _known(world: World, asked: Asked) -> Known:
    return Known(replace(world.parts(), store=asked))


async def test_a_store_in_which_nothing_changed_is_asked_once(world: World) -> None:
    run, asked = await world.offered(), Asked(world)
    known = _known(world, asked)

    assert [one.id for _ in range(5) for one in await known.runs()] == [run.id] * 5
    assert asked.times == 1


async def test_a_decision_is_seen_at_the_next_look(world: World) -> None:
    run, asked = await world.offered(), Asked(world)
    known = _known(world, asked)
    await known.runs()
    await world.approve(run)

    assert [one.state for one in await known.runs()] == [RunState.APPROVED]


async def test_a_store_that_tells_no_version_is_asked_every_time(world: World) -> None:
    asked = Asked(world, tells=False)
    known = _known(world, asked)

    for _ in range(3):
        await known.runs()
    assert asked.times == 3


async def test_the_store_is_asked_now_and_then_whatever_its_version_says(world: World) -> None:
    asked = Asked(world)
    known = _known(world, asked)
    await known.runs()
    await world.clock.advance(world.limits.unasked)
    await known.runs()

    assert asked.times == 2


async def test_after_a_store_that_did_not_answer_it_is_asked_again(world: World) -> None:
    run, asked = await world.offered(), Asked(world)
    known = _known(world, asked)
    asked.broken = True
    with pytest.raises(StoreError):
        await known.runs()

    assert [one.id for one in await known.runs()] == [run.id]
