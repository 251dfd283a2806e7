"""Worlds of the remediations of snapshots, replication and jobs."""

from __future__ import annotations

from dataclasses import replace

from remediation_world import Again, World

from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.server import Simulator

GIB = 2**30
ROOM = "/ifs/data/room"


def autodelete_off(sim: Simulator) -> dict[str, object]:
    sim.cluster.snapshots.configure({"autodelete": False})
    return {}


def snapshot_settings(sim: Simulator) -> dict[str, object]:
    return dict(sim.cluster.snapshots.settings)


def autodelete(sim: Simulator) -> object:
    return snapshot_settings(sim)["autodelete"]


def quota_full(sim: Simulator, path: str = ROOM) -> dict[str, object]:
    sim.cluster.quotas.add(Quota("", path, Limits(hard=100 * GIB), Usage(95 * GIB)))
    return {"path": path, "new_hard_limit_bytes": 110 * GIB}


def hard_limits(sim: Simulator) -> object:
    """Give the hard limits of the quotas that tests made: the cluster's own are all at other paths."""
    return [one.limits.hard for one in sim.cluster.quotas.all() if one.usage == Usage(95 * GIB)]


def raise_elsewhere(sim: Simulator) -> None:
    for one in sim.cluster.quotas.all():
        if one.path == ROOM:
            sim.cluster.quotas.put(replace(one, limits=Limits(hard=105 * GIB)))


WORLDS = (
    World(
        "quota_raise",
        trouble=quota_full,
        probe=hard_limits,
        after=[110 * GIB],
        drift=raise_elsewhere,
        writes=("PUT /platform/15/quota/quotas/{}",),
        named={"path": quota_full},
    ),
    World(
        "snapshot_autodelete_enable",
        trouble=autodelete_off,
        probe=autodelete,
        after=True,
        drift=lambda sim: sim.cluster.snapshots.configure({"autodelete": True}),
        drifts=Again.UNCHANGED,
        writes=("PUT /platform/1/snapshot/settings",),
        brief=True,
    ),
)
