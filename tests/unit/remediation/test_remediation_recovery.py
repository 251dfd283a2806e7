"""What a new agent makes of each state that a dead one left."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from mendwatch.model.runs import Run, RunState
from mendwatch.playbooks.interface import Phase
from mendwatch.store.interface import RunChange

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import Measured, World


async def _state(world: World, run: Run, *states: RunState) -> Run:
    """Write states as an agent that then died had written them."""
    for state in states:
        fields = {"run_dir": str(world.executor.root / run.id / "apply-1"), "new_fence": True} if state is RunState.APPLYING else {}
        run = await world.store.runs.change(run.id, RunChange(to=state, actor="agent:dead", **fields))
    return run


def _begin(world: World, run: Run, *, ended: bool = False) -> None:
    """Leave the directory of a playbook that had begun."""
    directory = world.executor.root / run.id / "apply-1"
    directory.mkdir(parents=True)
    (directory / "started").touch()
    if ended:
        (directory / "result").touch()


async def _recovered(world: World, run: Run) -> Run:
    world.restart()
    recovering = asyncio.create_task(world.engine.recover())
    await world.until(recovering.done)
    recovering.result()
    return await world.store.runs.get(run.id)


async def test_a_run_that_was_being_planned_is_overtaken_and_may_be_asked_again(world: World) -> None:
    world.executor.hangs = {Phase.PLAN}
    offer = asyncio.create_task(world.engine.offer(world.proposal()))
    await world.until(lambda: bool(world.executor.jobs))
    offer.cancel()
    await world.clock.advance(world.limits.grace)
    with contextlib.suppress(asyncio.CancelledError):
        await offer
    run = (await world.store.runs.list())[0]

    run = await _recovered(world, run)

    assert run.state is RunState.SUPERSEDED
    assert "nothing was changed" in run.note
    world.executor.hangs.clear()
    assert (await world.offered()).state is RunState.PENDING


@pytest.mark.parametrize("state", ["pending", "approved"])
async def test_a_question_and_an_approval_outlive_the_agent(world: World, state: RunState) -> None:
    run = await (world.offered() if state == "pending" else world.approved())

    run = await _recovered(world, run)
    assert run.state.value == state

    if state == "pending":
        run = await world.approve(run)
    assert (await world.run_to(run)).state is RunState.VERIFIED


async def test_a_playbook_that_ended_while_nobody_watched_is_verified(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING)
    _begin(world, run, ended=True)

    run = await _recovered(world, run)

    assert run.state is RunState.VERIFIED
    assert run.outcome == {"outcome": "applied"}
    assert not world.jobs(Phase.APPLY)


async def test_a_playbook_that_never_began_never_will(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING)
    (world.executor.root / run.id / "apply-1").mkdir(parents=True)

    run = await _recovered(world, run)

    assert run.state is RunState.FAILED
    assert "nothing was done" in run.note
    assert "verify" not in world.judge.asked


async def test_a_run_directory_that_is_gone_proves_nothing_so_it_is_measured(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING)

    run = await _recovered(world, run)

    assert run.state is RunState.VERIFIED
    assert run.note.startswith("the run directory is gone, so it is not known whether the playbook began")


@pytest.mark.parametrize(("holds", "state"), [(True, RunState.VERIFIED), (False, RunState.FAILED), (None, RunState.FAILED)])
@pytest.mark.parametrize("left", [(RunState.APPLYING,), (RunState.APPLYING, RunState.INTERRUPTED)])
async def test_a_playbook_that_died_is_measured_and_never_repeated(
    world: World, left: tuple[RunState, ...], holds: Measured, state: RunState
) -> None:
    run = await _state(world, await world.approved(), *left)
    _begin(world, run)
    world.judge.verified = [holds]

    run = await _recovered(world, run)

    assert run.state is state
    assert run.note.startswith("the playbook died before it told what it did; ")
    assert not world.jobs(Phase.APPLY)
    assert run.fence == 2


async def test_a_measurement_that_was_cut_off_is_made_again(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING, RunState.VERIFYING)
    _begin(world, run, ended=True)

    run = await _recovered(world, run)

    assert run.state is RunState.VERIFIED
    assert run.note == "measured anew: verified is True"


async def test_a_measurement_without_its_rule_fails_the_run(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING, RunState.VERIFYING)
    _begin(world, run, ended=True)
    world.rules.clear()

    run = await _recovered(world, run)

    assert run.state is RunState.FAILED
    assert "the rule NearlyFull is gone" in run.note


async def test_a_rollback_that_was_cut_off_asks_for_a_person(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING, RunState.ROLLING_BACK)

    run = await _recovered(world, run)

    assert run.state is RunState.ROLLBACK_FAILED
    assert "look at the target" in run.note


async def test_a_verified_run_settles_its_event_after_the_restart_once(world: World) -> None:
    world.event()
    run = await _state(world, await world.approved(), RunState.APPLYING, RunState.VERIFYING, RunState.VERIFIED)

    run = await _recovered(world, run)
    await _recovered(world, run)

    assert run.events_resolved == ("e1",)
    assert len(world.jobs(Phase.RESOLVE)) == 1


async def test_an_event_that_was_settled_before_the_agent_died_is_not_settled_again(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING, RunState.VERIFYING, RunState.VERIFIED)
    await world.store.audit.append("agent:dead", "run.resolving", run.id, {"key": "e1", "attempt": 1})
    directory = world.executor.root / run.id / "resolve-1"
    directory.mkdir(parents=True)
    (directory / "result").touch()

    run = await _recovered(world, run)

    assert run.events_resolved == ("e1",)
    assert not world.jobs(Phase.RESOLVE)


async def test_an_event_that_kills_the_agent_each_time_is_given_up(world: World) -> None:
    world.event()
    run = await _state(world, await world.approved(), RunState.APPLYING, RunState.VERIFYING, RunState.VERIFIED)
    for attempt in (1, 2, 3):
        await world.store.audit.append("agent:dead", "run.resolving", run.id, {"key": "e1", "attempt": attempt})

    run = await _recovered(world, run)

    assert run.state is RunState.VERIFIED
    assert run.events_resolved == ()
    assert "given up after 3 attempts" in str(await world.audited("run.resolve_failed"))


async def test_the_engine_recovers_when_it_begins_to_work(world: World) -> None:
    run = await _state(world, await world.approved(), RunState.APPLYING)
    _begin(world, run, ended=True)
    world.restart()

    assert (await world.run_to(run)).state is RunState.VERIFIED


@pytest.mark.parametrize("shared", [False, True])
async def test_a_playbook_on_another_agents_machine_is_given_its_time_before_its_run_is_concluded(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    shared: bool,  # noqa: FBT001 - from the table
) -> None:
    allowed = world.parts().catalogue["box/room"].timeouts.apply
    run = await _state(world, await world.approved(), RunState.APPLYING)
    if shared:
        monkeypatch.setattr(type(world.store), "fleet", object())
    began = world.clock.now()

    run = await _recovered(world, run)
    waited = next(row for row in await world.store.audit.entries(subject=run.id) if row.detail.get("from") == "applying").at - began
    assert (waited.total_seconds() >= allowed) is shared
    assert run.terminal
