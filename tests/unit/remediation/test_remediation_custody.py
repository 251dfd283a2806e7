"""Every open run has somebody who goes on with it, whatever failed: the store, the disk, the target or we."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import StoreError
from mendwatch.model.proposals import Verdict
from mendwatch.model.runs import Run, RunState
from mendwatch.model.samples import Event
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Phase
from mendwatch.store.interface import RunChange

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World


async def test_a_full_disk_while_the_playbook_runs_costs_time_and_not_the_run(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.APPLY)))
        world.store.audit.broken = True
        world.executor.release.set()
        await world.clock.advance(30)
        assert (await world.store.runs.get(run.id)).state is RunState.APPLYING
        world.store.audit.broken = False
        await world.until(lambda: "run.verified" in world.kinds())

    assert len(world.jobs(Phase.APPLY)) == 1


async def test_a_full_disk_while_an_event_is_settled_costs_time_and_not_the_event(world: World) -> None:
    world.event()
    world.executor.hangs = {Phase.RESOLVE}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.RESOLVE)))
        world.store.audit.broken = True
        world.executor.release.set()
        await world.clock.advance(30)
        world.store.audit.broken = False
        await world.until(lambda: world._arrived(run.id, ()))

    assert (await world.store.runs.get(run.id)).events_resolved == ("e1",)
    assert len(world.jobs(Phase.RESOLVE)) == 1


async def test_a_full_disk_while_it_is_planned_does_not_hold_the_problem(world: World) -> None:
    world.executor.hangs = {Phase.PLAN}
    async with world.working():
        offer = asyncio.create_task(world.engine.offer(world.proposal()))
        await world.until(lambda: bool(world.executor.jobs))
        world.store.audit.broken = True
        world.executor.release.set()
        with pytest.raises(StoreError):
            await offer
        await world.clock.advance(30)
        world.store.audit.broken = False
        await world.until(lambda: "run.superseded" in world.kinds())

        assert (await world.offered()).state is RunState.PENDING


async def test_a_fault_of_ours_in_a_plan_fails_the_run(world: World) -> None:
    world.executor.results[Phase.PLAN] = ValueError("a fault of ours")

    with pytest.raises(ValueError, match="of ours"):
        await world.engine.offer(world.proposal())

    run = (await world.store.runs.list())[0]
    assert run.state is RunState.FAILED
    assert "see its log" in run.note


async def test_a_fault_of_ours_after_the_start_is_measured_later_and_applied_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = []

    async def verify(*_: object) -> Verdict:
        faults.append(world.clock.monotonic())
        raise ValueError("a fault of ours")

    run = await world.approved()
    async with world.working():
        with monkeypatch.context() as broken:
            broken.setattr(world.judge, "verify", verify)
            await world.until(lambda: len(faults) == 3)
            assert (await world.store.runs.get(run.id)).state is RunState.VERIFYING
        await world.until(lambda: "run.verified" in world.kinds())

    assert len(world.jobs(Phase.APPLY)) == 1
    first, second, third = faults
    assert third - second > 2 * (second - first) > world.limits.hold


async def test_what_an_earlier_agent_left_is_taken_over_once_the_store_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await world.approved()
    await world.store.runs.change(run.id, RunChange(to=RunState.APPLYING, actor="agent:dead", new_fence=True))

    async def refuse(**_: object) -> Sequence[Run]:
        raise StoreError("no answer")

    async with world.working():
        with monkeypatch.context() as broken:
            broken.setattr(world.store.runs, "list", refuse)
            await world.clock.advance(10)
        await world.until(lambda: "run.verified" in world.kinds())

    assert not world.jobs(Phase.APPLY)


async def test_an_alert_that_ends_before_its_run_is_opened_asks_nobody(world: World) -> None:
    async with world.engine._offers._one:  # another proposal is looked at
        proposed = asyncio.create_task(world.engine.offer(world.proposal()))
        await asyncio.sleep(0)
        await world.engine.alert_resolved("fp-one-a")
    await world.until(proposed.done)

    assert [run.state for run in await world.store.runs.list()] == [RunState.SUPERSEDED]
    assert not world.executor.jobs
    assert (await world.offered()).state is RunState.PENDING


async def test_events_that_are_not_known_yet_are_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.event()

    async def unknown(target: str, kind: str) -> Sequence[Event] | None:
        del target, kind
        return None

    run = await world.approved()
    async with world.working():
        with monkeypatch.context() as blind:
            blind.setattr(world.judge, "open_events", unknown)
            await world.until(lambda: "run.verified" in world.kinds())
            await world.clock.advance(60)
            assert (await world.store.runs.get(run.id)).events_resolved is None
        await world.until(lambda: world._arrived(run.id, ()))

    assert (await world.store.runs.get(run.id)).events_resolved == ("e1",)


async def test_the_kill_switch_also_holds_the_settling_of_events(world: World) -> None:
    world.event()
    run = await world.approved()
    for state in (RunState.APPLYING, RunState.VERIFYING, RunState.VERIFIED):
        run = await world.store.runs.change(run.id, RunChange(to=state, actor="agent:dead"))
    world.enabled = False
    async with world.working():
        await world.clock.advance(60)
        assert not world.jobs(Phase.RESOLVE)
        world.enabled = True
        await world.until(lambda: world._arrived(run.id, ()))

    assert len(world.jobs(Phase.RESOLVE)) == 1


async def test_an_approval_that_nobody_was_there_to_act_on_is_expired_by_the_next_agent(world: World) -> None:
    run = await world.approved()
    await world.clock.advance(3600)
    world.restart()

    ended = await world.run_to(run)

    assert ended.state is RunState.EXPIRED
    assert not world.jobs(Phase.APPLY)


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_that_is_set_while_a_playbook_runs_does_not_cut_its_measurement(world: World, hours: int) -> None:
    world.judge.verified = (False, None, False, True)
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.APPLY)))
        world.clock.step_wall(hours * 3600)
        world.executor.release.set()
        await world.until(lambda: world._arrived(run.id, ()))

    assert (await world.store.runs.get(run.id)).state is RunState.VERIFIED


async def test_a_run_directory_that_cannot_be_looked_at_is_asked_again_before_it_counts_as_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await world.approved()
    directory = world.executor.root / run.id / "apply-1"
    await world.store.runs.change(
        run.id, RunChange(to=RunState.APPLYING, actor="agent:dead", run_dir=str(directory), new_fence=True)
    )
    directory.mkdir(parents=True)
    recover, asked = world.executor.recover, []

    async def now_and_then(*given: object) -> object:
        asked.append(given)
        if len(asked) < 4:
            raise OSError(24, "Too many open files")
        return await recover(*given)  # type: ignore[arg-type] # handed through

    monkeypatch.setattr(world.executor, "recover", now_and_then)

    ended = await world.run_to(run)

    assert ended.state is RunState.FAILED
    assert "never started" in ended.note


async def test_a_target_that_left_while_its_playbook_ran_ends_its_run_without_success(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.APPLY)))
    world.access.targets.clear()
    world.judge.verified = (None,)
    world.restart()

    ended = await world.run_to(run)

    assert ended.state is RunState.FAILED
    assert "no data is never success" in ended.note


async def test_an_agent_that_dies_within_a_change_of_state_leaves_a_row_that_goes_on(world: World) -> None:
    run = await world.approved()
    change = world.store.runs.change

    async def slow(run_id: str, wanted: RunChange) -> Run:
        changed = await change(run_id, wanted)
        await asyncio.sleep(0.001)
        return changed

    world.store.runs.change = slow  # type: ignore[method-assign] # a store that answers late
    for _ in range(12):
        working = asyncio.create_task(world.engine.run())
        for _ in range(4):
            await world.clock.advance(0.5)
            await asyncio.sleep(0.001)
        working.cancel()
        await world.clock.advance(world.limits.grace)
        with suppress(asyncio.CancelledError):
            await working
        world.restart()

    ended = await world.run_to(replace(run))
    assert ended.state in {RunState.VERIFIED, RunState.FAILED}
    assert world.executor.effects[run.id] <= 1


class Flaw:
    """Is true for some of the questions that it is asked: the disk is full from one write on, for a few writes."""

    def __init__(self, first: int, many: int = 4) -> None:
        self.asked = 0
        self._full = range(first, first + many)

    def __bool__(self) -> bool:
        self.asked += 1
        return self.asked in self._full


@pytest.mark.parametrize("write", range(1, 9))
async def test_a_disk_that_is_full_at_any_write_costs_time_only(world: World, write: int) -> None:
    world.event()
    flaw = Flaw(write)
    world.store.audit.broken = flaw  # type: ignore[assignment] # as true as a truth value
    async with world.working():
        for _ in range(60):  # the rule goes on firing, and is offered again and again
            with suppress(StoreError):
                await world.engine.offer(world.proposal())
            for run in await world.store.runs.list(states={RunState.PENDING}):
                with suppress(StoreError):
                    await world.approve(run)
            await world.clock.advance(5)
            await asyncio.sleep(0.001)

    latest, *earlier = await world.store.runs.list()
    assert latest.state is RunState.VERIFIED
    assert latest.events_resolved == ("e1",)
    assert {run.state for run in earlier} <= {RunState.SUPERSEDED}
    assert [job.run_id for job in world.jobs(Phase.APPLY)] == [latest.id]
    assert write < flaw.asked


async def test_a_password_that_somebody_wrote_into_an_address_is_in_no_plan(world: World) -> None:
    world.access.targets["one"] = Target("one", "box", "https://admin:hunter2@one:8080")

    run = await world.run_to(await world.approved())

    assert run.state is RunState.VERIFIED
    assert run.plan is not None
    assert run.plan.address == "https://one:8080"
    assert "hunter2" not in str((run, world.notices, await world.store.audit.entries()))
