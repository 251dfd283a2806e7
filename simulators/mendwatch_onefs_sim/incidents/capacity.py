"""Incidents of space: the file system fills up."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import NUMBER, TEXT, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import Kind, about_cluster
from mendwatch_onefs_sim.operations.checks import Problem

_FULL = 800_010_002
#: OneFS warns of a full file system from 95 % on, and calls it critical from 99 %.
_WARNS, _CRITICAL = 0.95, 0.99
_DELETES = "TreeDelete"


def _fill_pool(cluster: Cluster, given: Given) -> Course:
    """Let a node pool fill up within `seconds`; who deletes files afterwards, or ends it, makes it as full as before."""
    now, share, seconds = cluster.elapsed, given.number("share"), given.number("seconds")
    name = given.text("pool") if given.values["pool"] is not None else cluster.storage.pools[0].name
    pool, used = cluster.storage.pool(name), cluster.moment().ifs_used
    before = cluster.storage.usages(used)[name].used / pool.size
    if share <= before:
        raise UserError(f"{name} is fuller than that: {before:.0%}", hint="Choose a larger 'share'.")
    start = used / cluster.moment().ifs_total
    whole = cluster.storage.fill(name, share, used)
    cluster.steering.fill(start, whole, now, seconds)
    newest = cluster.operations.jobs.next_id

    def moves(cluster: Cluster, at: float) -> None:
        done = min(1.0, (at - now) / seconds)
        cluster.storage.fill(name, before + (share - before) * done, used)

    def holds(cluster: Cluster, at: float) -> bool:
        steered = at <= now or cluster.steering.used_share(at) is not None  # the filling begins a moment after the question
        deleted = any(
            one.type == _DELETES and one.state == "succeeded" and one.id >= newest for one in cluster.operations.jobs.recent()
        )
        return steered and not deleted

    def end(cluster: Cluster, _: float) -> None:
        cluster.steering.empty()
        cluster.storage.release(name)

    warned = now + seconds * max(0.0, _WARNS - start) / (whole - start) if whole >= _WARNS else None
    severity = "critical" if whole >= _CRITICAL else "warning"
    opens = about_cluster(cluster, _FULL, severity, warned - now, 100 * whole) if warned is not None else ()
    finding = Problem("cluster_capacity", "cluster", "CRITICAL" if whole >= _WARNS else "WARNING", round(100 * (1 - whole)))
    return Course(name, holds, end, opens, finding=finding, moves=moves, after=end)


CAPACITY_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "pool-fill": Kind(
            _fill_pool,
            "A node pool, and so /ifs, fills up.",
            "POST job/jobs with a TreeDelete, which frees what was written once it has succeeded",
            (
                Argument("pool", TEXT, None, "the node pool; the first where it is not given"),
                Argument("share", NUMBER, 0.97, "its used share afterwards", most=0.999),
                Argument("seconds", NUMBER, 60.0, "how long the filling takes"),
            ),
        )
    }
)
