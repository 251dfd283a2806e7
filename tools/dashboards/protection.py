"""Data protection: how old the copies are, whether snapshots come and go, what health checks found, what the Job Engine does."""

from __future__ import annotations

import looks
from boards import CLUSTER, Board, Row
from panels import Column, Look, Place, areas, chart, number, table, timeline

_YES, _BAD, _ODD, _CHOSEN = (Look("none", words=words) for words in (looks.GOOD, looks.BAD, looks.ODD, looks.CHOSEN))
_AGE = Look("s")
_NONE = "none"


def _policy(name: str, expr: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, policy) ({expr})", look)


_POLICIES = (
    Column(
        "Target",
        "max by (cluster, policy, action, source_path, target_host, target_path) (powerscale_synciq_policy_info)",
        labels=(("action", "Action"), ("source_path", "From"), ("target_host", "To host"), ("target_path", "To path")),
    ),
    _policy("Enabled", "powerscale_synciq_policy_enabled", _CHOSEN),
    Column(
        "State",
        "max by (cluster, policy, state) (powerscale_synciq_policy_last_job_state)",
        labels=(("state", "Newest job"),),
    ),
    _policy("Failed", "powerscale_synciq_policy_failed", _BAD),
    _policy("Conflicted", "powerscale_synciq_policy_conflicted", _BAD),
    _policy("Errors", "powerscale_synciq_policy_last_errors", Look("short", looks.ANY_IS_BAD)),
    _policy("Age of the copy", "powerscale_synciq_policy_rpo_age_seconds", _AGE),
    _policy("Objective", "powerscale_synciq_policy_rpo_seconds", _AGE),
    _policy(
        "Of the objective",
        "powerscale_synciq_policy_rpo_age_seconds / powerscale_synciq_policy_rpo_seconds",
        Look("percentunit", looks.OBJECTIVE),
    ),
    _policy("Last took", "powerscale_synciq_policy_last_duration_seconds", _AGE),
    _policy("Last moved", "powerscale_synciq_policy_last_transferred_bytes", Look("bytes")),
    _policy("Next run in", "powerscale_synciq_policy_next_run_timestamp_seconds - time()", Look("s", low=None)),
)


def _schedule(name: str, expr: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, schedule) ({expr})", look)


_SCHEDULES = (
    _schedule("Newest is", "time() - powerscale_snapshot_schedule_newest_timestamp_seconds", Look("s", low=None)),
    _schedule(
        "Overdue", "powerscale_snapshot_schedule_overdue_seconds", Look("s", ((None, "green"), (600, "orange"), (3600, "red")))
    ),
    _schedule("Kept for", "powerscale_snapshot_schedule_retention_seconds", _AGE),
    _schedule("Snapshots", "powerscale_snapshot_schedule_snapshots", Look("short")),
    _schedule("Size", "powerscale_snapshot_schedule_bytes", Look("bytes")),
)


def _check(name: str, expr: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, checklist) ({expr})", look)


_CHECKS = (
    _check("Passed", "powerscale_healthcheck_passed", _YES),
    _check("Critical items", "powerscale_healthcheck_items_critical", Look("short", looks.ANY_IS_BAD)),
    _check(
        "Last run",
        "time() - powerscale_healthcheck_start_timestamp_seconds",
        Look("s", ((None, "green"), (2 * 86_400, "orange"), (8 * 86_400, "red")), low=None),
    ),
)


def _job(name: str, expr: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, job_id, job_type) ({expr})", look)


