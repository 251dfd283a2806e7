"""Every incident by name. A family is a file beside this one that gives its own table; one line here adds it.

An incident changes the state at once; what it does later, and when it is over, is in the Course that it gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import LASTS, read
from mendwatch_onefs_sim.incidents.capacity import CAPACITY_INCIDENTS
from mendwatch_onefs_sim.incidents.clients import CLIENT_INCIDENTS
from mendwatch_onefs_sim.incidents.deadlines import DEADLINE_INCIDENTS
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.incidents.jobs import JOB_INCIDENTS
from mendwatch_onefs_sim.incidents.kinds import Kind
from mendwatch_onefs_sim.incidents.machines import MACHINE_INCIDENTS
from mendwatch_onefs_sim.incidents.network import NETWORK_INCIDENTS
from mendwatch_onefs_sim.incidents.nodes import NODE_INCIDENTS
from mendwatch_onefs_sim.incidents.quotas import QUOTA_INCIDENTS
from mendwatch_onefs_sim.incidents.replication import REPLICATION_INCIDENTS
from mendwatch_onefs_sim.incidents.services import SERVICE_INCIDENTS
from mendwatch_onefs_sim.incidents.snapshots import SNAPSHOT_INCIDENTS
from mendwatch_onefs_sim.incidents.software import SOFTWARE_INCIDENTS
from mendwatch_onefs_sim.incidents.surroundings import SURROUNDING_INCIDENTS

INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        **CAPACITY_INCIDENTS,
        **CLIENT_INCIDENTS,
        **DEADLINE_INCIDENTS,
        **JOB_INCIDENTS,
        **MACHINE_INCIDENTS,
        **NETWORK_INCIDENTS,
        **NODE_INCIDENTS,
        **QUOTA_INCIDENTS,
        **REPLICATION_INCIDENTS,
        **SERVICE_INCIDENTS,
        **SNAPSHOT_INCIDENTS,
        **SOFTWARE_INCIDENTS,
        **SURROUNDING_INCIDENTS,
    }
)


def begin(cluster: Cluster, name: str, arguments: Mapping[str, object]) -> Incident:
    """Start an incident. One of the same name and subject that still runs goes over into it, with its events.

    Raises:
        UserError: there is no such incident, or its arguments cannot be used.
    """
    kind = _known(name)
    given = read(arguments, (*kind.arguments, LASTS))
    now = cluster.settle()
    course = kind.begin(cluster, given)
    before = _take(cluster, name, course.subject)
    lasts = None if given.values["lasts"] is None else given.number("lasts")
    fresh = Incident(name, given.values, course, now, lasts, before.events if before else ())
    cluster.incidents.append(fresh.begun(cluster, now))
    cluster.settle()
    return cluster.incidents[-1]


def end(cluster: Cluster, name: str) -> list[Incident]:
    """End every incident of a name that runs, and give them.

    Raises:
        UserError: there is no such incident, or none runs.
    """
    _known(name)
    now = cluster.settle()
    running = [place for place, one in enumerate(cluster.incidents) if one.name == name and one.ended is None]
    if not running:
        raise UserError(f"no {name} is under way", hint="GET /state lists the incidents that are.")
    for place in running:
        cluster.incidents[place].course.end(cluster, now)
    cluster.settle()
    return [cluster.incidents[place] for place in running]


def listed() -> list[dict[str, object]]:
    """Give every incident with its words and arguments, by name."""
    return [
        {
            "name": name,
            "words": kind.words,
            "repair": kind.repair,
            "arguments": [one.as_json() for one in (*kind.arguments, LASTS)],
        }
        for name, kind in sorted(INCIDENTS.items())
    ]


def _known(name: str) -> Kind:
    if name not in INCIDENTS:
        raise UserError(f"there is no incident named {name!r}", hint=f"There are: {', '.join(sorted(INCIDENTS))}.")
    return INCIDENTS[name]


def _take(cluster: Cluster, name: str, subject: str) -> Incident | None:
    """Give the running incident of a name and a subject, and forget it."""
    for place, one in enumerate(cluster.incidents):
        if (one.name, one.subject) == (name, subject) and one.ended is None:
            return cluster.incidents.pop(place)
    return None
