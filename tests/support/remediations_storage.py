"""Worlds of the remediations of quotas, snapshots, replication and jobs."""

from __future__ import annotations

from dataclasses import replace

from remediation_world import Again, World

from mendwatch_onefs_sim.operations.jobs import PAUSED_BY_USER, RUNNING
from mendwatch_onefs_sim.quotas.quota import Limits, Quota, Usage
from mendwatch_onefs_sim.server import Simulator
from mendwatch_onefs_sim.snapshots.snapshot import Lock, Snapshot

GIB = 2**30
DAY = 86_400
ROOM = "/ifs/data/room"
POLICY = "projects-to-dr"
#: The expired snapshots that may go, the oldest first, by name; hostile names are names too.
MAY_GO = ("{{ lookup('pipe', 'touch pwned') }}", "$(touch pwned)", "b: line\nand line")


def quota_full(sim: Simulator, path: str = ROOM) -> dict[str, object]:
    sim.cluster.quotas.add(Quota("", path, Limits(hard=100 * GIB), Usage(95 * GIB)))
    return {"path": path, "new_hard_limit_bytes": 110 * GIB}


def hard_limits(sim: Simulator) -> object:
    """Give the hard limits of the quotas that tests made; the cluster's own hold something else."""
    return [one.limits.hard for one in sim.cluster.quotas.all() if one.usage == Usage(95 * GIB)]


def raise_elsewhere(sim: Simulator) -> None:
    for one in sim.cluster.quotas.all():
        if one.path == ROOM:
            sim.cluster.quotas.put(replace(one, limits=Limits(hard=105 * GIB)))


def autodelete_off(sim: Simulator) -> dict[str, object]:
    sim.cluster.snapshots.configure({"autodelete": False})
    return {}


def snapshots_expired(sim: Simulator) -> dict[str, object]:
    """Let three snapshots have expired that may go, and others that must stay, however long their time is over."""
    autodelete_off(sim)
    snapshots, now = sim.cluster.snapshots, sim.cluster.epoch(sim.cluster.elapsed)
    for age, name in enumerate(MAY_GO):
        snapshots.add(Snapshot(0, name, ROOM, now - 30 * DAY, now - (9 - age) * DAY, size=GIB))
    for name in ("SIQ-5f0c-latest", "siq_failover_x", "FSAnalyze-Snapshot-Current", "isi_sync_x"):
        snapshots.add(Snapshot(0, name, ROOM, now - 30 * DAY, now - 20 * DAY, size=GIB))
    snapshots.add(Snapshot(0, "locked", ROOM, now - 30 * DAY, now - 20 * DAY, locks=(Lock(1, "a person"),)))
    snapshots.add(Snapshot(0, "for ever", ROOM, now - 30 * DAY))
    snapshots.add(Snapshot(0, "an hour ago", ROOM, now - 30 * DAY, now - 3600))
    return {"most": 20}


def names_of_active(sim: Simulator) -> list[str]:
    return sorted(one.name for one in sim.cluster.snapshots.all() if one.path == ROOM and one.deleting is None)


def names_without(count: int) -> object:
    """Give the names that are left after so many were deleted."""
    stay = ("SIQ-5f0c-latest", "siq_failover_x", "FSAnalyze-Snapshot-Current", "isi_sync_x", "locked", "for ever", "an hour ago")
    return sorted((*MAY_GO[count:], *stay))


def lock_one(sim: Simulator) -> None:
    sim.cluster.snapshots.lock(MAY_GO[1], "somebody needs it")


def deletion_without_job(sim: Simulator) -> dict[str, object]:
    """Let a snapshot wait to be deleted while nobody does it: the job was cancelled."""
    cluster = sim.cluster
    cluster.snapshots.stuck = True
    cluster.snapshots.delete("before-migration", cluster.epoch(cluster.elapsed))
    cluster.settle()
    for job in cluster.operations.jobs.of_type("SnapshotDelete"):
        cluster.operations.jobs.move(job.id, "cancelled_user", cluster.elapsed)
    return {}


def states_of(kind: str) -> object:
    """Make the probe of the active jobs of a type."""

    def probe(sim: Simulator) -> list[str]:
        return [job.state for job in sim.cluster.operations.jobs.of_type(kind)]

    return probe


def start_paused(sim: Simulator) -> None:
    jobs = sim.cluster.operations.jobs
    jobs.move(jobs.add("SnapshotDelete", sim.cluster.elapsed).id, PAUSED_BY_USER, sim.cluster.elapsed)


def media_scan(sim: Simulator) -> int:
    return sim.cluster.operations.jobs.of_type("MediaScan")[0].id


