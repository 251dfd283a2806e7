"""One approved run from its start to its end, on a virtual clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import ExecutionError
from mendwatch.model.rules import Approval, Guard, Mode, Verify
from mendwatch.model.runs import RunState
from mendwatch.playbooks.interface import Ending, Phase, Result

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import Measured, World


async def test_an_approved_run_is_applied_verified_and_settles_its_event(world: World) -> None:
    world.event("e1")
    world.event("e2", path="/other")
    world.event("e3", kind="OTHER")

    run = await world.run_to(await world.approved())

    assert run.state is RunState.VERIFIED
    assert run.events_resolved == ("e1",)
    assert world.executor.effects[run.id] == 1
    assert [job.variables["event_key"] for job in world.jobs(Phase.RESOLVE)] == ["e1"]


async def test_every_step_is_announced_in_order(world: World) -> None:
    world.event()

    await world.run_to(await world.approved())

    steps = [kind for kind in world.kinds() if kind != "run.task"]
    names = ("planning", "pending", "approved", "applying", "verifying", "verified", "events_resolved")
    assert steps == [f"run.{name}" for name in names]
    assert world.kinds().count("run.task") == 3
    assert all(notice.facts["run"] for notice in world.notices)


async def test_a_task_is_announced_without_its_message(world: World) -> None:
    await world.offered()

    task = next(notice for notice in world.notices if notice.kind == "run.task")
    assert task.text == "box/room on one plan: Raise the limit - changed"
    assert "secret" not in str(task)


async def test_a_plan_is_made_with_the_read_account_and_applied_with_the_write_account(world: World) -> None:
    await world.run_to(await world.approved())

    tiers = {job.phase: job.environment["TIER"] for job in world.executor.jobs}
    assert tiers == {Phase.PLAN: "read", Phase.APPLY: "write"}


async def test_apply_gets_exactly_the_variables_of_the_approved_plan(world: World) -> None:
    run = await world.run_to(await world.approved())

    assert world.jobs(Phase.APPLY)[0].variables == run.plan.variables == {"path": "/a", "size": 11, "before": 10}


async def test_the_run_directory_is_on_record_before_the_playbook_starts(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()

    run = await world.run_to(run, RunState.APPLYING)

    assert run.run_dir == str(world.executor.directory(world.jobs(Phase.APPLY)[0]))
    assert run.fence == 1


async def test_verification_is_measured_again_until_it_holds(world: World) -> None:
    world.judge.verified = [False, None, False, True]

    run = await world.run_to(await world.approved())

    assert run.state is RunState.VERIFIED
    assert world.judge.asked.count("verify") == 4


async def test_a_goal_that_is_not_reached_in_time_fails_the_run(world: World) -> None:
    world.judge.verified = [False]

    run = await world.run_to(await world.approved())

    assert run.state is RunState.FAILED
    assert run.note == "the goal was not reached within 1m: verified is False"
    assert timedelta(minutes=1) <= run.ended_at - run.started_at < timedelta(minutes=1, seconds=5)


async def test_no_data_is_never_success(world: World) -> None:
    world.judge.verified = [None]

    run = await world.run_to(await world.approved())

    assert run.state is RunState.FAILED
    assert "no data is never success" in run.note


@pytest.mark.parametrize("verify", [None, Verify("", timedelta(minutes=3))], ids=["without verify", "with a time alone"])
async def test_a_rule_without_a_goal_is_verified_by_its_condition_being_gone(world: World, verify: Verify | None) -> None:
    world.use(verify=verify)
    run = await world.approved()
    world.use(verify=verify)
    async with world.working():
        await world.until(lambda: "run.verifying" in world.kinds())
        world.judge.firing = False
        await world.until(lambda: "run.verified" in world.kinds())

    assert (await world.store.runs.get(run.id)).state is RunState.VERIFIED
    assert "verify" not in world.judge.asked


@pytest.mark.parametrize(
    ("result", "state", "words"),
    [
        (
            Result(Ending.FAILED, 2, {"outcome": "rolled_back", "message": "no room"}, (), ""),
            RunState.ROLLED_BACK,
            "taken back: no room",
        ),
        (
            Result(Ending.FAILED, 2, {"outcome": "rollback_failed"}, (), "stuck"),
            RunState.ROLLBACK_FAILED,
            "look at the target: stuck",
        ),
        (Result(Ending.FAILED, 2, {}, (), "task X"), RunState.FAILED, "the playbook failed: task X"),
        (Result(Ending.FAILED, 2, {}, (), ""), RunState.FAILED, "no message (exit code 2)"),
        (
            Result(Ending.FAILED, 2, {"outcome": "precondition_failed"}, (), "12"),
            RunState.FAILED,
            "precondition did not hold any more: 12",
        ),
        (Result(Ending.SUCCEEDED, 0, {"outcome": "rolled_back"}, (), ""), RunState.ROLLED_BACK, "taken back"),
        (Result(Ending.NEVER_STARTED, None, {}, (), ""), RunState.FAILED, "nothing was done"),
    ],
)
async def test_a_playbook_that_ends_badly_ends_its_run_without_a_measurement(
    world: World, result: Result | Exception, state: RunState, words: str
) -> None:
    world.executor.results[Phase.APPLY] = result

    run = await world.run_to(await world.approved())

    assert run.state is state
    assert words in run.note
    assert "verify" not in world.judge.asked
    assert not world.jobs(Phase.RESOLVE)


@pytest.mark.parametrize("ending", [Ending.DIED, Ending.TIMED_OUT, Ending.CANCELLED])
@pytest.mark.parametrize(("holds", "state"), [(True, RunState.VERIFIED), (False, RunState.FAILED), (None, RunState.FAILED)])
async def test_a_playbook_that_was_cut_off_is_measured_and_the_note_says_so(
    world: World, ending: Ending, holds: Measured, state: RunState
) -> None:
    world.executor.results[Phase.APPLY] = Result(ending, None, {}, (), "")
    world.judge.verified = [holds]

    run = await world.run_to(await world.approved())

    assert run.state is state
    assert run.note.startswith("the playbook ")
    assert "run.interrupted" in world.kinds()
    assert len(world.jobs(Phase.APPLY)) == 1


async def test_a_worker_that_cannot_be_started_leaves_a_run_that_did_nothing(world: World) -> None:
    run = await world.approved()
    world.executor.refuses = ExecutionError("no process can be started")
    run = await world.run_to(run)

    assert run.state is RunState.FAILED
    assert "never started; nothing was done" in run.note


async def test_events_that_cannot_be_settled_leave_the_run_verified_and_are_told(world: World) -> None:
    world.event()
    world.executor.results[Phase.RESOLVE] = Result(Ending.FAILED, 2, {}, (), "denied")

    run = await world.run_to(await world.approved())

    assert run.state is RunState.VERIFIED
    assert run.events_resolved == ()
    assert "run.resolve_failed" in world.kinds()
    assert await world.audited("run.resolve_failed") == [{"key": "e1", "why": "denied"}]


async def test_two_targets_are_mended_at_the_same_time(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    await world.approved("one")
    await world.approved("two")
    async with world.working():
        await world.until(lambda: len(world.jobs(Phase.APPLY)) == 2)
        assert world.executor.running == 2
        world.executor.release.set()
        await world.until(lambda: world.kinds().count("run.verified") == 2)


async def test_no_more_playbooks_run_than_the_limit(world: World) -> None:
    world.limits = replace(world.limits, concurrent=1)
    await world.approved("one")
    await world.approved("two")
    async with world.working():
        await world.until(lambda: world.kinds().count("run.verified") == 2)

    assert world.executor.most == 1


async def test_a_target_is_changed_by_one_run_at_a_time(world: World) -> None:
    world.use(guard=Guard(concurrent=2, max_targets=5))
    world.executor.hangs = {Phase.APPLY}
    first, second = await world.approved(path="/a"), await world.approved(path="/b")
    async with world.working():
        await world.until(lambda: len(world.jobs(Phase.APPLY)) == 1)
        await world.clock.advance(5)
        assert (await world.store.runs.get(second.id)).state is RunState.APPROVED
        world.executor.release.set()
        await world.until(lambda: world.kinds().count("run.verified") == 2)

    assert [job.run_id for job in world.jobs(Phase.APPLY)] == [first.id, second.id]


async def test_a_stopping_agent_lets_a_playbook_end(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    working = asyncio.create_task(world.engine.run())
    await world.until(lambda: bool(world.jobs(Phase.APPLY)))
    working.cancel()
    await world.clock.advance(world.limits.grace - 1)
    assert not working.done()
    world.executor.release.set()
    await asyncio.wait({working})

    assert world.executor.effects[run.id] == 1


async def test_an_attempt_at_an_event_is_on_record_before_its_playbook_starts(world: World) -> None:
    world.event()
    world.executor.hangs = {Phase.RESOLVE}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.RESOLVE)))

        assert await world.audited("run.resolving") == [{"key": "e1", "attempt": 1}]
        assert (await world.store.runs.get(run.id)).events_resolved is None


async def test_a_playbook_that_does_not_end_within_the_grace_is_cancelled(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: len(world.jobs(Phase.APPLY)) == 1)

    assert world.executor.ended[-1] is Phase.APPLY
    assert world.executor.effects[run.id] == 0


async def test_a_fault_of_ours_stops_that_run_only(world: World) -> None:
    world.use(approval=Approval(recheck=True))
    first = await world.approved("one")
    world.judge.broken = ValueError("a fault of ours")
    async with world.working():
        await world.until(lambda: first.id in world.engine._given_up)
        world.judge.broken = None
        await world.approved("two")
        await world.until(lambda: "run.verified" in world.kinds())

    assert (await world.store.runs.get(first.id)).state is RunState.APPROVED


async def test_a_run_of_mode_auto_goes_all_the_way_by_itself(world: World) -> None:
    world.use(Mode.AUTO, verify=Verify("x", timedelta(minutes=1)))

    run = await world.run_to(await world.offered())

    assert run.state is RunState.VERIFIED
    assert run.decisions == ()
    assert (await world.store.audit.entries(subject=run.id))[1].actor == "auto"
