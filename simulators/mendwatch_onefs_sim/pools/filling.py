"""Fills a node pool so that all figures of the cluster follow: what statfs, the statistics and the pools say stays the same."""

from __future__ import annotations

from mendwatch_onefs_sim.cluster import Cluster


def fill_pool(cluster: Cluster, name: str, share: float) -> None:
    """Fill a node pool to a share (0 to 1), at once.

    Raises:
        UserError: there is no such pool.
    """
    now = cluster.moment()
    whole = cluster.storage.fill(name, share, now.ifs_used)
    cluster.steering.fill(whole, whole, cluster.elapsed, 0)