def job_paused(sim: Simulator) -> dict[str, object]:
    sim.cluster.operations.jobs.move(media_scan(sim), PAUSED_BY_USER, sim.cluster.elapsed)
    return {"job_id": str(media_scan(sim)), "job_type": "MediaScan"}


def cancel_job(sim: Simulator) -> None:
    sim.cluster.operations.jobs.move(media_scan(sim), "cancelled_user", sim.cluster.elapsed)


def service_paused(sim: Simulator) -> dict[str, object]:
    sim.cluster.syncs.serve("paused", sim.cluster.epoch(sim.cluster.elapsed))
    return {}


def service_off(sim: Simulator) -> None:
    sim.cluster.syncs.serve("off", sim.cluster.epoch(sim.cluster.elapsed))


def named_policy(sim: Simulator, name: str) -> None:
    """Give the policy another name."""
    policy = sim.cluster.syncs.get(POLICY)
    del sim.cluster.syncs._policies[POLICY]
    sim.cluster.syncs.put(replace(policy, name=name))


def policy_disabled(sim: Simulator, name: str = POLICY) -> dict[str, object]:
    named_policy(sim, name)
    sim.cluster.syncs.put(replace(sim.cluster.syncs.get(name), enabled=False))
    return {"policy": name}


def policies_enabled(sim: Simulator) -> object:
    return [one.enabled for one in sim.cluster.syncs.all() if one.source == "/ifs/data/projects"]


def aim_elsewhere(sim: Simulator) -> None:
    """Let somebody make the policy copy to another place."""
    sim.cluster.syncs.put(replace(sim.cluster.syncs.get(POLICY), target="/ifs/somewhere/else"))


def policy_failed(sim: Simulator, name: str = POLICY) -> dict[str, object]:
    named_policy(sim, name)
    sim.cluster.syncs.fail(name, "Unable to connect", sim.cluster.epoch(sim.cluster.elapsed))
    sim.cluster.syncs.heal(name)
    return {"policy": name}


def policy_states(sim: Simulator) -> object:
    return [one.state for one in sim.cluster.syncs.all() if one.source == "/ifs/data/projects"]


def run_by_hand(sim: Simulator) -> None:
    sim.cluster.syncs.finish(POLICY, sim.cluster.epoch(sim.cluster.elapsed))


QUOTAS = (
    World(
        "quota_raise",
        trouble=quota_full,
        probe=hard_limits,
        after=[110 * GIB],
        drift=raise_elsewhere,
        writes=("PUT /platform/15/quota/quotas/{}",),
        named={"path": quota_full},
    ),
)
SNAPSHOTS = (
    World(
        "snapshot_autodelete_enable",
        trouble=autodelete_off,
        probe=lambda sim: sim.cluster.snapshots.settings["autodelete"],
        after=True,
        drift=lambda sim: sim.cluster.snapshots.configure({"autodelete": True}),
        drifts=Again.UNCHANGED,
        writes=("PUT /platform/1/snapshot/settings",),
        brief=True,
    ),
    World(
        "snapshot_delete_expired",
        trouble=snapshots_expired,
        probe=names_of_active,
        after=names_without(len(MAY_GO)),
        drift=lock_one,
        writes=("DELETE /platform/1/snapshot/snapshots/{}",) * len(MAY_GO),
        undone=False,
        partial=names_without,
        reads=len(MAY_GO),
    ),
    World(
        "snapshot_delete_job_start",
        trouble=deletion_without_job,
        probe=states_of("SnapshotDelete"),
        after=[RUNNING],
        drift=start_paused,
        writes=("POST /platform/10/job/jobs",),
        undone=False,
    ),
    World(
        "job_resume",
        trouble=job_paused,
        probe=states_of("MediaScan"),
        after=[RUNNING],
        drift=cancel_job,
        writes=("PUT /platform/10/job/jobs/{}",),
    ),
)
REPLICATION = (
    World(
        "synciq_service_on",
        trouble=service_paused,
        probe=lambda sim: sim.cluster.syncs.settings["service"],
        after="on",
        drift=service_off,
        writes=("PUT /platform/16/sync/settings",),
    ),
    World(
        "synciq_policy_enable",
        trouble=policy_disabled,
        probe=policies_enabled,
        after=[True],
        drift=aim_elsewhere,
        writes=("PUT /platform/14/sync/policies/{}",),
        named={"policy": policy_disabled},
    ),
    World(
        "synciq_policy_run",
        trouble=policy_failed,
        probe=policy_states,
        after=[RUNNING],
        drift=run_by_hand,
        writes=("POST /platform/15/sync/jobs",),
        undone=False,
        named={"policy": policy_failed},
        brief=True,
    ),
)
WORLDS: tuple[World, ...] = (*QUOTAS, *SNAPSHOTS, *REPLICATION)
