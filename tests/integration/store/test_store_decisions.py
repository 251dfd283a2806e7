"""An approval is a person's word on one plan, in time, by somebody else than the proposer; every attempt is written down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import NotFound, Refused
from mendwatch.model.principals import PERMISSIONS, Principal, Role
from mendwatch.model.runs import Run, RunState
from mendwatch.store.interface import Store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

S = RunState


async def refused(store: Store, make: Make, run: Run, match: str, name: str = "ann", via: str = "cli", **word: object) -> None:
    """Expect that a word is refused, changes nothing, and stands in the audit with its reason."""
    before = await store.runs.get(run.id)
    with pytest.raises(Refused, match=match) as caught:
        await make.approve(store, before, name, via, **word)
    assert await store.runs.get(run.id) == before
    last = (await store.audit.entries(subject=run.id))[-1]
    assert (last.what, last.actor, last.detail["why"]) == ("run.decision_refused", f"{via}:{name}", str(caught.value))


async def test_an_approval_of_the_current_plan_approves(store: Store, make: Make) -> None:
    run = await make.pending(store)

    approved = await make.approve(store, run)

    assert approved.state is S.APPROVED
    assert [(one.actor, one.via, one.verdict, one.at, one.reason) for one in approved.decisions] == [
        ("cli:ann", "cli", "approve", make.clock.now(), "looks right")
    ]
    last = (await store.audit.entries(subject=run.id))[-1]
    assert (last.what, last.actor, last.detail["plan_hash"]) == ("run.approved", "cli:ann", run.plan_hash)
    assert await store.runs.get(run.id) == approved


@pytest.mark.parametrize("given", [None, "", "0" * 64, "shorter"])
async def test_an_approval_of_another_plan_is_refused(store: Store, make: Make, given: str | None) -> None:
    await refused(store, make, await make.pending(store), "plan hash is not that", plan_hash=given)


async def test_an_approval_after_the_question_ran_out_is_refused(store: Store, make: Make) -> None:
    run = await make.pending(store)
    make.clock.move(30 * 60)

    await refused(store, make, run, "ran out")


async def test_an_approval_in_the_last_moment_counts(store: Store, make: Make) -> None:
    run = await make.pending(store)
    make.clock.move(30 * 60 - 0.001)

    assert (await make.approve(store, run)).state is S.APPROVED


@pytest.mark.parametrize("proposer", ["mcp:ann", "cli:ann", "ann", "mcp:Ann", "mcp:\uff41\uff4e\uff4e", "mcp: ann "])
async def test_the_proposer_cannot_approve_under_any_spelling_or_channel(store: Store, make: Make, proposer: str) -> None:
    await refused(store, make, await make.pending(store, proposer=proposer), "may not approve it")


async def test_the_proposer_may_approve_where_the_rule_says_so(store: Store, make: Make) -> None:
    run = await make.pending(store, proposer="mcp:ann", not_proposer=False)

    assert (await make.approve(store, run)).state is S.APPROVED


async def test_the_proposer_may_deny(store: Store, make: Make) -> None:
    run = await make.pending(store, proposer="mcp:ann")

    assert (await make.approve(store, run, verdict="deny")).state is S.DENIED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.APPROVER])
@pytest.mark.parametrize("verdict", ["approve", "deny", "cancel"])
async def test_who_may_not_decide_is_refused(store: Store, make: Make, role: Role, verdict: str) -> None:
    run = await make.pending(store)

    with pytest.raises(Refused, match="may not decide"):
        await store.runs.decide(
            run.id, plan_hash=run.plan_hash, verdict=verdict, principal=Principal("eve", "mcp", PERMISSIONS[role]), reason=""
        )

    assert await store.runs.get(run.id) == run
    assert (await make.told(store, run.id))[-1] == "run.decision_refused"


async def test_a_verdict_nobody_knows_is_refused(store: Store, make: Make) -> None:
    await refused(store, make, await make.pending(store), "is no decision", verdict="yes, please")


async def test_high_risk_is_not_approved_over_mcp(store: Store, make: Make) -> None:
    run = await make.pending(store, risk="high")

    await refused(store, make, run, "high risk", via="mcp")
    assert (await make.approve(store, run, via="cli")).state is S.APPROVED


async def test_an_attempt_on_a_run_that_is_not_there_is_written_down(store: Store, make: Make) -> None:
    ghost = replace(await make.pending(store), id="run-zzzzzzzzzz")

    with pytest.raises(NotFound):
        await make.approve(store, ghost)

    assert await make.told(store, "run-zzzzzzzzzz") == ["run.decision_refused"]


async def test_a_quorum_needs_different_people(store: Store, make: Make) -> None:
    run = await make.pending(store, quorum=2)

    once = await make.approve(store, run, "ann", "cli")
    again = await make.approve(store, run, "ann", "mcp")
    both = await make.approve(store, run, "bob")

    assert (once.state, again) == (S.PENDING, once)
    assert (both.state, [one.actor for one in both.decisions]) == (S.APPROVED, ["cli:ann", "cli:bob"])
    assert (await make.told(store, run.id))[2:] == ["run.decision", "run.decision_repeated", "run.approved"]


async def test_a_quorum_is_not_reached_after_the_question_ran_out(store: Store, make: Make) -> None:
    run = await make.pending(store, quorum=2)
    await make.approve(store, run, "ann")
    make.clock.move(30 * 60)

    await refused(store, make, run, "ran out", name="bob")


async def test_the_same_approval_again_is_answered_like_the_first(store: Store, make: Make) -> None:
    run = await make.pending(store)
    first = await make.approve(store, run)

    assert await make.approve(store, run) == first

    applying = await store.runs.change(run.id, make.to(S.APPLYING))
    assert await make.approve(store, run) == applying


async def test_the_same_approval_with_another_hash_is_refused(store: Store, make: Make) -> None:
    run = await make.approved(store)

    await refused(store, make, run, "is approved: only a pending run", plan_hash="0" * 64)


async def test_an_approval_of_what_another_person_approved_is_refused(store: Store, make: Make) -> None:
    await refused(store, make, await make.approved(store), "is approved: only a pending run", name="bob")


async def test_the_same_approval_after_the_run_was_cancelled_is_refused(store: Store, make: Make) -> None:
    run = await make.approved(store)
    await make.approve(store, run, "bob", verdict="cancel")

    await refused(store, make, run, "is cancelled")


@pytest.mark.parametrize(("verdict", "state"), [("deny", S.DENIED), ("cancel", S.CANCELLED)])
async def test_a_no_ends_a_pending_run_whatever_the_hash(store: Store, make: Make, verdict: str, state: RunState) -> None:
    run = await make.pending(store)

    ended = await make.approve(store, run, verdict=verdict, plan_hash=None, reason="not today")

    assert (ended.state, ended.note, ended.decisions[-1].reason) == (state, "not today", "not today")
    assert ended.ended_at == make.clock.now()
    assert await make.approve(store, run, verdict=verdict, plan_hash=None) == ended


async def test_a_run_is_cancelled_until_it_starts_and_not_later(store: Store, make: Make) -> None:
    started = await make.approved(store, "a")
    await store.runs.change(started.id, make.to(S.APPLYING))
    waiting = await make.approved(store, "b")

    assert (await make.approve(store, waiting, verdict="cancel")).state is S.CANCELLED
    await refused(store, make, started, "is applying and cannot become cancelled", verdict="cancel")


async def test_an_approved_run_cannot_be_denied_any_more(store: Store, make: Make) -> None:
    await refused(store, make, await make.approved(store), "is approved and cannot become denied", verdict="deny")


async def test_twenty_approvals_at_once_by_one_person_approve_once(store: Store, make: Make) -> None:
    run = await make.pending(store)

    answers = await asyncio.gather(*(make.approve(store, run) for _ in range(20)))

    assert len(set(map(repr, answers))) == 1
    told = await make.told(store, run.id)
    assert (told.count("run.approved"), told.count("run.decision_repeated")) == (1, 19)
    assert len(answers[0].decisions) == 1


async def test_twenty_people_approving_at_once_approve_once_and_all_are_written_down(store: Store, make: Make) -> None:
    run = await make.pending(store)

    answers = await asyncio.gather(*(make.approve(store, run, f"person-{n}") for n in range(20)), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["Refused"] * 19 + ["Run"]
    told = await make.told(store, run.id)
    assert (told.count("run.approved"), told.count("run.decision_refused")) == (1, 19)
    assert (await store.runs.get(run.id)).version == run.version + 1


async def test_a_reason_of_any_length_is_kept_as_a_sentence(store: Store, make: Make) -> None:
    run = await make.pending(store)

    approved = await make.approve(store, run, reason="x" * 1_000_000)

    assert len(approved.decisions[0].reason) == 1000


async def test_an_unanswered_question_expires_as_a_no(store: Store, make: Make) -> None:
    late, fresh = await make.pending(store, "a"), None
    make.clock.move(20 * 60)
    fresh = await make.pending(store, "b")
    assert await store.runs.expire() == []
    make.clock.move(10 * 60)

    expired = await store.runs.expire()

    assert [(run.id, run.state, run.note) for run in expired] == [(late.id, S.EXPIRED, "nobody approved in time")]
    assert (await store.runs.get(fresh.id)).state is S.PENDING
    assert (await make.told(store, late.id))[-1] == "run.expired"


async def test_an_approval_is_void_when_the_run_did_not_start_within_ten_minutes(store: Store, make: Make) -> None:
    run = await make.approved(store)
    make.clock.move(600 - 0.001)
    assert await store.runs.expire() == []
    make.clock.move(0.001)

    with pytest.raises(Refused, match="approved too long ago"):
        await store.runs.change(run.id, make.to(S.APPLYING))

    assert [run.state for run in await store.runs.expire()] == [S.EXPIRED]


async def test_a_run_that_started_does_not_expire(store: Store, make: Make) -> None:
    run = await make.approved(store)
    await store.runs.change(run.id, make.to(S.APPLYING))
    make.clock.move(86_400)

    assert await store.runs.expire() == []


async def test_an_approval_by_policy_must_start_in_time_too(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new(mode="auto"))

    approved = await store.runs.change(run.id, make.to(S.APPROVED, plan=make.plan()))

    assert (approved.expires_at - make.clock.now()).total_seconds() == 600
