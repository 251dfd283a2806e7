"""What each incident must come to: its alerts, the remediation that mends it, and what that may change on the cluster.

The alerts are those of the shipped rules; tests hold both against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from mendwatch.provider import Drill, ExpectedRun
from mendwatch_onefs_sim.incidents.registry import INCIDENTS

#: Arguments of incidents where the usual ones take too long, or do not last.
ARGUMENTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {"pool-fill": {"seconds": 5.0}, "synciq-failing": {"seconds": 1.0}, "session-revoked": {"every": 5.0, "times": 4}}
)
#: Seconds between two polls; while a node hangs, what is asked of all nodes takes its time.
_PACE, _PACES = 2, MappingProxyType({"node-hung": 15})
_POOL = "groupnet0.subnet0.pool0"
#: What follows by itself when a cause is gone: events are resolved, and HealthCheck looks again.
_AFTER = ("events.", "operations.checks.", "operations.repairs._checks.")

#: What each incident raises. The names stand without PowerScale before them.
ALERTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ad-offline": frozenset({"AuthProviderOffline"}),
        "battery-failed": frozenset({"NodeBatteryFailed", "NodeNvramUnsafe", "NodeReadOnly"}),
        "certificate-expiring": frozenset({"CertificateEnds"}),
        "clock-skew": frozenset({"ClockWrong", "NoTimeServer"}),
        "cloud-offline": frozenset({"CloudAccountOffline"}),
        "cluster-split": frozenset({"NodeDown", "QuorumLost"}),
        "drive-failed": frozenset({"DriveUnhealthy", "PoolUnhealthy"}),
        "drive-slow": frozenset({"DriveSlow"}),
        "events-storm": frozenset({"EventStorm"}),
        "healthcheck-failed": frozenset({"HealthCheckFailed", "RepairOffered"}),
        "hot-client": frozenset({"ProtocolSlower"}),
        "interface-down": frozenset({"InterfaceDown"}),
        "job-engine-stuck": frozenset({"HealthCheckFailed", "JobEngineDisconnected"}),
        "job-paused": frozenset({"JobPaused", "RepairOffered"}),
        "licence-expiring": frozenset({"LicenceEnds"}),
        "nfs-locks-stale": frozenset({"NfsLocksStale"}),
        "nfs-service-off": frozenset({"ServiceOff"}),
        "node-down": frozenset({"NodeDown"}),
        "node-hung": frozenset({"NodeSilent"}),
        "node-read-only": frozenset({"NodeReadOnly"}),
        "pool-fill": frozenset({"Full", "HealthCheckFailed", "PoolFull"}),
        "psu-failed": frozenset({"HealthCheckFailed", "NodePowerSupplyFailed"}),
        "quota-fill": frozenset({"QuotaNearlyFull"}),
        "s3-service-off": frozenset({"ServiceOff"}),
        "smartconnect-suspended": frozenset({"NodeSuspended", "SmartConnectNodesOut"}),
        "smb-file-stuck": frozenset({"SmbFileStuck"}),
        "smb-service-off": frozenset({"HealthCheckFailed", "RepairOffered", "ServiceOff"}),
        "snapshot-delete-stuck": frozenset({"JobPaused", "SnapshotDeleteStuck"}),
        "snapshots-expired": frozenset({"SnapshotAutodeleteOff", "SnapshotsNotDeleted"}),
        "synciq-failing": frozenset({"SyncFailed"}),
        "synciq-rpo": frozenset({"SyncTooOld"}),
        "synciq-service-off": frozenset({"SyncServiceOff"}),
        "upgrade-stuck": frozenset({"UpgradeFailed", "UpgradeRunning"}),
        "var-full": frozenset({"NodePartitionFull"}),
    }
)
#: Alerts that look back for hours or a day: an incident raises them, and no gym lasts that long.
SLOW: Mapping[str, frozenset[str]] = MappingProxyType(
    {"snapshot-delete-stuck": frozenset({"SnapshotDeleteStuck"}), "hot-client": frozenset({"ProtocolSlower"})}
)
#: What stands where the remediation only keeps the trouble from clients, and a person must take the cause away.
STANDING: Mapping[str, frozenset[str]] = MappingProxyType(
    {"node-hung": frozenset({"NodeSilent", "NodeSuspended", "SmartConnectNodesOut"})}
)
#: Incidents that no field of a record shows, and why.
UNSEEN: Mapping[str, str] = MappingProxyType(
    {
        "node-slow": "All is told as ever, only later; how long polls take is a metric of the agent, and no field of a rule.",
        "session-revoked": "The session logs in anew at once and loses nothing; mendwatch counts the logins.",
    }
)


def _mending(
    name: str, alert: str, remediation: str, writes: tuple[str, ...], touches: tuple[str, ...], **variables: object
) -> tuple[str, ExpectedRun, tuple[str, ...], tuple[str, ...]]:
    run = ExpectedRun(f"PowerScale{alert}", f"onefs/{remediation}", variables)
    return name, run, tuple(f"{method} /platform/{path}" for method, _, path in (write.partition(" ") for write in writes)), touches


_MENDED = (
    _mending(
        "quota-fill",
        "QuotaNearlyFull",
        "quota_raise",
        ("PUT 15/quota/quotas/*", "PUT 12/event/eventgroup-occurrences/*"),
        ("quotas.",),
        path="/ifs/data/projects/apollo",
        new_hard_limit_bytes=2_748_779_069_440,
    ),
    *(
        _mending(
            f"{protocol}-service-off",
            "ServiceOff",
            "protocol_service_on",
            (f"PUT */protocols/{protocol}/settings/global",),
            (f"operations.services._settings.{protocol}.service",),
            protocol=protocol,
        )
        for protocol in ("smb", "nfs", "s3")
    ),
    _mending(
        "smb-file-stuck",
        "SmbFileStuck",
        "smb_session_close",
        ("DELETE 11/protocols/smb/sessions/*",),
        ("operations.smb.",),
        node="1",
        idle_seconds=7200,
    ),
    _mending(
        "nfs-locks-stale",
        "NfsLocksStale",
        "nfs_lock_release",
        ("DELETE 3/protocols/nfs/nlm/sessions/*",),
        ("operations.nfs.",),
    ),
    _mending(
        "smartconnect-suspended",
        "NodeSuspended",
        "smartconnect_node_resume",
        ("POST 3/network/groupnets/groupnet0/subnets/subnet0/pools/pool0/sc-resume-nodes",),
        ("fabric.pools.pool0.suspended",),
        pool=_POOL,
        node="2",
    ),
    _mending(
        "job-paused", "JobPaused", "job_resume", ("PUT 10/job/jobs/*",), ("operations.jobs.",), job_id="275", job_type="MediaScan"
    ),
    _mending(
        "snapshot-delete-stuck",
        "JobPaused",
        "job_resume",
        ("PUT 10/job/jobs/*",),
        ("operations.jobs.", "snapshots."),
        job_id="276",
        job_type="SnapshotDelete",
    ),
    _mending(
        "snapshots-expired",
        "SnapshotAutodeleteOff",
        "snapshot_autodelete_enable",
        ("PUT 1/snapshot/settings",),
        ("snapshots.", "operations.jobs."),
    ),
    _mending("synciq-failing", "SyncFailed", "synciq_policy_run", ("POST 15/sync/jobs",), ("syncs.",), policy="projects-to-dr"),
    _mending("synciq-rpo", "SyncTooOld", "synciq_policy_enable", ("PUT 14/sync/policies/*",), ("syncs.",), policy="projects-to-dr"),
    _mending("synciq-service-off", "SyncServiceOff", "synciq_service_on", ("PUT 16/sync/settings",), ("syncs.",)),
    _mending(
        "clock-skew",
        "NoTimeServer",
        "ntp_server_add",
        ("POST 3/protocols/ntp/servers",),
        ("operations.time_servers.", "_offsets"),
        server="ntp.example.com",
    ),
    _mending(
        "events-storm", "EventStorm", "eventgroup_resolve", ("PUT 12/event/eventgroup-occurrences/*",) * 200, (), severity="warning"
    ),
    _mending(
        "healthcheck-failed",
        "RepairOffered",
        "repair_request",
        ("POST 23/repair/requests",),
        ("operations.repairs.",),
        item="mirror_health",
        checklist="basic",
    ),
    _mending(
        "node-hung",
        "NodeSilent",
        "smartconnect_node_suspend",
        tuple(f"POST 3/network/groupnets/groupnet0/subnets/subnet0/pools/{pool}/sc-suspend-nodes" for pool in ("pool0", "pool1")),
        ("fabric.pools.",),
        node="2",
    ),
)


def _drills() -> Iterator[Drill]:
    mended = {name: (run, writes, touches) for name, run, writes, touches in _MENDED}
    for name, kind in sorted(INCIDENTS.items()):
        alerts = frozenset(f"PowerScale{alert}" for alert in ALERTS.get(name, frozenset()) - SLOW.get(name, frozenset()))
        run, writes, touches = mended.get(name, (None, (), ()))
        yield Drill(
            name,
            kind.words,
            alerts,
            run,
            writes,
            touches=(*touches, *_AFTER),
            standing=frozenset(f"PowerScale{alert}" for alert in STANDING.get(name, ())),
            unseen=UNSEEN.get(name, ""),
            pace=_PACES.get(name, _PACE),
        )


DRILLS: tuple[Drill, ...] = tuple(_drills())
