"""Each incident of the simulator that a remediation mends is over after it, and event groups are resolved one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from remediation_rig import WRITER, remediation_rig
from remediation_world import World
from remediation_worlds import WORLDS

from mendwatch import content
from mendwatch.playbooks.interface import Phase
from mendwatch.remediation import catalogue
from mendwatch.testing.clock import FakeClock
from mendwatch_onefs_sim.events.definitions import KINDS
from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.server import Simulator

CATALOGUE = catalogue.load([content.folder("remediations")])

Variables = Callable[[Simulator], Mapping[str, object]]
POLICY = {"policy": "projects-to-dr"}
#: Seconds after which every job of the simulator that was started is over.
LATER = 900.0


@dataclass(frozen=True)
class Mending:
    """An incident, and the remediation that mends it."""

    incident: str
    remediation: str
    variables: Variables = lambda _: {}
    arguments: Mapping[str, object] = field(default_factory=dict)


def paused(kind: str) -> Variables:
    """Give the variables for the job of a type."""

    def variables(sim: Simulator) -> Mapping[str, object]:
        (job,) = sim.cluster.operations.jobs.of_type(kind)
        return {"job_id": str(job.id), "job_type": kind}

    return variables


def just(**given: object) -> Variables:
    return lambda _: given


MENDINGS = (
    Mending("snapshots-expired", "snapshot_autodelete_enable"),
    Mending("snapshot-delete-stuck", "job_resume", paused("SnapshotDelete")),
    Mending("job-paused", "job_resume", paused("MediaScan")),
    Mending("synciq-failing", "synciq_policy_run", just(**POLICY), {"seconds": 1.0}),
    Mending("synciq-rpo", "synciq_policy_enable", just(**POLICY)),
    Mending("synciq-service-off", "synciq_service_on"),
    Mending("smb-service-off", "protocol_service_on", just(protocol="smb")),
    Mending("nfs-service-off", "protocol_service_on", just(protocol="nfs")),
    Mending("s3-service-off", "protocol_service_on", just(protocol="s3")),
    Mending("clock-skew", "ntp_server_add", just(server="ntp.example.com")),
)


def world(mending: Mending) -> World:
    def trouble(sim: Simulator) -> Mapping[str, object]:
        sim.begin(mending.incident, **mending.arguments)
        return mending.variables(sim)

    return World(
        mending.remediation, trouble=trouble, probe=lambda sim: ended(sim, mending.incident), after=True, drift=None, writes=()
    )


def ended(sim: Simulator, incident: str) -> bool:
    return all(one.ended is not None for one in sim.cluster.incidents if one.name == incident)


@pytest.mark.long
@pytest.mark.parametrize("mending", [pytest.param(one, id=one.incident) for one in MENDINGS])
async def test_an_incident_is_over_once_its_remediation_was_applied(mending: Mending, tmp_path: Path) -> None:
    clock = FakeClock()
    async with remediation_rig(world(mending), tmp_path, clock=clock) as rig:
        await clock.advance(2.0)
        assert rig.before is False

        plan = await rig.plan()
        apply = await rig.apply(plan)
        clock.move(LATER)
        rig.sim.cluster.settle()

        assert apply.outcome["outcome"] == "applied", apply
        assert rig.probe() is True


SETTLING = [
    pytest.param(world, id=world.id) for world in WORLDS if CATALOGUE[f"onefs/{world.remediation}"].resolve and not world.title
]


@pytest.mark.long
@pytest.mark.parametrize("world", SETTLING)
async def test_a_run_resolves_the_event_group_that_it_is_told_and_no_other(world: World, tmp_path: Path) -> None:
    async with remediation_rig(world, tmp_path) as rig:
        resolve, events = rig.remediation.resolve, rig.sim.cluster.events
        assert resolve is not None
        (code,) = (code for code, (name, _) in KINDS.items() if name == resolve.kind)
        cause = (resolve.kind, "words", code)
        mine, other = (events.open(EventGroup("", 0, cause, "warning", "x", 1, 1, 1)) for _ in range(2))
        playbook = rig.remediation.folder / resolve.playbook
        given = {"event_key": mine.id, "comment": "{{ 1 + 1 }}"}

        first = await rig.play(Phase.RESOLVE, WRITER, given, playbook)
        second = await rig.play(Phase.RESOLVE, WRITER, given, playbook)

        assert (first.outcome["outcome"], second.outcome["outcome"]) == ("resolved", "unchanged")
        assert first.outcome["comment"] == "{{ 1 + 1 }}"
        assert (events.get(mine.id).resolved, events.get(other.id).resolved) == (True, False)
        assert len(rig.writes()) == 1
