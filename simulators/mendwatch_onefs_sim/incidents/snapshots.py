"""Incidents of snapshots: expired ones that stay, and a deletion that does not come to its end."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import GIB
from mendwatch_onefs_sim.incidents.arguments import WHOLE, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import Kind, about_cluster
from mendwatch_onefs_sim.operations.jobs import PAUSED_BY_USER, RUNNING
from mendwatch_onefs_sim.reactions import SNAPSHOT_DELETE
from mendwatch_onefs_sim.snapshots.snapshot import Snapshot

_DELETE_FAILED = 600_010_002
_PATH = "/ifs/data/scratch"
_DAY = 86_400
_MOST = 5000
_COUNT = Argument("count", WHOLE, 40, "how many snapshots", most=_MOST)


def _expired(cluster: Cluster, given: Given) -> Course:
    """Let snapshots be past their time with nobody to delete them."""
    cluster.snapshots.configure({"autodelete": False})
    _add(cluster, given.whole("count"))

    def holds(cluster: Cluster, _: float) -> bool:
        return not cluster.snapshots.settings["autodelete"]

    def end(cluster: Cluster, _: float) -> None:
        cluster.snapshots.configure({"autodelete": True})

    return Course(_PATH, holds, end)


def _stuck(cluster: Cluster, given: Given) -> Course:
    """Let somebody pause SnapshotDelete while it has a lot to do."""
    jobs, now = cluster.operations.jobs, cluster.elapsed
    made = _add(cluster, given.whole("count"))
    cluster.snapshots.stuck = True
    for key in made:
        cluster.snapshots.delete(str(key), cluster.epoch(now))
    active = jobs.of_type(SNAPSHOT_DELETE)
    job = jobs.move((active[0] if active else jobs.add(SNAPSHOT_DELETE, now)).id, PAUSED_BY_USER, now)

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.operations.jobs.get(str(job.id)).state == PAUSED_BY_USER

    def end(cluster: Cluster, at: float) -> None:
        cluster.operations.jobs.move(job.id, RUNNING, at)

    def after(cluster: Cluster, _: float) -> None:
        cluster.snapshots.stuck = False

    opens = about_cluster(cluster, _DELETE_FAILED, "warning")
    return Course(_PATH, holds, end, opens, after=after)


def _add(cluster: Cluster, count: int) -> set[int]:
    now = cluster.epoch(cluster.elapsed)
    made = [Snapshot(0, f"scratch_{number}", _PATH, now - 9 * _DAY, now - 2 * _DAY, size=8 * GIB) for number in range(count)]
    return {cluster.snapshots.add(one).id for one in made}


SNAPSHOT_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "snapshots-expired": Kind(
            _expired,
            "Snapshots pile up that have expired: the cluster does not delete them.",
            "PUT snapshot/settings with autodelete",
            (_COUNT,),
        ),
        "snapshot-delete-stuck": Kind(
            _stuck,
            "Snapshots wait to be deleted, and the job that does it was paused.",
            "PUT job/jobs/{id} with the state run",
            (_COUNT,),
        ),
    }
)
