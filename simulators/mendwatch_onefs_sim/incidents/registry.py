"""Every incident by name. A family is a file beside this one that gives its own table; one line here adds it.

An incident changes the state at once; what it does later is in the Incident that it gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.beginning import Begin
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.incidents.quotas import QUOTA_INCIDENTS

INCIDENTS: Mapping[str, Begin] = MappingProxyType({**QUOTA_INCIDENTS})


def begin(cluster: Cluster, name: str, arguments: Mapping[str, object]) -> Incident:
    """Start an incident.

    Raises:
        UserError: there is no such incident, or its arguments cannot be used.
    """
    if name not in INCIDENTS:
        raise UserError(f"there is no incident named {name!r}", hint=f"There are: {', '.join(sorted(INCIDENTS))}.")
    cluster.settle()
    incident = INCIDENTS[name](cluster, arguments)
    cluster.incidents.append(incident)
    return incident
