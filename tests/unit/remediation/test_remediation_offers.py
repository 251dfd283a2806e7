"""From a proposal to a question, or to a reason that is told once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog.testing

from mendwatch.errors import ExecutionError, StoreError
from mendwatch.model.proposals import Proposal
from mendwatch.model.rules import Approval, Guard, Mode
from mendwatch.model.runs import Run, RunState
from mendwatch.playbooks.interface import Ending, Phase, Result

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World


async def test_a_proposal_becomes_a_question_with_its_plan_and_hash(world: World) -> None:
    world.use(approval=Approval(quorum=2, expires=timedelta(minutes=7)))

    run = await world.offered()

    assert run.state is RunState.PENDING
    assert run.plan_hash == run.plan.sha256()
    assert run.plan.changes[0].after == "limit: 11"
    assert run.expires_at == world.clock.now() + timedelta(minutes=7)
    assert (run.quorum, run.proposer, run.risk) == (2, "rule:NearlyFull", "low")
    assert run.subject == {"cluster": "one", "path": "/a"}
    assert not world.jobs(Phase.APPLY)


async def test_the_same_problem_is_asked_once(world: World) -> None:
    await world.offered()

    assert await world.engine.offer(world.proposal()) is None
    assert len(world.jobs(Phase.PLAN)) == 1
    assert "run.blocked" not in world.kinds()


async def test_proposals_at_the_same_moment_cannot_all_pass_a_limit_of_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = world.store.runs.list

    async def slowly(*, states: Iterable[RunState], limit: int) -> Sequence[Run]:
        found = await honest(states=states, limit=limit)
        await asyncio.sleep(0)  # where a database lets others go on
        return found

    monkeypatch.setattr(world.store.runs, "list", slowly)
    world.use(guard=Guard(concurrent=1, max_targets=1))

    found = await asyncio.gather(*(world.engine.offer(world.proposal(target)) for target in ("one", "two", "three")))

    assert sum(run is not None for run in found) == 1
    assert world.kinds().count("run.blocked") == 2


async def test_a_reason_is_told_once_while_it_stays_the_same(world: World) -> None:
    world.enabled = False
    for _ in range(3):
        await world.engine.offer(world.proposal())
    world.enabled = True
    world.access.tiers = {"read"}
    for _ in range(3):
        await world.engine.offer(world.proposal())

    blocked = await world.audited("run.blocked")
    assert [row["guard"] for row in blocked] == ["kill_switch", "credential"]
    assert world.kinds() == ["run.blocked", "run.blocked"]


async def test_a_reason_is_news_again_when_the_alert_went_and_came_back(world: World) -> None:
    world.enabled = False
    await world.engine.offer(world.proposal())
    await world.engine.alert_resolved(world.proposal().alert.fingerprint)
    await world.engine.offer(_later(world))

    assert world.kinds() == ["run.blocked", "run.blocked"]


@pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.APPROVE])
async def test_a_restart_says_nothing_twice(world: World, mode: Mode) -> None:
    world.enabled = False
    world.use(mode)
    what = "run.observed" if mode is Mode.OBSERVE else "run.blocked"
    for _ in range(3):
        await world.engine.offer(world.proposal())
        world.restart()
    assert world.kinds() == [what]
    assert len(await world.audited(what)) == 1

    await world.engine.alert_resolved(world.proposal().alert.fingerprint)
    world.restart()
    await world.engine.offer(_later(world))
    assert world.kinds() == [what, what]


async def test_a_reason_is_news_after_a_restart_if_there_was_a_run_since(world: World) -> None:
    world.enabled = False
    await world.engine.offer(world.proposal())
    world.enabled = True
    world.clock.move(1)
    run = await world.offered()
    await world.decide(run, "deny")
    world.enabled = False
    world.clock.move(3600)
    world.restart()
    await world.engine.offer(world.proposal())

    assert world.kinds().count("run.blocked") == 2


async def test_observe_records_what_would_be_done_once_for_each_firing(world: World) -> None:
    world.use(Mode.OBSERVE)
    proposal = world.proposal()
    await world.engine.offer(proposal)
    await world.engine.offer(proposal)
    later = replace(proposal.alert, fired_at=proposal.alert.fired_at + timedelta(hours=1))
    await world.engine.offer(replace(proposal, alert=later))

    observed = await world.audited("run.observed")
    assert len(observed) == 2
    assert observed[0]["variables"] == {"path": "/a", "size": 11}
    assert not world.executor.jobs
    assert not await world.store.runs.list()


async def test_a_reason_that_could_not_be_audited_is_told_when_it_can(world: World) -> None:
    world.enabled = False
    world.store.audit.broken = True
    with pytest.raises(StoreError):
        await world.engine.offer(world.proposal())
    world.store.audit.broken = False
    await world.engine.offer(world.proposal())

    assert world.kinds() == ["run.blocked"]


async def test_check_mode_ends_with_a_recorded_plan_and_asks_nobody(world: World) -> None:
    world.use(Mode.CHECK)
    world.access.tiers = {"read"}

    run = await world.offered()

    assert run.state is RunState.CANCELLED
    assert run.plan is not None
    assert "nobody was asked and nothing was changed" in run.note
    assert "run.pending" not in world.kinds()


@pytest.mark.parametrize("risk", ["medium", "high"])
async def test_only_low_risk_goes_on_without_a_person(world: World, risk: str) -> None:
    world.use(Mode.AUTO)
    world.use_remediation(risk=risk)

    run = await world.offered()

    assert run.state is RunState.PENDING
    assert f"the risk is {risk}" in run.note


@pytest.mark.parametrize(
    ("result", "state", "words"),
    [
        (Result(Ending.SUCCEEDED, 0, {"outcome": "unchanged"}, (), ""), RunState.REFUSED, "nothing to change"),
        (Result(Ending.FAILED, 2, {"outcome": "precondition_failed", "message": "no quota"}, (), ""), RunState.REFUSED, "no quota"),
        (Result(Ending.FAILED, 4, {}, (), "cannot be read"), RunState.FAILED, "cannot be read"),
        (Result(Ending.TIMED_OUT, None, {}, (), ""), RunState.FAILED, "timed_out"),
        (ExecutionError("no process"), RunState.FAILED, "no process"),
    ],
)
async def test_a_plan_that_cannot_be_made_ends_the_run_with_its_reason(
    world: World, result: Result | Exception, state: RunState, words: str
) -> None:
    world.executor.results[Phase.PLAN] = result

    run = await world.offered()

    assert run.state is state
    assert words in run.note
    assert run.plan is None


async def test_an_alert_that_goes_while_it_is_planned_overtakes_the_run(world: World) -> None:
    world.executor.hangs = {Phase.PLAN}
    offer = asyncio.create_task(world.engine.offer(world.proposal()))
    await world.until(lambda: bool(world.executor.jobs))
    await world.engine.alert_resolved(world.proposal().alert.fingerprint)
    world.executor.release.set()

    assert (await offer).state is RunState.SUPERSEDED


async def test_an_alert_that_goes_overtakes_its_question_and_no_other(world: World) -> None:
    mine, other = await world.offered("one"), await world.offered("two")

    await world.engine.alert_resolved(mine.fingerprint)

    assert (await world.store.runs.get(mine.id)).state is RunState.SUPERSEDED
    assert (await world.store.runs.get(other.id)).state is RunState.PENDING
    assert "run.superseded" in world.kinds()


async def test_an_alert_that_goes_while_the_playbook_runs_lets_it_end(world: World) -> None:
    world.executor.hangs = {Phase.APPLY}
    run = await world.approved()
    async with world.working():
        await world.until(lambda: bool(world.jobs(Phase.APPLY)))
        await world.engine.alert_resolved(run.fingerprint)
        world.executor.release.set()
        await world.until(lambda: "run.verified" in world.kinds())


async def test_an_overtaken_problem_may_be_asked_again_at_once(world: World) -> None:
    run = await world.offered()
    await world.engine.alert_resolved(run.fingerprint)

    assert (await world.offered()).state is RunState.PENDING


async def test_a_denied_problem_is_not_asked_again_within_the_cooldown(world: World) -> None:
    run = await world.offered()
    await world.decide(run, "deny")

    assert await world.engine.offer(world.proposal()) is None
    world.clock.move(15 * 60 + 1)
    assert (await world.offered()).state is RunState.PENDING


async def test_a_decision_of_another_process_is_announced(world: World) -> None:
    denied, approved = await world.offered("one"), await world.offered("two")
    async with world.working():
        await world.clock.advance(1)
        await world.decide(denied, "deny")
        await world.approve(approved)
        await world.until(lambda: {"run.denied", "run.approved"} <= set(world.kinds()))

    assert world.kinds().count("run.approved") == 1


async def test_a_rule_without_a_remediation_asks_for_nothing(world: World) -> None:
    rule = replace(world.rules["NearlyFull"], remediate=None)

    assert await world.engine.offer(Proposal(rule, world.proposal().alert, {})) is None
    assert await world.engine.why_not(Proposal(rule, world.proposal().alert, {})) == ()


async def test_an_alert_of_a_target_that_left_the_configuration_is_let_be(world: World) -> None:
    world.access.targets.clear()

    assert await world.engine.offer(world.proposal()) is None


async def test_every_guard_can_be_asked_without_doing_anything(world: World) -> None:
    world.enabled = False

    found = await world.engine.why_not(world.proposal())

    assert [verdict.guard for verdict in found if verdict.blocks] == ["kill_switch"]
    assert len(found) == 10
    assert not world.notices


async def test_a_store_that_does_not_answer_decides_nothing_and_work_goes_on_when_it_does(world: World) -> None:
    run = await world.approved()
    world.store.audit.broken = True
    async with world.working():
        await world.clock.advance(5)
        assert not world.jobs(Phase.APPLY)
        world.store.audit.broken = False
        await world.until(lambda: "run.verified" in world.kinds())

    assert (await world.store.runs.get(run.id)).state is RunState.VERIFIED


async def test_a_store_that_does_not_answer_is_logged_once_and_its_return_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*, states: Iterable[RunState], limit: int) -> Sequence[Run]:
        del states, limit
        raise StoreError("no answer")

    with structlog.testing.capture_logs() as logs:
        async with world.working():
            monkeypatch.setattr(world.store.runs, "list", refuse)
            await world.clock.advance(10)
            monkeypatch.undo()
            await world.clock.advance(10)

    assert [entry["event"] for entry in logs] == ["the store does not answer", "the store answers again"]


def _later(world: World) -> Proposal:
    """Give the proposal of an alert that fires anew an hour later."""
    proposal = world.proposal()
    return replace(proposal, alert=replace(proposal.alert, fired_at=world.clock.now() + timedelta(hours=1)))
