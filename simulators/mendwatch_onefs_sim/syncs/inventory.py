"""The replication that the cluster has when it starts."""

from __future__ import annotations

from dataclasses import replace

from mendwatch_onefs_sim.hardware import GIB
from mendwatch_onefs_sim.syncs.policy import FINISHED, Policy, Report, TargetPolicy

_HOUR, _DAY = 3_600, 86_400

#: What sync/settings says.
SETTINGS: dict[str, object] = {
    "bandwidth_reservation_reserve_absolute": None,
    "bandwidth_reservation_reserve_percentage": 1,
    "cluster_certificate_id": "",
    "elliptic_curve_list": "",
    "encryption_cipher_list": "",
    "encryption_required": True,
    "force_interface": False,
    "max_concurrent_jobs": 1000,
    "ocsp_address": "",
    "ocsp_issuer_certificate_id": "",
    "password_set": False,
    "preferred_rpo_alert": 0,
    "renegotiation_bytes": 0,
    "renegotiation_period": 28_800,
    "report_email": [],
    "report_max_age": 31_536_000,
    "report_max_count": 2000,
    "restrict_target_network": False,
    "rpo_alerts": True,
    "service": "on",
    "service_history_max_age": 31_536_000,
    "service_history_max_count": 2000,
    "source_network": None,
    "tw_chkpt_interval": None,
    "use_workers_per_node": False,
}


def starting_policies(epoch: int) -> tuple[Policy, ...]:
    """Give the first policies, each after a good run, and one that nobody has started yet."""
    hourly = Policy(
        "5f0c1d2e3b4a59687700aabbccddee01", "projects-to-dr", "/ifs/data/projects", "dr.example.com", "/ifs/dr/projects",
        _HOUR, 240, 12 * GIB, "every 1 hours at minute 10", 2 * _HOUR,
    )  # fmt: skip
    daily = Policy(
        "5f0c1d2e3b4a59687700aabbccddee02", "archive-to-dr", "/ifs/data/archive", "dr.example.com", "/ifs/dr/archive",
        _DAY, 5400, 300 * GIB, "every 1 days at 00:10", 2 * _DAY,
    )  # fmt: skip
    manual = Policy(
        "5f0c1d2e3b4a59687700aabbccddee03", "media-once", "/ifs/data/media", "10.9.0.1", "/ifs/media", None, 600, GIB, synced=False
    )
    return _ran(hourly, epoch), _ran(daily, epoch), manual


def _ran(policy: Policy, epoch: int) -> Policy:
    """Give a policy after its last run went well."""
    started = (policy.next_run(epoch) or epoch) - (policy.period or _DAY)
    if started + policy.duration > epoch:
        started -= policy.period or _DAY
    ended = started + policy.duration
    report = Report(1, FINISHED, started, ended, policy.size)
    return replace(policy, reports=(report,), last_success=ended)


def starting_targets(epoch: int) -> tuple[TargetPolicy, ...]:
    """Give the first policies of other clusters that copy to this one."""
    guid = "000e1ea7f0a1b2c3d4e5f60718293a4b5c6d"
    return (
        TargetPolicy("7a0c1d2e3b4a59687700aabbccddee09", "branch-home", "branch.example.com", guid, "/ifs/branch", epoch - 900),
    )
