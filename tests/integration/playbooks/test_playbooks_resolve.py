"""Event groups are resolved one at a time, and only the one that was named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mendwatch.playbooks.interface import Ending, Phase
from mendwatch_onefs_sim.events.groups import QUOTA_THRESHOLD, EventGroup

if TYPE_CHECKING:
    from conftest import Rig

GROUP = EventGroup("", 0, QUOTA_THRESHOLD, "warning", "95 %", 1, 1, 1)


async def test_an_event_group_is_resolved_once_and_no_other(rig: Rig) -> None:
    events = rig.sim.cluster.events
    named, other = events.open(GROUP), events.open(GROUP)
    job = rig.job(
        Phase.RESOLVE,
        playbook=rig.remediations / "onefs/quota_raise/resolve.yaml",
        variables={"event_key": named.id, "comment": "{{ 1 + 1 }}"},
    )

    first = await rig.executor.run(job)
    second = await rig.executor.run(replace(job, attempt=2))

    assert (first.ending, first.outcome["outcome"]) == (Ending.SUCCEEDED, "resolved")
    assert first.outcome["comment"] == "{{ 1 + 1 }}"
    assert (second.ending, second.outcome["outcome"]) == (Ending.SUCCEEDED, "unchanged")
    assert len(rig.writes()) == 1
    assert (events.get(named.id).resolved, events.get(other.id).resolved) == (True, False)
