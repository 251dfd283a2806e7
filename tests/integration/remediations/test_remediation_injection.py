"""Hostile texts in every string parameter: executed nowhere, and at the cluster byte for byte what they were, or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from remediation_payloads import payloads
from remediation_rig import WRITER, RemediationRig, remediation_rig
from remediation_world import World
from remediation_worlds import WORLDS

from mendwatch import content
from mendwatch.model.remediations import Remediation
from mendwatch.model.runs import Change
from mendwatch.playbooks.interface import Phase
from mendwatch.remediation import catalogue
from mendwatch.remediation.guards import invalid

CATALOGUE = catalogue.load([content.folder("remediations")])
COUNT = len(payloads(Path("/nowhere")))
#: The payload of the short suite: one that Jinja would execute.
BRIEF = 0


def texts(remediation: Remediation) -> list[str]:
    """Give the names of the string parameters."""
    properties = remediation.parameters["properties"]
    assert isinstance(properties, Mapping)
    return [name for name, schema in properties.items() if schema.get("type") == "string"]


def refused(world: World, name: str, text: str) -> bool:
    """Tell whether the parameters of the remediation refuse a text; an example fits, so nothing else is to blame."""
    remediation = CATALOGUE[f"onefs/{world.remediation}"]
    schema = remediation.parameters["properties"]
    assert isinstance(schema, Mapping)
    return invalid({"type": "object", "properties": {name: schema[name]}}, {name: text}) is not None


def cases() -> list[ParameterSet]:
    """Give each payload of each parameter that may be any text."""
    return [
        pytest.param(
            world, name, number, id=f"{world.id}-{name}-{number}", marks=() if _is_brief(world, number) else pytest.mark.long
        )
        for world in WORLDS
        for name in world.named
        for number in range(COUNT)
        if not refused(world, name, payloads(Path("/nowhere"))[number])
    ]


def _is_brief(world: World, number: int) -> bool:
    return world.brief and number == BRIEF


@pytest.mark.parametrize(
    ("world", "name"),
    [
        pytest.param(world, name, id=f"{world.id}-{name}")
        for world in WORLDS
        for name in texts(CATALOGUE[f"onefs/{world.remediation}"])
    ],
)
def test_a_text_parameter_takes_names_that_a_test_makes_or_refuses_what_is_hostile(world: World, name: str) -> None:
    made = {known for other in WORLDS if other.remediation == world.remediation for known in other.named}
    if name not in made:
        assert [text for text in payloads(Path("/nowhere")) if not refused(world, name, text)] == []
    assert COUNT >= 40


@pytest.mark.parametrize(("world", "name", "number"), cases())
async def test_a_hostile_text_runs_nowhere_and_arrives_as_it_is(world: World, name: str, number: int, tmp_path: Path) -> None:
    text = payloads(tmp_path)[number]
    if refused(world, name, text):
        return  # with the folder's name in it, it is too long
    async with remediation_rig(world, tmp_path, (name, text)) as rig:
        plan = await rig.plan()
        apply = await rig.apply(plan)

        assert plan.outcome["outcome"] == "planned", plan
        assert apply.outcome["outcome"] == "applied", apply
        assert apply.changes == plan.changes
        assert rig.probe() != rig.before  # the thing of exactly that name was changed
        assert told(rig, text, plan.changes[0])
        assert not executed(tmp_path)


def executed(folder: Path) -> bool:
    """Tell whether a payload did what it says."""
    return any(folder.rglob("pwned*"))


def told(rig: RemediationRig, text: str, change: Change) -> bool:
    """Tell whether the person who approves, or the cluster, sees the text as it is, or as JSON writes it."""
    written = json.dumps(text, ensure_ascii=False), json.dumps(text)
    seen = f"{change.subject}\n{change.before}\n{change.after}"
    return text in seen or any(one in seen for one in written) or repr(text) in repr(rig.probe())


async def test_what_a_plan_bound_is_compared_and_never_evaluated(tmp_path: Path) -> None:
    (world,) = (world for world in WORLDS if world.remediation == "ntp_server_add")
    async with remediation_rig(world, tmp_path) as rig:
        bound = {"servers": list(payloads(tmp_path)), "deeper": {"still": ["{{ 2 }}"]}}

        apply = await rig.play(Phase.APPLY, WRITER, {"expect_before": bound})

        assert apply.outcome["outcome"] == "precondition_failed"
        assert rig.probe() == rig.before
        assert rig.writes() == []
        assert not executed(tmp_path)
