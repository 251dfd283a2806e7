"""What snapshots, their schedules and their settings are measured by: metrics and records. A table; it reads nothing."""

from __future__ import annotations

from mendwatch.model.samples import MetricSpec, RecordSchema

_LIST, _SUMMARY, _SETTINGS = "snapshot/snapshots", "snapshot/snapshots-summary", "snapshot/settings"


def _spec(name: str, words: str, source: str, labels: tuple[str, ...] = ()) -> MetricSpec:
    unit = next((unit for unit in ("bytes", "seconds", "ratio") if name.endswith(unit)), "")
    return MetricSpec(f"powerscale_snapshot{name}", f"{words} ({source}).", unit=unit, labels=labels)


ACTIVE = _spec("s_active", "Snapshots that are kept, without aliases", f"{_LIST}: state")
DELETING = _spec("s_deleting", "Snapshots that wait for the SnapshotDelete job", f"{_LIST}: state")
OTHER = _spec("s_in_state", "Snapshots in states that are neither active nor deleting", f"{_LIST}: state", ("state",))
EXPIRED = _spec("s_expired", "Snapshots that have expired and are still active", f"{_LIST}: expires, state")
EXPIRED_SIZE = _spec("s_expired_bytes", "Bytes of expired snapshots that are still active", f"{_LIST}: expires, size")
EXPIRED_LOCKED = _spec("s_expired_locked", "Expired snapshots that a lock keeps", f"{_LIST}: expires, has_locks")
OVERDUE = _spec(
    "s_expired_overdue_seconds",
    "How long ago the longest expired snapshot without a lock should have gone; 0 where none is",
    f"{_LIST}: expires",
)
LOCKED = _spec("s_locked", "Active snapshots with locks", f"{_LIST}: has_locks")
OLDEST = _spec("s_oldest_created_timestamp_seconds", "When the oldest active snapshot was made", f"{_LIST}: created")
SHARE = _spec("s_active_filesystem_ratio", "Share of /ifs that active snapshots hold together", f"{_LIST}: pct_filesystem")
LISTED = (ACTIVE, DELETING, OTHER, EXPIRED, EXPIRED_SIZE, EXPIRED_LOCKED, OVERDUE, LOCKED, OLDEST, SHARE)

SIZE = _spec("s_bytes", "Bytes that all snapshots hold", f"{_SUMMARY}: size")
ACTIVE_SIZE = _spec("s_active_bytes", "Bytes that active snapshots hold", f"{_SUMMARY}: active_size")
DELETING_SIZE = _spec("s_deleting_bytes", "Bytes that come free once deletion is done", f"{_SUMMARY}: deleting_size")
SHADOW = _spec("s_shadow_bytes", "Bytes of shadow stores that snapshots refer to; may be negative", f"{_SUMMARY}: shadow_bytes")
ALIASES = _spec("_aliases", "Snapshot aliases", f"{_SUMMARY}: aliases_count")
#: The fields of the summary, each with its metric.
SUMMED = {"size": SIZE, "active_size": ACTIVE_SIZE, "deleting_size": DELETING_SIZE, "aliases_count": ALIASES}

AUTODELETE = _spec("_autodelete_enabled", "Whether expired snapshots are deleted by themselves", f"{_SETTINGS}: autodelete")
AUTOCREATE = _spec("_autocreate_enabled", "Whether schedules make snapshots", f"{_SETTINGS}: autocreate")
SERVICE = _spec("_service_enabled", "Whether snapshots can be made at all", f"{_SETTINGS}: service")
RESERVE = _spec("_reserve_ratio", "Share of the file system that is reserved for snapshots", f"{_SETTINGS}: reserve")
#: The switches of the settings, each with its metric.
SWITCHES = {"autodelete": AUTODELETE, "autocreate": AUTOCREATE, "service": SERVICE}

PENDING = _spec("s_pending", "Snapshots that schedules will make within a day", "snapshot/pending")

SCHEDULE = ("schedule",)
NEXT = _spec("_schedule_next_run_timestamp_seconds", "When the schedule runs next", "snapshot/schedules: next_run", SCHEDULE)
LATE = _spec(
    "_schedule_overdue_seconds", "How long the next run of the schedule is overdue; 0 if it is not", "snapshot/schedules: next_run",
    SCHEDULE,
)  # fmt: skip
KEPT = _spec("_schedule_snapshots", "Active snapshots that the schedule made", f"{_LIST}: schedule", SCHEDULE)
KEPT_SIZE = _spec("_schedule_bytes", "Bytes of active snapshots that the schedule made", f"{_LIST}: schedule, size", SCHEDULE)
NEWEST = _spec(
    "_schedule_newest_timestamp_seconds",
    "When the schedule's newest active snapshot was made",
    f"{_LIST}: schedule, created",
    SCHEDULE,
)
DURATION = _spec(
    "_schedule_retention_seconds", "How long the schedule's snapshots are kept", "snapshot/schedules: duration", SCHEDULE
)
SCHEDULED = (NEXT, LATE, KEPT, KEPT_SIZE, NEWEST, DURATION)

_WHOLE = (
    *(spec for spec in LISTED if not spec.labels), SIZE, ACTIVE_SIZE, DELETING_SIZE, SHADOW, *SWITCHES.values(), RESERVE, PENDING,
)  # fmt: skip
METRICS = (*LISTED, *SUMMED.values(), SHADOW, *SWITCHES.values(), RESERVE, PENDING, *SCHEDULED)

SCHEMA = RecordSchema(
    "snapshots",
    labels=(),
    fields={spec.name.removeprefix("powerscale_snapshots_").removeprefix("powerscale_snapshot_"): spec.name for spec in _WHOLE},
    help="All snapshots of the cluster together, and the settings that they obey.",
)
SCHEDULE_SCHEMA = RecordSchema(
    "snapshot_schedule",
    labels=SCHEDULE,
    fields={spec.name.removeprefix("powerscale_snapshot_schedule_"): spec.name for spec in SCHEDULED},
    help="One snapshot schedule: when it runs next, and what it has made.",
)
