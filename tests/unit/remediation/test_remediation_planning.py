"""From a proposal to a run and from a check-mode result to a plan: pure functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mendwatch.model.remediations import Risk
from mendwatch.model.rules import Mode
from mendwatch.model.runs import Change, Plan, RunState
from mendwatch.model.targets import Target
from mendwatch.playbooks.interface import Result
from mendwatch.remediation import planning
from mendwatch.remediation.planning import NoPlan
from mendwatch.testing.playbooks import succeeded

if TYPE_CHECKING:
    from tests.unit.remediation.conftest import World

PARAMETERS = {"type": "object", "properties": {"size": {"type": "integer"}, "ratio": {"type": "number"}}}
CHANGE = Change("/a", "10", "11")


def _plan(world: World, result: Result, **given: object) -> Plan | NoPlan:
    target = Target("one", "box", "https://one")
    return planning.plan_of(
        result, world.catalogue["box/room"], target, {"path": "/a", "size": 11, **given}, {"ansible-core": "2.19"}
    )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (11.0, 11),
        (10737418240 * 1.1, 11811160064),  # a product in doubles misses its whole number by the last place
        (1.5, 1.5),
        (1181116006.4, 1181116006.4),
        (float("inf"), float("inf")),
        ("11", "11"),
        (True, True),
        (0.0, 0),
    ],
)
def test_a_whole_double_becomes_an_integer_where_one_is_wanted(given: object, wanted: object) -> None:
    found = planning.variables({"size": given}, PARAMETERS)["size"]

    assert found == wanted
    assert type(found) is type(wanted)


def test_a_double_stays_one_where_a_number_is_wanted() -> None:
    assert type(planning.variables({"ratio": 2.0}, PARAMETERS)["ratio"]) is float


def test_the_problem_is_named_by_target_remediation_and_alert(world: World) -> None:
    proposal = world.proposal()
    assert proposal.rule.remediate

    assert planning.dedup_key(proposal, proposal.rule.remediate) == "one/box/room/fp-one-a"


def test_a_subject_has_the_labels_by_which_guards_group(world: World) -> None:
    proposal = world.proposal()
    assert proposal.rule.remediate
    stanza = replace(proposal.rule.remediate, guard=replace(proposal.rule.remediate.guard, per=("severity", "absent")))

    assert planning.subject(proposal, stanza) == {"severity": "warning", "cluster": "one", "path": "/a"}


def test_a_plan_has_the_variables_that_check_mode_found(world: World) -> None:
    plan = _plan(world, succeeded("planned", [CHANGE], bind={"before": 10.0}))

    assert isinstance(plan, Plan)
    assert plan.variables == {"path": "/a", "size": 11, "before": 10}
    assert plan.remediation_digest == world.catalogue["box/room"].digest
    assert (plan.target, plan.address, plan.changes) == ("one", "https://one", (CHANGE,))


@pytest.mark.parametrize(
    ("bind", "words"),
    [
        ({"size": 10**15}, "wants to replace the variable 'size'"),
        ({"path": "/other"}, "wants to replace the variable 'path'"),
        ({"before": "ten"}, "does not fit the remediation"),
        ({"unheard_of": 1}, "does not fit the remediation"),
    ],
)
def test_a_plan_may_add_to_what_the_rule_asked_and_replace_nothing(world: World, bind: dict[str, object], words: str) -> None:
    plan = _plan(world, succeeded("planned", [CHANGE], bind=bind))

    assert isinstance(plan, NoPlan)
    assert plan.to is RunState.FAILED
    assert words in plan.reason


def test_a_plan_may_repeat_what_the_rule_asked(world: World) -> None:
    assert isinstance(_plan(world, succeeded("planned", [CHANGE], bind={"size": 11})), Plan)


@pytest.mark.parametrize("bind", [None, [], "x", {}])
def test_a_bind_that_is_no_mapping_binds_nothing(world: World, bind: object) -> None:
    plan = _plan(world, succeeded("planned", [CHANGE], bind=bind))

    assert isinstance(plan, Plan)
    assert plan.variables == {"path": "/a", "size": 11}


@pytest.mark.parametrize(
    ("mode", "risk", "state"),
    [
        (Mode.APPROVE, Risk.LOW, RunState.PENDING),
        (Mode.AUTO, Risk.LOW, RunState.APPROVED),
        (Mode.AUTO, Risk.MEDIUM, RunState.PENDING),
        (Mode.AUTO, Risk.HIGH, RunState.PENDING),
        (Mode.CHECK, Risk.LOW, RunState.CANCELLED),
    ],
)
def test_only_mode_auto_and_low_risk_pass_without_a_person(mode: Mode, risk: Risk, state: RunState) -> None:
    assert planning.next_state(mode, risk)[0] is state
