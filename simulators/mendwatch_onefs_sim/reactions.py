"""What the cluster does by itself once something has happened: it protects data again, pauses jobs, deletes what is due.

It looks at the state alone, so that it reacts to a remediation and to a person as it does to an incident.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mendwatch_onefs_sim.operations.jobs import FLEX_PROTECT

if TYPE_CHECKING:
    from mendwatch_onefs_sim.cluster import Cluster

SNAPSHOT_DELETE = "SnapshotDelete"
#: Seconds that a drive which was added is being prepared.
PREPARED_AFTER = 120.0


@dataclass(slots=True)
class Reactions:
    """Remembers what is under way.

    `protecting` is the FlexProtect job of the drives that leave, `deleted` the epoch second at which snapshots went last.
    `preparing` is since when, in elapsed seconds, a drive is being prepared, by node and bay.
    """

    protecting: int | None = None
    deleted: int = 0
    degraded: bool = False
    preparing: dict[tuple[int, int], float] = field(default_factory=dict)

    def settle(self, cluster: Cluster, now: float) -> None:
        """Do what is to be done at a moment."""
        self._protect(cluster, now)
        self._prepare(cluster, now)
        self._delete_snapshots(cluster, now)
        self._pause_jobs(cluster, now)

    def _pause_jobs(self, cluster: Cluster, now: float) -> None:
        """Let jobs wait while data is not protected as it should be."""
        degraded = bool(cluster.machines.leaving) or len(cluster.hardware.up) < len(cluster.hardware.nodes)
        if degraded != self.degraded:
            self.degraded = degraded
            cluster.operations.jobs.degrade(now, degraded=degraded)

    def _protect(self, cluster: Cluster, now: float) -> None:
        """Start FlexProtect for drives that leave; once it has succeeded they may be pulled."""
        jobs, leaving = cluster.operations.jobs, cluster.machines.leaving
        if not leaving:
            self.protecting = None
            return
        job = None if self.protecting is None else jobs.get(str(self.protecting))
        if job is None or (job.ended and job.state != "succeeded"):
            active = jobs.of_type(FLEX_PROTECT)
            self.protecting = active[0].id if active else jobs.protect(now).id
        elif job.ended:
            self.protecting = None
            for lnn, bay in leaving:
                cluster.machines.remove_drive(lnn, bay)

    def _prepare(self, cluster: Cluster, now: float) -> None:
        """Let drives that were added be used once they are prepared."""
        self.preparing = {place: self.preparing.get(place, now) for place in cluster.machines.arriving}
        for (lnn, bay), since in self.preparing.items():
            if now - since >= PREPARED_AFTER:
                cluster.machines.finish_drive(lnn, bay)

    def _delete_snapshots(self, cluster: Cluster, now: float) -> None:
        """Start SnapshotDelete when snapshots have begun to go."""
        newest = cluster.snapshots.newest_deletion
        if newest > self.deleted:
            self.deleted = newest
            if not cluster.operations.jobs.of_type(SNAPSHOT_DELETE):
                cluster.operations.jobs.add(SNAPSHOT_DELETE, now)
