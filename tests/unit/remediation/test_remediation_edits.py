"""A person lowers a value of a pending run: another run, another plan, another hash, and every approval begins anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mendwatch.errors import Refused
from mendwatch.model.principals import Permission, Principal
from mendwatch.model.rules import Approval, Mode
from mendwatch.model.runs import Change, Run, RunState
from mendwatch.playbooks.interface import Phase
from mendwatch.remediation import alike
from mendwatch.store.interface import Edit

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World

BOB = Principal("bob", "cli", frozenset(Permission))


async def edit(world: World, run: Run, **values: object) -> Run:
    return await world.store.runs.edit(run.id, Edit(values, run.plan_hash, BOB, "half is enough"))


async def test_the_lower_value_is_planned_anew_and_waits_for_somebody_else(world: World) -> None:
    first = await world.offered()
    second = await world.run_to(await edit(world, first, size=5), RunState.PENDING)

    old = await world.store.runs.get(first.id)
    assert (old.state, second.id in old.note) == (RunState.SUPERSEDED, True)
    assert second.plan is not None
    assert (second.plan.variables["size"], second.proposer) == (5, "cli:bob")
    assert second.plan_hash not in {None, first.plan_hash}
    with pytest.raises(Refused, match="proposed"):
        await world.store.runs.decide(second.id, plan_hash=second.plan_hash, verdict="approve", principal=BOB, reason="")


async def test_it_is_applied_with_the_lower_value_once_somebody_else_approves(world: World) -> None:
    second = await world.run_to(await edit(world, await world.offered(), size=5), RunState.PENDING)

    ended = await world.run_to(await world.approve(second))
    (applied,) = world.jobs(Phase.APPLY)
    assert (ended.state, applied.variables["size"]) == (RunState.VERIFIED, 5)


async def test_approvals_of_the_first_run_are_worth_nothing(world: World) -> None:
    world.use(approval=Approval(quorum=2))
    first = await world.approve(await world.offered())
    second = await world.run_to(await edit(world, first, size=5), RunState.PENDING)

    assert second.decisions == ()
    with pytest.raises(Refused, match="plan hash is not that"):
        await world.decide(replace(second, plan_hash=first.plan_hash), "approve")


async def test_even_a_rule_in_mode_auto_waits_for_a_person_then(world: World) -> None:
    world.use_remediation(risk="medium")
    world.use(Mode.AUTO)
    first = await world.offered()
    world.use_remediation(risk="low")

    second = await edit(world, first, size=5)
    assert (await world.run_to(second, RunState.PENDING)).state is RunState.PENDING


async def test_a_restart_between_edit_and_plan_loses_nothing(world: World) -> None:
    second = await edit(world, await world.offered(), size=5)
    world.restart()

    assert (await world.run_to(second, RunState.PENDING)).plan is not None


async def test_the_guards_are_asked_for_it_too(world: World) -> None:
    second = await edit(world, await world.offered(), size=0)  # the remediation wants one at least

    ended = await world.run_to(second)
    assert (ended.state, "do not fit" in ended.note) == (RunState.REFUSED, True)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"size": 12}, "can only be lowered"),
        ({"size": 11}, "can only be lowered"),
        ({"size": "5"}, "can only be lowered"),
        ({"size": True}, "can only be lowered"),
        ({"size": 5.5}, "can only be lowered"),
        ({"size": float("-inf")}, "can only be lowered"),
        ({"size": float("nan")}, "can only be lowered"),
        ({"path": "/b"}, "is no number"),
        ({"before": 1}, "is no number"),
        ({"extra": 1}, "is no number"),
        ({"size": 5, "path": "/b"}, "is no number"),
        ({}, "nothing would be changed"),
    ],
)
async def test_nothing_but_a_lower_number_is_taken(world: World, values: dict[str, object], why: str) -> None:
    run = await world.offered()

    with pytest.raises(Refused, match=why):
        await edit(world, run, **values)
    assert await world.store.runs.get(run.id) == run
    assert (await world.store.audit.entries(subject=run.id))[-1].what == "run.edit_refused"


async def test_only_a_pending_run_is_edited_on_its_own_hash_by_who_may(world: World) -> None:
    run = await world.offered()
    nobody = Principal("eve", "mcp", frozenset({Permission.READ}))
    for wanted in (Edit({"size": 5}, "0" * 64, BOB, ""), Edit({"size": 5}, run.plan_hash, nobody, "")):
        with pytest.raises(Refused):
            await world.store.runs.edit(run.id, wanted)
    approved = await world.approve(run)
    with pytest.raises(Refused, match="only a pending run"):
        await edit(world, approved, size=5)


async def test_plans_are_alike_where_only_the_subject_differs(world: World) -> None:
    world.access.targets["four"] = replace(world.access.targets["one"], id="four")
    runs = [await world.offered(target, path) for target, path in (("one", "/a"), ("two", "/b"), ("three", "/c"))]
    assert alike.different(runs) is None

    other = await world.offered("four", "/d", size=12.0)
    assert alike.different([*runs, other]) is other
    assert alike.different([runs[0], replace(runs[1], plan=None)]) is not None


@pytest.mark.parametrize("field", ["remediation_digest", "versions", "changes"])
async def test_plans_that_differ_in_what_would_run_are_not_alike(world: World, field: str) -> None:
    run = await world.offered()
    assert run.plan is not None
    other = {
        "remediation_digest": "0" * 64,
        "versions": {"ansible-core": "1"},
        "changes": (Change("/a", "limit: 10", "limit: 99"),),
    }
    changed = replace(run, plan=replace(run.plan, **{field: other[field]}))  # type: ignore[arg-type]  # the test knows the fields

    assert alike.different([run, changed]) is changed
