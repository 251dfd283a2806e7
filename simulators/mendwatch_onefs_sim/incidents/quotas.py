"""Incidents of quotas: one that fills up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.groups import QUOTA_THRESHOLD, EventGroup
from mendwatch_onefs_sim.incidents.beginning import Arguments, Begin, seconds_of
from mendwatch_onefs_sim.incidents.incident import Incident
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH
from mendwatch_onefs_sim.quotas.quota import Quota, Usage

_FILL_TO = 0.95


def _fill_quota(cluster: Cluster, arguments: Arguments) -> Incident:
    """Fill a quota from its present use to 95 % of its hard limit within `seconds`, then open the cluster's event."""
    now, seconds = cluster.elapsed, seconds_of(arguments)
    quota, hard = _quota_to_fill(cluster, arguments)
    used = quota.usage.at(now)
    rate = max(0.0, hard * _FILL_TO - used) / seconds
    cluster.quotas.put(replace(quota, usage=Usage(used, rate, now, now + seconds)))
    return Incident("quota-fill", quota.path, now + seconds, _violation(cluster, quota))


def _quota_to_fill(cluster: Cluster, arguments: Arguments) -> tuple[Quota, int]:
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


QUOTA_INCIDENTS: Mapping[str, Begin] = MappingProxyType({"quota-fill": _fill_quota})
