"""Incidents of the Job Engine: engines that lost the coordinator, and a job that somebody paused."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import TEXT, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import NODE, Kind, about_cluster, node_of
from mendwatch_onefs_sim.operations.checks import Problem
from mendwatch_onefs_sim.operations.jobs import PAUSED_BY_SYSTEM, PAUSED_BY_USER, RUNNING, TYPES

_STALLED = 400_060_004
_DAEMON = "isi_job_d"


def _stuck(cluster: Cluster, given: Given) -> Course:
    """Let the engine of a node lose the coordinator: no job makes progress."""
    node, now, jobs = node_of(cluster, given), cluster.elapsed, cluster.operations.jobs
    jobs.disconnect([*jobs.disconnected, node.devid])
    cluster.operations.services.broken.add((node.lnn, _DAEMON))
    stalled = [jobs.move(job.id, PAUSED_BY_SYSTEM, now) for job in jobs.active() if job.state == RUNNING]

    def holds(cluster: Cluster, _: float) -> bool:
        lost = node.devid in cluster.operations.jobs.disconnected
        return lost and cluster.hardware.node(node.lnn).booted == node.booted

    def end(cluster: Cluster, _: float) -> None:
        engine = cluster.operations.jobs
        engine.disconnect([devid for devid in engine.disconnected if devid != node.devid])

    def after(cluster: Cluster, at: float) -> None:
        end(cluster, at)
        cluster.operations.services.broken.discard((node.lnn, _DAEMON))
        for job in cluster.operations.jobs.active():
            if job.id in {one.id for one in stalled} and job.state == PAUSED_BY_SYSTEM:
                cluster.operations.jobs.move(job.id, RUNNING, at)

    names = ", ".join(sorted({job.type for job in stalled})) or "no job"
    opens = about_cluster(cluster, _STALLED, "critical", job=names)
    finding = Problem("job_engine_connected", str(node.lnn), "CRITICAL", 0)
    return Course(f"node {node.lnn}", holds, end, opens, finding=finding, after=after)


def _paused(cluster: Cluster, given: Given) -> Course:
    """Let somebody pause a job and forget it."""
    jobs, kind, now = cluster.operations.jobs, given.text("type"), cluster.elapsed
    active = jobs.of_type(kind)
    job = jobs.move((active[0] if active else jobs.add(kind, now)).id, PAUSED_BY_USER, now)

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.operations.jobs.get(str(job.id)).state == PAUSED_BY_USER

    def end(cluster: Cluster, at: float) -> None:
        cluster.operations.jobs.move(job.id, RUNNING, at)

    finding = Problem("job_engine_paused_jobs", "cluster", "WARNING", 60)
    return Course(f"job {job.id}", holds, end, finding=finding)


_TYPES = tuple(name for name, kind in TYPES.items() if not kind.paths)

JOB_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "job-engine-stuck": Kind(
            _stuck,
            "The Job Engine of a node does not reach the coordinator: no job makes progress.",
            "POST cluster/nodes/{lnn}/reboot",
            (NODE,),
        ),
        "job-paused": Kind(
            _paused,
            "Somebody paused a job, and nobody resumes it.",
            "PUT job/jobs/{id} with the state run",
            (Argument("type", TEXT, "MediaScan", "the type of the job; one is started where none is active", among=_TYPES),),
        ),
    }
)