_JOBS = (
    Column("State", "max by (cluster, job_id, job_type, state) (powerscale_job_state)", labels=(("state", "State"),)),
    _job("Paused by a person", "powerscale_job_paused_by_user", _ODD),
    _job("Ran for", "powerscale_job_running_seconds", _AGE),
    _job("Phase", "powerscale_job_phase", Look("short")),
    _job("Phases", "powerscale_job_phases", Look("short")),
    _job("Priority", "powerscale_job_priority", Look("short")),
)
_SYNC = (
    table(
        "SyncIQ policies",
        "One row per policy of these clusters: where it copies to, how its newest job ended, and how old the copy is.",
        {"cluster": "Cluster", "policy": "Policy"},
        _POLICIES,
        ("Of the objective", True),
        Place(size=(24, 8)),
    ),
    chart(
        "Age of copies, of their objective",
        "Share of the recovery point objective that is used up; above 100 % a failure would lose more than was promised.",
        Look("percentunit", looks.OBJECTIVE),
        ("powerscale_synciq_policy_rpo_age_seconds / powerscale_synciq_policy_rpo_seconds", "{{cluster}} {{policy}}"),
    ),
    chart(
        "Moved by the newest job",
        "Bytes that the newest reported job of each policy moved.",
        Look("bytes"),
        ("powerscale_synciq_policy_last_transferred_bytes", "{{cluster}} {{policy}}"),
    ),
    table(
        "Copies that come in",
        "Policies of other clusters that copy to these: when they last sent anything, and whether failover was used.",
        {"cluster": "Cluster", "policy": "Policy", "source": "From"},
        (
            Column("Silent for", "max by (cluster, policy, source) (powerscale_synciq_target_policy_update_age_seconds)", _AGE),
            Column("Failed", "max by (cluster, policy, source) (powerscale_synciq_target_policy_failed)", _BAD),
            Column(
                "State",
                "max by (cluster, policy, source, state) (powerscale_synciq_target_policy_failover_state)",
                labels=(("state", "Failover"),),
            ),
        ),
        ("Silent for", True),
        Place(size=(8, 8), empty=_NONE),
    ),
)
_SNAPSHOTS = (
    table(
        "Snapshot schedules",
        "One row per schedule: how old its newest snapshot is, and whether its next one is overdue.",
        {"cluster": "Cluster", "schedule": "Schedule"},
        _SCHEDULES,
        ("Overdue", True),
        Place(size=(12, 8)),
    ),
    chart(
        "Snapshots",
        "Snapshots that are kept, that have expired and are still kept, and that wait to be deleted.",
        Look("short"),
        ("powerscale_snapshots_active", "{{cluster}} kept"),
        ("powerscale_snapshots_expired", "{{cluster}} expired"),
        ("powerscale_snapshots_deleting", "{{cluster}} being deleted"),
        size=(6, 8),
    ),
    chart(
        "Expired and still there",
        "How long ago the longest expired snapshot without a lock should have gone; it grows when SnapshotDelete does not run.",
        Look("s", ((None, "green"), (86_400, "orange"), (7 * 86_400, "red"))),
        ("powerscale_snapshots_expired_overdue_seconds", "{{cluster}}"),
        size=(6, 8),
    ),
)
_HEALTH = (
    table(
        "Health checks",
        "The newest completed evaluation of each checklist.",
        {"cluster": "Cluster", "checklist": "Checklist"},
        _CHECKS,
        ("Critical items", True),
        Place(size=(8, 8)),
    ),
    table(
        "Items that did not pass",
        "What the newest evaluations found: 1 is a warning, 2 critical, 3 an emergency.",
        {"cluster": "Cluster", "checklist": "Checklist", "item": "Item", "node": "Node"},
        (
            Column(
                "Severity",
                "max by (cluster, checklist, item, node) (powerscale_healthcheck_item_severity)",
                Look("short", ((None, "green"), (1, "orange"), (2, "red"))),
            ),
            Column(
                "Repair waits",
                "max by (cluster, checklist, item, node) (powerscale_healthcheck_item_repair_needed)",
                _ODD,
            ),
        ),
        ("Severity", True),
        Place(size=(10, 8), empty="all passed"),
    ),
    areas(
        "Open events",
        "Event groups that are not resolved, ignored ones too, by severity.",
        Look("short"),
        ("sum by (cluster, severity) (powerscale_events_open)", "{{cluster}} {{severity}}"),
        size=(6, 8),
    ),
)
_WORK = (
    number(
        "Engine connected",
        "Whether the engines of all nodes reach the coordinator, in every cluster.",
        _YES,
        "min(powerscale_job_engine_connected)",
        size=(4, 4),
    ),
    number(
        "Protection jobs",
        "FlexProtect jobs that are active: data is being protected again after a failure.",
        Look("short", looks.ANY_IS_ODD),
        "sum(powerscale_job_engine_protection_jobs)",
        size=(4, 4),
    ),
    number(
        "Upgrades not committed",
        "Clusters in an upgrade, a rollback or an assessment; no remediation starts there.",
        Look("short", looks.ANY_IS_ODD),
        "sum(powerscale_upgrade_committed == bool 0)",
        size=(4, 4),
    ),
    number(
        "Maintenance mode",
        "Clusters in maintenance mode: they alert nobody.",
        Look("short", looks.ANY_IS_ODD),
        "sum(powerscale_events_maintenance)",
        size=(4, 4),
    ),
    number(
        "Oldest event self-test",
        "Time since the cluster that tested its own event reporting longest ago did so; it does every day.",
        Look("s", ((None, "green"), (2 * 86_400, "orange"), (7 * 86_400, "red")), low=None),
        "time() - min(powerscale_events_heartbeat_timestamp_seconds)",
        size=(4, 4),
    ),
    number(
        "DataMover jobs failed",
        "DataMover policies whose newest job failed or is about to.",
        Look("short", looks.ANY_IS_BAD, empty="no policy"),
        "sum(powerscale_datamover_policy_job_failed)",
        size=(4, 4),
    ),
    table(
        "Jobs",
        "Jobs that are active now.",
        {"cluster": "Cluster", "job_id": "Job", "job_type": "Type"},
        _JOBS,
        ("Priority", False),
        Place(size=(12, 8), empty="no job is active"),
    ),
    timeline(
        "How jobs ended",
        "Whether the newest ended job of each type succeeded.",
        Look("none", words=looks.GOOD, empty="no job has ended lately"),
        ("powerscale_job_type_last_succeeded", "{{cluster}} {{job_type}}"),
    ),
)

BOARD = Board(
    "powerscale-protection",
    "PowerScale: data protection",
    "Replication and the age of copies, snapshots and their schedules, health checks and events, and the jobs of the Job Engine.",
    (CLUSTER,),
    (
        Row("Replication", _SYNC),
        Row("Snapshots", _SNAPSHOTS),
        Row("Health checks and events", _HEALTH),
        Row("Jobs", _WORK),
    ),
    since="now-24h",
    refresh="1m",
)
