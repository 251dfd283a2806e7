"""What can be made to go wrong, in a table by name; a new incident is a function and a line there.

An incident changes the state at once; what it does later is in the Incident that it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.groups import QUOTA_THRESHOLD, EventGroup
from mendwatch_onefs_sim.incident import Incident
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH
from mendwatch_onefs_sim.quotas.quota import Quota, Usage

_FILL_TO = 0.95
_USUAL_SECONDS = 5.0


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


def _fill_quota(cluster: Cluster, arguments: Mapping[str, object]) -> Incident:
    """Fill a quota from its present use to 95 % of its hard limit within `seconds`, then open the cluster's event."""
    now, seconds = cluster.elapsed, _seconds(arguments)
    quota, hard = _quota_to_fill(cluster, arguments)
    used = quota.usage.at(now)
    rate = max(0.0, hard * _FILL_TO - used) / seconds
    cluster.quotas.put(replace(quota, usage=Usage(used, rate, now, now + seconds)))
    return Incident("quota-fill", quota.path, now + seconds, _violation(cluster, quota))


def _seconds(arguments: Mapping[str, object]) -> float:
    seconds = arguments.get("seconds", _USUAL_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise UserError(f"{seconds!r} is no number of seconds", hint="Give a number above 0, such as 5.")
    return float(seconds)


def _quota_to_fill(cluster: Cluster, arguments: Mapping[str, object]) -> tuple[Quota, int]:
    path = arguments.get("path", DEMO_PATH)
    quota = cluster.quotas.directory(str(path))
    if quota is None:
        raise UserError(f"there is no directory quota at {path!r}", hint="GET /state of the control API lists every quota.")
    if quota.limits.hard is None:
        raise UserError(f"the quota at {path!r} has no hard limit to fill up to", hint="Choose a quota with a hard limit.")
    return quota, quota.limits.hard


def _violation(cluster: Cluster, quota: Quota) -> EventGroup:
    node = cluster.hardware.local
    message = f"SmartQuotas threshold violation: directory quota {quota.path} has used 95 % of its hard threshold"
    return EventGroup("", 0, QUOTA_THRESHOLD, "warning", message, node.devid, node.lnn, 0, {"path": quota.path}, 100 * _FILL_TO)


INCIDENTS: Mapping[str, Callable[[Cluster, Mapping[str, object]], Incident]] = MappingProxyType({"quota-fill": _fill_quota})
