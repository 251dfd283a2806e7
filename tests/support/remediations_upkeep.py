"""Worlds of the remediations of events, of HealthCheck and its repairs, and of certificates."""

from __future__ import annotations

from remediation_world import Again, World

from mendwatch_onefs_sim.events.groups import QUOTA_THRESHOLD, VAR_FULL, EventGroup
from mendwatch_onefs_sim.installed import Installed
from mendwatch_onefs_sim.operations.checks import RUN_FOR
from mendwatch_onefs_sim.server import Simulator

DAY = 86_400
COUNT = 3
ITEM = "mirror_health"


def opened(sim: Simulator, cause: tuple[str, str, int], severity: str = "warning") -> EventGroup:
    node = sim.cluster.hardware.local
    now = sim.cluster.epoch(sim.cluster.elapsed)
    return sim.cluster.events.open(EventGroup("", 0, cause, severity, cause[1], node.devid, node.lnn, now))


def events_of_one_cause(sim: Simulator) -> dict[str, object]:
    """Open some event groups of one cause, and one of another cause, and one that is worse."""
    for _ in range(COUNT):
        opened(sim, QUOTA_THRESHOLD)
    opened(sim, VAR_FULL)
    opened(sim, QUOTA_THRESHOLD, "critical")
    return {"severity": "warning"}


def resolved(sim: Simulator) -> object:
    return [one.resolved for one in sim.cluster.events.all()[-COUNT - 2 :]]


def resolve_one(sim: Simulator) -> None:
    groups = sim.cluster.events
    groups.mark([groups.all()[-COUNT - 2].id], {"resolved": True}, sim.cluster.epoch(sim.cluster.elapsed))


def examined(sim: Simulator, checklist: str = "basic") -> dict[str, object]:
    """Let the last examination by a checklist be over; one that is not there is made."""
    checks = sim.cluster.operations.checks
    checks.checklists.setdefault(checklist, (ITEM,))
    checks.run(checklist, -DAY)
    checks.settle(0.0)
    return {"checklist": checklist}


def examinations(sim: Simulator) -> object:
    """Tell of the last two examinations by the newest one's checklist whether they still run."""
    made = sim.cluster.operations.checks.all()
    return [one.found is None for one in made if one.checklist == made[-1].checklist][-2:]


def found(sim: Simulator, item: str = ITEM, checklist: str = "basic") -> dict[str, object]:
    """Let an examination have found an item for which the cluster has a repair."""
    operations = sim.cluster.operations
    operations.checks.checklists[checklist] = (*operations.checks.checklists.get(checklist, ()), item)
    operations.repairs.actions = (*operations.repairs.actions, item)
    operations.checks.fail(item)
    operations.checks.run(checklist, -2 * RUN_FOR)
    operations.checks.settle(0.0)
    return {"item": item, "checklist": checklist}


def found_by(sim: Simulator, checklist: str) -> dict[str, object]:
    return found(sim, checklist=checklist)


def repairs(sim: Simulator) -> object:
    return [one.item for one in sim.cluster.operations.repairs.all()]


def examine_again(sim: Simulator) -> None:
    checks = sim.cluster.operations.checks
    checks.run("basic", -RUN_FOR - 10)
    checks.settle(sim.cluster.elapsed)


def certificate_imported(sim: Simulator) -> dict[str, object]:
    """Let the certificate that is shown end soon, and its successor lie there, beside one of another name that lasts longer."""
    installed, now = sim.cluster.installed, sim.cluster.epoch(sim.cluster.elapsed)
    installed.end_at("default", now + 10 * DAY)
    installed.add(Installed("server", "another", now - DAY, now + 900 * DAY))
    installed.add(Installed("server", "default", now - DAY, now + 365 * DAY))
    return {}


def shown(sim: Simulator) -> object:
    """Give the name of the certificate that is shown, and its days."""
    one = sim.cluster.installed.default
    return one.name, round((one.not_after - sim.cluster.epoch(sim.cluster.elapsed)) / DAY)


def import_a_newer_one(sim: Simulator) -> None:
    now = sim.cluster.epoch(sim.cluster.elapsed)
    sim.cluster.installed.add(Installed("server", "default", now - DAY, now + 500 * DAY))


EVENTS = (
    World(
        "eventgroup_resolve",
        trouble=events_of_one_cause,
        probe=resolved,
        after=[True] * COUNT + [False] * 2,
        drift=resolve_one,
        writes=("PUT /platform/12/event/eventgroup-occurrences/{}",) * COUNT,
    ),
)
HEALTH = (
    World(
        "healthcheck_rerun",
        trouble=examined,
        probe=examinations,
        after=[False, True],
        drift=lambda sim: sim.cluster.operations.checks.run("basic", sim.cluster.elapsed),
        drifts=Again.UNCHANGED,
        writes=("POST /platform/3/healthcheck/evaluations",),
        undone=False,
        named={"checklist": examined},
    ),
    World(
        "repair_request",
        trouble=found,
        probe=repairs,
        after=[ITEM],
        drift=examine_again,
        writes=("POST /platform/23/repair/requests",),
        undone=False,
        named={"item": found, "checklist": found_by},
    ),
)
CERTIFICATES = (
    World(
        "certificate_activate",
        trouble=certificate_imported,
        probe=shown,
        after=("default", 365),
        drift=import_a_newer_one,
        writes=("PUT /platform/7/certificate/settings",),
    ),
)
WORLDS: tuple[World, ...] = (*EVENTS, *HEALTH, *CERTIFICATES)
