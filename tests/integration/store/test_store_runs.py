"""Runs are opened once per problem, change by the table of states only, and are found again."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import NotFound, Refused
from mendwatch.model.runs import ACTIVE, TERMINAL, RunState
from mendwatch.store.interface import Store

if TYPE_CHECKING:
    from tests.integration.store.conftest import Make

S = RunState


async def test_a_run_is_given_back_as_it_was_proposed(store: Store, make: Make) -> None:
    new = make.new(quorum=2, not_proposer=False)

    run = await store.runs.propose(new)

    assert run is not None
    assert {name: getattr(run, name) for name in new.__slots__} == {name: getattr(new, name) for name in new.__slots__}
    assert (run.state, run.version, run.fence, run.created_at) == (S.PLANNING, 1, 0, make.clock.now())
    assert await store.runs.get(run.id) == run


async def test_a_problem_with_an_open_run_gets_no_second_one(store: Store, make: Make) -> None:
    await store.runs.propose(make.new())

    assert await store.runs.propose(make.new()) is None
    assert len(await store.runs.list()) == 1


async def test_a_problem_may_be_proposed_again_after_its_run_ended(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new())
    await store.runs.change(run.id, make.to(S.REFUSED))

    again = await store.runs.propose(make.new())

    assert again is not None
    assert again.id != run.id


async def test_twenty_proposals_of_one_problem_at_once_open_one_run(store: Store, make: Make) -> None:
    answers = await asyncio.gather(*(store.runs.propose(make.new()) for _ in range(20)))

    assert sum(run is not None for run in answers) == 1
    assert [entry.what for entry in await store.audit.entries()] == ["run.proposed"]


@pytest.mark.parametrize("variables", [{"x": float("nan")}, {"x": float("inf")}, {"x": {1}}, {1: "x"}])
async def test_variables_that_cannot_be_written_down_are_refused(store: Store, make: Make, variables: dict[object, object]) -> None:
    with pytest.raises(Refused, match="cannot be written down"):
        await store.runs.propose(make.new(variables=variables))

    assert await store.runs.list() == []


async def test_a_quorum_of_nobody_is_refused(store: Store, make: Make) -> None:
    with pytest.raises(Refused, match="at least one approval"):
        await store.runs.propose(make.new(quorum=0))


async def test_a_run_goes_its_whole_way_with_one_audit_row_per_step(store: Store, make: Make) -> None:
    run = await make.verified(store)

    assert run.state is S.VERIFIED
    steps = ["proposed", "pending", "approved", "applying", "verifying", "verified"]
    assert await make.told(store, run.id) == [f"run.{step}" for step in steps]
    assert (await store.audit.verify()).fault is None


async def test_a_change_the_table_does_not_know_is_refused_and_changes_nothing(store: Store, make: Make) -> None:
    run = await make.pending(store)
    head = (await store.audit.verify()).head_seq

    with pytest.raises(Refused, match="is pending and cannot become applying"):
        await store.runs.change(run.id, make.to(S.APPLYING))

    assert await store.runs.get(run.id) == run
    assert (await store.audit.verify()).head_seq == head


@pytest.mark.parametrize("end", sorted(TERMINAL & {S.REFUSED, S.FAILED, S.CANCELLED, S.SUPERSEDED}))
async def test_a_run_that_ended_never_changes(store: Store, make: Make, end: RunState) -> None:
    run = await store.runs.propose(make.new())
    ended = await store.runs.change(run.id, make.to(end))

    for state in RunState:
        with pytest.raises(Refused, match="which is final"):
            await store.runs.change(run.id, make.to(state, plan=make.plan()))

    assert await store.runs.get(run.id) == ended


async def test_only_a_decision_approves_or_denies_what_is_pending(store: Store, make: Make) -> None:
    run = await make.pending(store)

    for state in (S.APPROVED, S.DENIED):
        with pytest.raises(Refused, match="only a person's decision"):
            await store.runs.change(run.id, make.to(state))

    assert (await store.runs.get(run.id)).state is S.PENDING


async def test_nobody_is_asked_about_a_run_without_a_plan(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new())

    for state in (S.PENDING, S.APPROVED):
        with pytest.raises(Refused, match="has no plan"):
            await store.runs.change(run.id, make.to(state))


async def test_the_plan_hash_is_computed_from_the_plan(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new())

    with pytest.raises(Refused, match="another plan"):
        await store.runs.change(run.id, make.to(S.PENDING, plan=make.plan(), plan_hash="0" * 64))
    run = await store.runs.change(run.id, make.to(S.PENDING, plan=make.plan()))

    assert (run.plan, run.plan_hash) == (make.plan(), make.plan().sha256())
    assert (await store.runs.get(run.id)).plan.sha256() == run.plan_hash


async def test_a_plan_cannot_be_exchanged_after_planning(store: Store, make: Make) -> None:
    run = await make.approved(store)

    with pytest.raises(Refused, match="its plan stands"):
        await store.runs.change(run.id, make.to(S.APPLYING, plan=make.plan(9999)))


async def test_a_start_with_another_hash_than_the_approved_one_is_refused(store: Store, make: Make) -> None:
    run = await make.approved(store)

    with pytest.raises(Refused, match="another plan"):
        await store.runs.change(run.id, make.to(S.APPLYING, plan_hash=make.plan(9999).sha256()))

    assert (await store.runs.change(run.id, make.to(S.APPLYING, plan_hash=run.plan_hash))).state is S.APPLYING


async def test_a_change_decided_on_an_older_row_is_refused(store: Store, make: Make) -> None:
    run = await make.approved(store)

    with pytest.raises(Refused, match="changed meanwhile"):
        await store.runs.change(run.id, make.to(S.APPLYING, expect_version=run.version - 1))
    with pytest.raises(Refused, match="another owner"):
        await store.runs.change(run.id, make.to(S.APPLYING, expect_fence=run.fence + 1))

    assert await store.runs.get(run.id) == run


async def test_a_new_owner_raises_the_fence_and_shuts_out_the_old_one(store: Store, make: Make) -> None:
    run = await make.approved(store)
    mine = await store.runs.change(run.id, make.to(S.APPLYING, new_fence=True))

    taken = await store.runs.change(run.id, make.to(S.INTERRUPTED, new_fence=True))

    assert (mine.fence, taken.fence) == (1, 2)
    with pytest.raises(Refused, match="another owner"):
        await store.runs.change(run.id, make.to(S.VERIFYING, expect_fence=mine.fence))


async def test_one_target_has_one_active_run(store: Store, make: Make) -> None:
    first, second = await make.approved(store, "a"), await make.approved(store, "b")
    await store.runs.change(first.id, make.to(S.APPLYING))

    with pytest.raises(Refused, match=f"{first.id} is applying on prod-1"):
        await store.runs.change(second.id, make.to(S.APPLYING))

    assert await store.runs.get(second.id) == second
    for state in (S.VERIFYING, S.VERIFIED):
        await store.runs.change(first.id, make.to(state))
    assert (await store.runs.change(second.id, make.to(S.APPLYING))).state in ACTIVE


async def test_runs_on_different_targets_are_active_together(store: Store, make: Make) -> None:
    first, second = await make.approved(store, "a"), await make.approved(store, "b", target="prod-2")

    for run in (first, second):
        assert (await store.runs.change(run.id, make.to(S.APPLYING))).state is S.APPLYING


async def test_fields_that_a_change_does_not_name_stay(store: Store, make: Make) -> None:
    run = await make.approved(store)
    applying = await store.runs.change(run.id, make.to(S.APPLYING, run_dir="/run/a", outcome={"changed": [1]}, note="began"))
    make.clock.move(5)

    verifying = await store.runs.change(run.id, make.to(S.VERIFYING))

    assert (verifying.run_dir, verifying.outcome, verifying.plan, verifying.note) == ("/run/a", {"changed": [1]}, run.plan, "")
    assert verifying.started_at == applying.updated_at == make.clock.now() - timedelta(seconds=5)


async def test_the_beginning_and_the_end_are_kept_with_the_time_that_was_measured(store: Store, make: Make) -> None:
    run = await make.approved(store)
    began, ended = make.clock.now() + timedelta(microseconds=123_457), make.clock.now() + timedelta(seconds=9, microseconds=1)
    await store.runs.change(run.id, make.to(S.APPLYING, started_at=began))

    failed = await store.runs.change(run.id, make.to(S.FAILED, ended_at=ended))

    assert (failed.started_at, failed.ended_at) == (began, ended)
    assert (await store.runs.get(run.id)).started_at.utcoffset() == timedelta(0)


async def test_a_run_that_ends_without_a_word_about_when_ended_now(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new())
    make.clock.move(7)

    assert (await store.runs.change(run.id, make.to(S.REFUSED))).ended_at == make.clock.now()


async def test_the_first_six_signs_are_enough_to_name_a_run(store: Store, make: Make) -> None:
    run = await store.runs.propose(make.new())

    for typed in (run.id[:6], run.id[:9], run.id.removeprefix("run-"), run.id.removeprefix("run-")[:6]):
        assert await store.runs.get(typed) == run


@pytest.mark.parametrize(
    "typed", ["", "run-", "run-7", "%%%%%%", "______", "RUN-77777", "run-uuuuuu", "run-7777777777", "x" * 500, "\ud800" * 6]
)
async def test_what_names_no_run_is_not_found(store: Store, make: Make, typed: str) -> None:
    await store.runs.propose(make.new())

    with pytest.raises(NotFound):
        await store.runs.get(typed)
    with pytest.raises(NotFound):
        await store.runs.change(typed, make.to(S.REFUSED))


async def test_a_beginning_that_two_runs_share_is_refused(store: Store, make: Make) -> None:
    runs = [await store.runs.propose(make.new(f"problem {number}", target=f"t{number}")) for number in range(200)]
    beginnings = [run.id[:6] for run in runs]
    shared = next(
        beginning for beginning in beginnings if beginnings.count(beginning) > 1
    )  # 200 of 1024: they share one but for one time in 10^8

    with pytest.raises(NotFound, match="the beginning of several runs"):
        await store.runs.get(shared)


async def test_runs_are_listed_newest_first_by_state_and_target(store: Store, make: Make) -> None:
    first = await make.pending(store, "a")
    second = await store.runs.propose(make.new("b", target="prod-2"))
    make.clock.step_wall(-3600)  # the order is that of opening, whatever the time of day did
    third = await store.runs.propose(make.new("c"))

    assert [run.id for run in await store.runs.list()] == [third.id, second.id, first.id]
    assert [run.id for run in await store.runs.list(limit=2)] == [third.id, second.id]
    assert [run.id for run in await store.runs.list(states=[S.PENDING])] == [first.id]
    assert [run.id for run in await store.runs.list(target="prod-2")] == [second.id]
    assert [run.id for run in await store.runs.list(states=[S.PLANNING], target="prod-1")] == [third.id]
    assert await store.runs.list(states=[]) == []


async def test_runs_since_a_moment_were_opened_or_ended_after_it(store: Store, make: Make) -> None:
    old, ended = await store.runs.propose(make.new("a")), await store.runs.propose(make.new("b"))
    make.clock.move(60)
    moment = make.clock.now()
    await store.runs.change(ended.id, make.to(S.FAILED))
    recent = await store.runs.propose(make.new("c"))

    assert [run.id for run in await store.runs.since(moment)] == [ended.id, recent.id]
    assert old.id in {run.id for run in await store.runs.since(moment - timedelta(seconds=60))}


async def test_events_of_a_verified_run_are_marked_and_the_state_stays(store: Store, make: Make) -> None:
    run = await make.verified(store)

    await store.runs.mark_resolved(run.id, ["1.7"], actor="agent:test", note="quota events")
    marked = await store.runs.mark_resolved(run.id, ["1.8", "1.7"], actor="agent:test", note="one more")

    assert (marked.state, marked.events_resolved) == (S.VERIFIED, ("1.7", "1.8"))
    assert (await make.told(store, run.id))[-2:] == ["run.events_resolved"] * 2


async def test_events_that_are_marked_already_are_not_marked_again(store: Store, make: Make) -> None:
    run = await make.verified(store)
    marked = await store.runs.mark_resolved(run.id, [], actor="agent:test", note="none")
    assert marked.events_resolved == ()

    assert await store.runs.mark_resolved(run.id, [], actor="agent:test", note="again") == marked


async def test_only_a_verified_run_settles_events(store: Store, make: Make) -> None:
    run = await make.approved(store)

    with pytest.raises(Refused, match="only a verified run"):
        await store.runs.mark_resolved(run.id, ["1.7"], actor="agent:test", note="")


@pytest.mark.parametrize(
    "text", ["\ud800 lone", "nul \x00 inside", "{{ lookup('pipe','id') }}", "\u202ebidi", "%_'\"\\", "語" * 500]
)
async def test_text_of_any_origin_comes_back_unchanged(store: Store, make: Make, text: str) -> None:
    new = make.new(text, subject={text: text}, variables={"path": [text]}, target=text, proposer=text)
    run = await store.runs.propose(new)
    await store.runs.change(run.id, make.to(S.FAILED, note=text, detail={text: text}, run_dir=text))

    found = (await store.runs.list(target=text))[0]

    assert (found.dedup_key, found.subject, found.variables, found.note, found.run_dir) == (
        text,
        {text: text},
        {"path": [text]},
        text,
        text,
    )
    assert (await store.audit.verify()).fault is None
    assert await store.runs.propose(new) is not None


async def test_runs_are_counted_by_state(store: Store, make: Make) -> None:
    await make.pending(store, "one")
    await make.pending(store, "two")
    await make.approved(store, "three")

    counts = await store.runs.counts()

    assert {state: many for state, many in counts.items() if many} == {RunState.PENDING: 2, RunState.APPROVED: 1}
