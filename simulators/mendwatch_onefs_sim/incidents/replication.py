"""Incidents of SyncIQ: jobs that fail, copies that are too old, a service that is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from mendwatch.errors import UserError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.incidents.arguments import FLAG, NUMBER, TEXT, Argument, Given
from mendwatch_onefs_sim.incidents.incident import Course
from mendwatch_onefs_sim.incidents.kinds import Kind, about_cluster
from mendwatch_onefs_sim.syncs.policy import ATTENTION, FAILED, Policy

_FAILED, _RPO = 400_040_009, 400_040_020
_ERROR = "Unable to connect to the target cluster: connection timed out"
_BAD = {FAILED, ATTENTION}
_POLICY = Argument("policy", TEXT, "projects-to-dr", "the name of the policy")


def _failing(cluster: Cluster, given: Given) -> Course:
    """Let a policy's job fail now, and every further one for as long as the cause lasts."""
    name, seconds, now = _policy(cluster, given).name, given.number("seconds"), cluster.elapsed
    cluster.syncs.fail(name, _ERROR, cluster.epoch(now), conflict=given.flag("conflict"))

    def moves(cluster: Cluster, at: float) -> None:
        if at >= now + seconds:
            cluster.syncs.heal(name)

    def holds(cluster: Cluster, _: float) -> bool:
        policy = cluster.syncs.get(name)
        return policy.conflicted or (policy.state in _BAD if policy.job is None else policy.trouble is not None)

    def end(cluster: Cluster, at: float) -> None:
        cluster.syncs.heal(name)
        if cluster.syncs.get(name).conflicted:
            cluster.syncs.reset(name)
        if holds(cluster, at):
            cluster.syncs.finish(name, cluster.epoch(at))

    return Course(name, holds, end, about_cluster(cluster, _FAILED, "critical", policy=name), moves=moves)


def _late(cluster: Cluster, given: Given) -> Course:
    """Let a policy have been disabled so long ago that its copy is older than it may be."""
    policy = _policy(cluster, given)
    if not policy.rpo or policy.last_success is None:
        raise UserError(f"policy {policy.name!r} has no recovery point objective", hint="Choose another 'policy'.")
    name, now = policy.name, cluster.epoch(cluster.elapsed)
    ago = int(policy.rpo * given.number("factor"))
    cluster.syncs.put(_aged(policy, now - ago))

    def holds(cluster: Cluster, at: float) -> bool:
        found = cluster.syncs.get(name)
        return cluster.epoch(at) - (found.last_success or 0) > found.rpo > 0

    def end(cluster: Cluster, at: float) -> None:
        cluster.syncs.put(replace(cluster.syncs.get(name), enabled=True))
        cluster.syncs.finish(name, cluster.epoch(at))

    return Course(name, holds, end, about_cluster(cluster, _RPO, "warning", policy=name))


def _aged(policy: Policy, ended: int) -> Policy:
    """Give a policy as if its newest job had ended at that time and nothing had happened since."""
    late = ended - max(report.ended for report in policy.reports)
    reports = tuple(replace(report, started=report.started + late, ended=report.ended + late) for report in policy.reports)
    return replace(policy, reports=reports, last_success=ended, enabled=False, job=None)


def _policy(cluster: Cluster, given: Given) -> Policy:
    for policy in cluster.syncs.all():
        if policy.name == given.text("policy"):
            return policy
    names = ", ".join(policy.name for policy in cluster.syncs.all())
    raise UserError(f"there is no policy {given.text('policy')!r}", hint=f"There are: {names}.")


def _service_off(cluster: Cluster, given: Given) -> Course:
    """Let somebody switch SyncIQ off."""
    cluster.syncs.serve(given.text("state"), cluster.epoch(cluster.elapsed))

    def holds(cluster: Cluster, _: float) -> bool:
        return cluster.syncs.settings["service"] != "on"

    def end(cluster: Cluster, at: float) -> None:
        cluster.syncs.serve("on", cluster.epoch(at))

    return Course("SyncIQ", holds, end)


REPLICATION_INCIDENTS: Mapping[str, Kind] = MappingProxyType(
    {
        "synciq-failing": Kind(
            _failing,
            "The jobs of a SyncIQ policy fail: its target cannot be reached.",
            "POST sync/jobs once the cause is gone; after a conflict first POST sync/policies/{id}/reset",
            (
                _POLICY,
                Argument("seconds", NUMBER, 60.0, "how long the cause lasts"),
                Argument("conflict", FLAG, usual=False, words="whether the policy needs attention before it can run again"),
            ),
        ),
        "synciq-rpo": Kind(
            _late,
            "A SyncIQ policy was disabled, and its copy is older than its recovery point objective.",
            "PUT sync/policies/{id} with enabled, or POST sync/jobs",
            (_POLICY, Argument("factor", NUMBER, 2.0, "how many times as old as it may be", above=1.0)),
        ),
        "synciq-service-off": Kind(
            _service_off,
            "SyncIQ is switched off: no policy runs.",
            "PUT sync/settings with the service on",
            (Argument("state", TEXT, "off", "what the service is switched to", among=("off", "paused")),),
        ),
    }
)
