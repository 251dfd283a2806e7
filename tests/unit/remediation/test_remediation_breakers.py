"""The breaker: it opens after failures in a row, is told once, stays open, and is closed by a person's word only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mendwatch.model.controls import ControlKind
from mendwatch.model.rules import Guard
from mendwatch.model.runs import SETTLED, RunState
from mendwatch.playbooks.interface import Ending, Phase, Result
from mendwatch.remediation import breakers

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World

FAILED = Result(Ending.FAILED, 2, {}, (), "it did not work")
A_YEAR = timedelta(days=365).total_seconds()


async def fail(world: World, times: int) -> None:
    """Let runs for the same alert fail, each after the cooldown of the one before."""
    world.executor.results[Phase.APPLY] = FAILED
    for _ in range(times):
        await world.run_to(await world.approved(), RunState.FAILED)
        world.clock.move(16 * 60)


@pytest.fixture
async def opened(world: World) -> World:
    await fail(world, 2)
    return world


async def test_it_opens_after_so_many_failures_and_says_so_once(opened: World) -> None:
    assert opened.kinds().count("breaker.opened") == 1
    (row,) = await opened.audited("breaker.opened")
    assert (row["rule"], row["target"], len(row["runs"])) == ("NearlyFull", "one", 2)  # type: ignore[arg-type]


async def test_one_failure_opens_nothing(world: World) -> None:
    await fail(world, 1)

    assert "breaker.opened" not in world.kinds()
    assert await world.engine.offer(world.proposal()) is not None


async def test_while_it_is_open_nothing_is_planned_and_the_reason_is_told(opened: World) -> None:
    before = len(opened.executor.jobs)

    assert await opened.engine.offer(opened.proposal(path="/b")) is None
    (blocked,) = await opened.audited("run.blocked")
    assert (blocked["guard"], len(opened.executor.jobs)) == ("breaker", before)
    assert "mendwatch breaker reset NearlyFull one" in str(blocked["reason"])


async def test_time_does_not_close_it_and_neither_does_a_restart(opened: World) -> None:
    opened.clock.move(A_YEAR)
    opened.restart()

    assert await opened.engine.offer(opened.proposal()) is None


async def test_another_target_is_not_minded(opened: World) -> None:
    assert await opened.engine.offer(opened.proposal("two")) is not None


async def test_a_reset_closes_it_and_is_audited_with_who_and_why(opened: World) -> None:
    await breakers.reset(opened.store, "NearlyFull", "one", "cli:ann", "the account had no right; it has now")

    assert await opened.engine.offer(opened.proposal()) is not None
    row = (await opened.store.audit.entries(subject="NearlyFull/one"))[-1]
    assert (row.what, row.actor, row.detail["reason"]) == ("breaker.reset", "cli:ann", "the account had no right; it has now")


async def test_after_a_reset_it_counts_from_nothing(opened: World) -> None:
    await breakers.reset(opened.store, "NearlyFull", "one", "cli:ann", "")
    opened.clock.move(A_YEAR)
    await fail(opened, 1)
    assert opened.kinds().count("breaker.opened") == 1

    await fail(opened, 1)
    assert opened.kinds().count("breaker.opened") == 2


async def test_a_run_that_waited_when_it_opened_does_not_start(world: World) -> None:
    world.use(guard=Guard(concurrent=2, breaker_failures=1))
    waiting = await world.offered(path="/z")
    await fail(world, 1)

    ended = await world.run_to(await world.approve(waiting))
    assert (ended.state, world.executor.effects[waiting.id]) == (RunState.REFUSED, 0)
    assert ended.note.startswith("the breaker is open: the last run failed on one")


async def test_the_standing_of_all_is_told_open_ones_first(opened: World) -> None:
    opened.executor.results[Phase.APPLY] = FAILED
    await opened.run_to(await opened.approved("two"), RunState.FAILED)
    runs = await opened.store.runs.list(states=SETTLED)

    found = breakers.standing(runs, [], {"NearlyFull": 2})
    assert [(one.target, one.failures, one.open) for one in found] == [("one", 2, True), ("two", 1, False)]
    assert [one.open for one in breakers.standing(runs, [], {})] == [False, False]

    await breakers.reset(opened.store, "NearlyFull", "one", "cli:ann", "")
    resets = await opened.store.controls.all(ControlKind.BREAKER)
    assert [one.target for one in breakers.standing(runs, resets, {"NearlyFull": 2})] == ["two"]
