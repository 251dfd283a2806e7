"""What every remediation of the catalogue promises, held against a real Ansible and a simulated cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from remediation_rig import RemediationRig, remediation_rig
from remediation_world import Again, World
from remediation_worlds import WORLDS

from mendwatch.model.runs import Change
from mendwatch.playbooks.interface import Ending, Result
from mendwatch_onefs_sim.faults import Fault

#: What can happen to one write: it is refused, somebody else is at it, the connection goes, or only the answer is lost.
TROUBLES = {
    "500": Fault("status", status=500),
    "409": Fault("status", status=409, body={"errors": [{"code": "AEC_CONFLICT", "message": "in use"}]}),
    "reset": Fault("close"),
    "lost": Fault("lost_answer"),
}


def case(world: World, *more: object, brief: bool = True) -> ParameterSet:
    """Give one case; but for a few they are for `make test-long`."""
    name = "-".join([world.id, *map(str, more)])
    return pytest.param(world, *more, id=name, marks=() if world.brief and brief else pytest.mark.long)


ALL = [case(world) for world in WORLDS]
FEW = [case(world, brief=False) for world in WORLDS]
UNDONE = [case(world, brief=False) for world in WORLDS if world.undone]
FAILURES = [
    case(world, number, name, brief=name == "lost") for world in WORLDS for number in range(len(world.writes)) for name in TROUBLES
]


def succeeded(result: Result, outcome: str) -> bool:
    return (result.ending, result.outcome.get("outcome")) == (Ending.SUCCEEDED, outcome)


def failed(result: Result, *outcomes: str) -> bool:
    return result.ending is Ending.FAILED and result.outcome.get("outcome") in outcomes and bool(result.message)


def nothing_happened(rig: RemediationRig) -> bool:
    return rig.probe() == rig.before and rig.writes() == []


async def all_promises_of_a_good_walk(rig: RemediationRig) -> None:
    """Plan, apply, apply again."""
    plan = await rig.plan()

    assert succeeded(plan, "planned"), plan
    assert nothing_happened(rig)
    assert plan.changes
    assert plan.outcome["bind"]

    apply = await rig.apply(plan)

    assert succeeded(apply, "applied"), apply
    assert apply.changes == plan.changes
    assert rig.probe() == rig.world.after
    assert rig.written(), rig.writes()

    await the_second_apply(rig, plan)

    logins, logouts = rig.sessions()
    assert logins == logouts >= 3
    assert rig.leaks() == []


async def the_second_apply(rig: RemediationRig, plan: Result) -> None:
    written = len(rig.writes())

    again = await rig.apply(plan)

    word = again.outcome["outcome"]
    assert word == rig.world.again, again
    assert (again.ending is Ending.FAILED) == (word == Again.REFUSED)
    assert rig.probe() == rig.world.after
    assert len(rig.writes()) == written + (len(rig.world.writes) if word == Again.REPEATED else 0)


@pytest.mark.parametrize("world", ALL)
async def test_a_plan_writes_nothing_and_shows_what_apply_then_does_once(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        await all_promises_of_a_good_walk(rig)


@pytest.mark.parametrize("world", [case(world, brief=False) for world in WORLDS if world.drift])
async def test_what_drifted_since_the_plan_is_left_alone(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        plan = await rig.plan()
        assert world.drift is not None
        world.drift(rig.sim)
        drifted = rig.probe()

        apply = await rig.apply(plan)

        assert apply.outcome["outcome"] == world.drifts, apply
        assert (apply.ending is Ending.FAILED) == (world.drifts == Again.REFUSED)
        assert rig.writes() == []
        assert rig.probe() == drifted
        assert apply.changes == ()


@pytest.mark.parametrize(("world", "number", "trouble"), FAILURES)
async def test_a_write_that_fails_ends_rolled_back_or_plainly_failed(
    world: World, number: int, trouble: str, tmp_path: Path
) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        plan = await rig.plan()
        methods = [write.partition(" ")[0] for write in world.writes]
        method = methods[number]
        rig.spoil(method, methods[:number].count(method), replace(TROUBLES[trouble], method=method))

        apply = await rig.apply(plan)

        done = number + (trouble == "lost")
        assert rig.sim.faults.waiting() == []
        if world.undone:
            assert failed(apply, "rolled_back" if done else "failed"), apply
            assert rig.probe() == rig.before
        else:
            assert failed(apply, "failed"), apply
            assert rig.probe() == partly(rig, done)
        assert rig.leaks() == []


def partly(rig: RemediationRig, done: int) -> object:
    """Give what the probe tells after so many writes."""
    if done in {0, len(rig.world.writes)}:
        return rig.world.after if done else rig.before
    assert rig.world.partial is not None
    return rig.world.partial(done)


@pytest.mark.parametrize("world", FEW)
async def test_a_change_that_cannot_be_read_again_is_no_success(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        plan = await rig.plan()
        rig.spoil("GET", rig.reads(), Fault("status", method="GET", status=503))

        apply = await rig.apply(plan)

        assert failed(apply, "rolled_back" if world.undone else "failed"), apply
        assert rig.probe() == (rig.before if world.undone else world.after)
        assert "503" in str(apply.outcome["message"])


@pytest.mark.parametrize("world", UNDONE)
async def test_a_rollback_that_fails_is_told_as_such(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        plan = await rig.plan()
        rig.spoil("GET", rig.reads(), Fault("status", method="GET", status=503, times=None))

        apply = await rig.apply(plan)

        assert failed(apply, "rollback_failed"), apply
        assert rig.probe() == world.after  # and nobody claims otherwise


@pytest.mark.parametrize("world", FEW)
async def test_a_cluster_that_refuses_the_account_is_told_once_with_what_to_do(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        rig.sim.faults.add(Fault("status", path="/session", method="POST", status=401))

        plan = await rig.plan()

        assert plan.ending is Ending.FAILED
        assert "Check the write account" in plan.message
        assert nothing_happened(rig)
        assert rig.sessions()[0] == 1


@pytest.mark.parametrize("world", FEW)
async def test_the_difference_names_its_subject_and_is_one_line_for_each_fact(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        plan = await rig.plan()

        assert all(isinstance(change, Change) and change.subject and change.before != change.after for change in plan.changes)
