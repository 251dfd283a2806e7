"""Incidents of quotas: one that fills up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.groups import QUOTA_THRESHOLD, EventGroup
from mendwatch_onefs_sim.incidents.arguments import NUMBER, TEXT, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course, Opening
from mendwatch_onefs_sim.incidents.kinds import Kind
from mendwatch_onefs_sim.quotas.inventory import DEMO_PATH
from mendwatch_onefs_sim.quotas.quota import Quota, Usage

_FILL_TO = 0.95
#: From this share on a quota is nearly full.
_NEARLY = 0.9


def _fill_quota(cluster: Cluster, given: Given) -> Course:
    """Fill a quota from its present use to 95 % of its hard limit within `seconds`, then open the cluster's event."""
    now, seconds, path = cluster.elapsed, given.number("seconds"), given.text("path")
    quota, hard = _quota_to_fill(cluster, path)
    used = quota.usage.at(now)
    rate = max(0.0, hard * _FILL_TO - used) / seconds
    cluster.quotas.put(replace(quota, usage=Usage(used, rate, now, now + seconds)))

    def holds(cluster: Cluster, at: float) -> bool:
        found = cluster.quotas.directory(path)
        full = found is not None and found.limits.hard is not None and found.usage.at(at) >= _NEARLY * found.limits.hard
        return found is not None and (at < now + seconds or full)

    def end(cluster: Cluster, at: float) -> None:
        found = cluster.quotas.directory(path)
        if found is not None:
            cluster.quotas.put(replace(found, usage=Usage(used, since=at, until=at)))

    return Course(path, holds, end, (Opening(_violation(cluster, quota), seconds),), clears=False)


def _quota_to_fill(cluster: Cluster, path: str) -> tuple[Quota, int]:
    quota = cluster.quotas.directory(path)
    if quota is None:
        raise UserError(f"there is no directory quota at {path!r}", hint="GET /state of the control API lists every quota.")
    if quota.limits.hard is None:
        raise UserError(f"the quota at {path!r} has no hard limit to fill up to", hint="Choose a quota with a hard limit.")
    return quota, quota.limits.hard


def _violation(cluster: Cluster, quota: Quota) -> EventGroup:
    node = cluster.hardware.local
    message = f"SmartQuotas threshold violation: directory quota {quota.path} has used 95 % of its hard threshold"
    return EventGroup("", 0, QUOTA_THRESHOLD, "warning", message, node.devid, node.lnn, 0, {"path": quota.path}, 100 * _FILL_TO)


QUOTA_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "quota-fill": Kind(
            _fill_quota,
            "A directory quota fills up to 95 % of its hard limit; its event stays open until somebody resolves it.",
            "PUT quota/quotas/{id} with a higher hard threshold",
            (
                Argument("path", TEXT, DEMO_PATH, "the directory of the quota"),
                Argument("seconds", NUMBER, 5.0, "how long the filling takes"),
            ),
        )
    }
)
