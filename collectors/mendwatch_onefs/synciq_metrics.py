"""What replication is measured by: metrics and records of SyncIQ, its policies on both sides. A table; it reads nothing."""

from __future__ import annotations

from mendwatch.model.samples import MetricSpec, RecordSchema

#: OneFS' states of a job, as labels.
STATES = (
    "scheduled", "running", "paused", "finished", "failed", "canceled", "needs_attention", "skipped", "pending", "unknown",
    "success_w/_prior_failures",
)  # fmt: skip
#: Those of a job that is at work or waits for its turn.
GOING = ("scheduled", "running", "paused", "pending")
#: Those of a job that did not do what it should.
BAD = ("failed", "needs_attention")
SERVICE_STATES = ("on", "off", "paused")
FAILOVER_STATES = (
    "writes_disabled", "enabling_writes", "writes_enabled", "disabling_writes", "creating_resync_policy", "resync_policy_created",
)  # fmt: skip

POLICY = ("policy",)
TARGET = ("policy", "source")
_POLICIES, _REPORTS, _JOBS = "sync/policies", "sync/reports", "sync/jobs"
_TARGETS = "sync/target/policies"


def _spec(name: str, words: str, source: str, labels: tuple[str, ...] = ()) -> MetricSpec:
    unit = next((unit for unit in ("bytes", "seconds") if name.endswith(unit)), "")
    return MetricSpec(f"powerscale_synciq_{name}", f"{words} ({source}).", unit=unit, labels=labels)


SERVICE = _spec("service_on", "Whether the replication service is on, neither off nor paused", "sync/settings: service")
SERVICE_STATE = _spec("service_state", "1 for the state that the service is in", "sync/settings: service", ("state",))
RPO_ALERTS = _spec("rpo_alerts_enabled", "Whether OneFS itself alerts about replication that is late", "sync/settings: rpo_alerts")
JOBS = _spec("jobs", "Jobs that are listed now, by state", f"{_JOBS}: state", ("state",))
POLICIES = _spec("policies", "Replication policies of this cluster", _POLICIES)

INFO = _spec(
    "policy_info", "Always 1; what the policy copies where", f"{_POLICIES}: action, source_root_path, target_host, target_path",
    ("policy", "action", "source_path", "target_host", "target_path"),
)  # fmt: skip
ENABLED = _spec("policy_enabled", "Whether jobs start by the schedule", f"{_POLICIES}: enabled", POLICY)
CONFLICTED = _spec(
    "policy_conflicted", "Whether no job starts until somebody resolves the policy", f"{_POLICIES}: conflicted", POLICY
)
SYNCED = _spec("policy_has_sync_state", "Whether the first synchronization is done", f"{_POLICIES}: has_sync_state", POLICY)
STATE = _spec("policy_last_job_state", "1 for the state of the newest job", f"{_POLICIES}: last_job_state", ("policy", "state"))
FAILED = _spec(
    "policy_failed", "Whether the newest job failed or needs attention; absent for a state nobody knows",
    f"{_POLICIES}: last_job_state", POLICY,
)  # fmt: skip
STARTED = _spec("policy_last_started_timestamp_seconds", "When the newest job started", f"{_POLICIES}: last_started", POLICY)
SUCCESS = _spec("policy_last_success_timestamp_seconds", "When a job last succeeded", f"{_POLICIES}: last_success", POLICY)
NEXT = _spec("policy_next_run_timestamp_seconds", "When the next job starts", f"{_POLICIES}: next_run", POLICY)
RPO = _spec("policy_rpo_seconds", "How old the copy may become; absent where nobody said", f"{_POLICIES}: rpo_alert", POLICY)
AGE = _spec("policy_rpo_age_seconds", "How old the copy is: time since the last success", f"{_POLICIES}: last_success", POLICY)
DURATION = _spec("policy_last_duration_seconds", "How long the newest reported job took", f"{_REPORTS}: duration", POLICY)
ERRORS = _spec("policy_last_errors", "Errors of the newest reported job", f"{_REPORTS}: error, errors", POLICY)
COPIED = _spec(
    "policy_last_transferred_bytes", "Bytes that the newest reported job moved", f"{_REPORTS}: bytes_transferred", POLICY
)
ENDED = _spec("policy_last_end_timestamp_seconds", "When the newest reported job ended", f"{_REPORTS}: end_time", POLICY)
REPORTED = _spec("policy_last_report_state", "1 for the state of the newest report", f"{_REPORTS}: state", ("policy", "state"))
RUNNING = _spec("policy_running", "Whether a job of the policy runs now", f"{_JOBS}: state", POLICY)
RUNNING_SECONDS = _spec("policy_running_seconds", "How long the job runs; absent while none does", f"{_JOBS}: duration", POLICY)

TARGET_STATE = _spec(
    "target_policy_last_job_state",
    "1 for the state of the newest job from there",
    f"{_TARGETS}: last_job_state",
    (*TARGET, "state"),
)
TARGET_FAILED = _spec("target_policy_failed", "Whether the newest job from there failed", f"{_TARGETS}: last_job_state", TARGET)
TARGET_FAILOVER = _spec(
    "target_policy_failover_state", "1 for the state of failover and failback", f"{_TARGETS}: failover_failback_state",
    (*TARGET, "state"),
)  # fmt: skip
TARGET_AGE = _spec(
    "target_policy_update_age_seconds", "Time since the source last sent anything", f"{_TARGETS}: last_update_from_source", TARGET
)

_OF_POLICY = (
    ENABLED, CONFLICTED, SYNCED, FAILED, STARTED, SUCCESS, NEXT, RPO, AGE, DURATION, ERRORS, COPIED, ENDED, RUNNING,
    RUNNING_SECONDS,
)  # fmt: skip
_OF_TARGET = (TARGET_FAILED, TARGET_AGE)
METRICS = (
    SERVICE, SERVICE_STATE, RPO_ALERTS, JOBS, POLICIES, INFO, STATE, REPORTED, *_OF_POLICY, TARGET_STATE, TARGET_FAILOVER,
    *_OF_TARGET,
)  # fmt: skip

SCHEMA = RecordSchema(
    "synciq",
    labels=(),
    fields={"service_on": SERVICE.name, "rpo_alerts_enabled": RPO_ALERTS.name, "policies": POLICIES.name},
    help="The replication service of the cluster.",
)
POLICY_SCHEMA = RecordSchema(
    "sync_policy",
    labels=POLICY,
    fields={spec.name.removeprefix("powerscale_synciq_policy_"): spec.name for spec in _OF_POLICY},
    help="One replication policy of this cluster: its newest job, its newest report, and how old the copy is.",
)
TARGET_SCHEMA = RecordSchema(
    "sync_target_policy",
    labels=TARGET,
    fields={spec.name.removeprefix("powerscale_synciq_target_policy_"): spec.name for spec in _OF_TARGET},
    help="One policy of another cluster that copies to this one.",
)
