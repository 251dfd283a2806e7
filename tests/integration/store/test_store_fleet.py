"""Agents that share a PostgreSQL state: one acts, its writes are fenced, and another one follows when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from postgresql_server import Databases

from mendwatch.errors import NotFound, StoreError
from mendwatch.model.members import Badge, Tenure
from mendwatch.model.runs import RunState
from mendwatch.store.fleet import LEASE, SqlFleet
from mendwatch.store.sql import SqlStore, open_store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

KEY = bytes(range(32))
ANN, BOB = Badge("ann-1", "one", 1, "0.1.0"), Badge("bob-2", "two", 2, "0.1.0")
SECONDS = LEASE.total_seconds()


@asynccontextmanager
async def opened(url: str, make: Make) -> AsyncIterator[SqlStore]:
    store = await open_store(url, key=KEY, clock=make.clock, own_clock=False)
    yield store
    await store.close()


def fleet(store: SqlStore) -> SqlFleet:
    assert store.fleet is not None
    return store.fleet


@pytest.fixture
async def two(databases: Databases, make: Make) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    async with databases.one() as url, opened(url, make) as one, opened(url, make) as other:
        yield one, other


Two = tuple[SqlStore, SqlStore]


async def test_the_first_acts_and_the_second_stands_by(two: Two) -> None:
    assert await fleet(two[0]).beat(ANN, None) == Tenure(1, ANN.id)
    assert await fleet(two[1]).beat(BOB, None) == Tenure(None, ANN.id)
    assert await fleet(two[0]).beat(ANN, 1) == Tenure(1, ANN.id)
    assert [(one.badge, one.alive, one.acting) for one in await fleet(two[1]).members()] == [(ANN, True, True), (BOB, True, False)]


async def test_of_many_that_ask_at_once_one_acts(databases: Databases, make: Make) -> None:
    async with databases.one() as url:
        stores = [await open_store(url, key=KEY, clock=make.clock, own_clock=False) for _ in range(6)]
        badges = [Badge(f"agent-{number}", "host", number, "0") for number in range(6)]
        answers = await asyncio.gather(*(fleet(store).beat(badge, None) for store, badge in zip(stores, badges, strict=True)))

        assert [answer.fence for answer in answers if answer.fence is not None] == [1]
        assert [row.what for row in await stores[0].audit.entries()] == ["agent.acting"]
        await asyncio.gather(*(store.close() for store in stores))


async def test_when_the_lease_is_over_another_one_acts_and_nothing_of_the_first_is_written_any_more(two: Two, make: Make) -> None:
    ours, theirs = two
    await fleet(ours).beat(ANN, None)
    run = await make.approved(ours)
    make.clock.move(SECONDS - 0.1)
    assert (await fleet(theirs).beat(BOB, None)).fence is None
    make.clock.move(0.2)
    assert await fleet(theirs).beat(BOB, None) == Tenure(2, BOB.id)

    before = [await theirs.runs.list(), await theirs.audit.entries(), await theirs.marks.of("lab", "events")]
    for deed in (
        ours.runs.change(run.id, make.to(RunState.APPLYING)),
        ours.runs.propose(make.new("another")),
        ours.audit.append("a", "w", "s", {}),
        ours.marks.keep("lab", "events", "x"),
        ours.received.prune(resolved_before=make.clock.now(), silent_before=make.clock.now()),
    ):
        with pytest.raises(StoreError, match="another agent acts"):
            await deed
    assert [await theirs.runs.list(), await theirs.audit.entries(), await theirs.marks.of("lab", "events")] == before
    assert await fleet(ours).beat(ANN, 1) == Tenure(None, BOB.id)
    assert (await theirs.runs.change(run.id, make.to(RunState.APPLYING))).state is RunState.APPLYING


async def test_who_was_silent_while_nobody_followed_goes_on(two: Two, make: Make) -> None:
    await fleet(two[0]).beat(ANN, None)
    make.clock.move(30)
    await two[0].audit.append("a", "w", "s", {})

    assert await fleet(two[0]).beat(ANN, 1) == Tenure(1, ANN.id)


async def test_a_restarted_agent_takes_up_its_own_lease_at_once_under_a_new_number(two: Two) -> None:
    await fleet(two[0]).beat(ANN, None)

    assert await fleet(two[1]).beat(ANN, None) == Tenure(2, ANN.id)
    with pytest.raises(StoreError, match="another agent acts"):
        await two[0].audit.append("a", "w", "s", {})


async def test_who_leaves_in_order_is_followed_at_once(two: Two) -> None:
    await fleet(two[0]).beat(ANN, None)
    await fleet(two[0]).leave(ANN, 1)

    assert await fleet(two[1]).beat(BOB, None) == Tenure(2, BOB.id)
    assert [one.badge for one in await fleet(two[1]).members()] == [BOB]


async def test_a_drained_agent_hands_over_as_soon_as_somebody_else_is_there(two: Two) -> None:
    ours, theirs = fleet(two[0]), fleet(two[1])
    await ours.beat(ANN, None)
    await ours.drain(ANN.id, wanted=True, actor="cli:ann")
    assert (await ours.beat(ANN, 1)).fence == 1  # nobody else is there
    await theirs.beat(BOB, None)
    assert (await ours.beat(ANN, 1)).fence is None
    assert await theirs.beat(BOB, None) == Tenure(2, BOB.id)

    assert [row.what for row in await two[1].audit.entries()] == ["agent.acting", "agent.draining", "agent.acting"]


async def test_a_drained_agent_that_is_started_again_still_drains(two: Two, make: Make) -> None:
    ours, theirs = fleet(two[0]), fleet(two[1])
    await theirs.beat(BOB, None)
    await ours.beat(ANN, None)
    await ours.drain(ANN.id, wanted=True, actor="cli:ann")
    await ours.leave(ANN, None)
    await theirs.leave(BOB, 1)
    await theirs.beat(BOB, None)
    await theirs.leave(BOB, 2)

    assert [(one.badge, one.alive, one.draining) for one in await theirs.members()] == [(ANN, False, True)]
    assert (await ours.beat(ANN, None)).fence == 3  # nobody else is there
    make.clock.move(SECONDS + 1)
    assert (await theirs.beat(BOB, None)).fence == 4


async def test_an_agent_that_nobody_knows_cannot_be_drained(two: Two) -> None:
    with pytest.raises(NotFound, match="there is no agent"):
        await fleet(two[0]).drain("nobody", wanted=True, actor="cli:ann")


async def test_the_dead_are_forgotten_after_a_day(two: Two, make: Make) -> None:
    await fleet(two[0]).beat(ANN, None)
    make.clock.move(3600)
    await fleet(two[1]).beat(BOB, None)
    assert [one.alive for one in await fleet(two[1]).members()] == [False, True]
    make.clock.move(86_400)
    await fleet(two[1]).beat(BOB, 2)

    assert [one.badge for one in await fleet(two[1]).members()] == [BOB]


async def test_a_person_decides_whoever_acts(two: Two, make: Make) -> None:
    await fleet(two[0]).beat(ANN, None)
    run = await make.pending(two[0])

    assert (await make.approve(two[1], run)).state.value == "approved"


def test_a_sqlite_file_has_no_fleet(sql: SqlStore) -> None:
    assert sql.fleet is None
