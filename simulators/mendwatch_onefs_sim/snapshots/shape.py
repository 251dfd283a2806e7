"""Snapshots, schedules and their sums as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mendwatch_onefs_sim.hardware import TIB
from mendwatch_onefs_sim.snapshots.snapshot import ACTIVE, DELETING, Lock, Schedule, Snapshot

_FILE_SYSTEM = 240 * TIB
_DAY = 86_400
#: A schedule that never ends gives no more than this many.
_MOST = 1000


def snapshot_json(snapshot: Snapshot) -> dict[str, object]:
    """Give a snapshot as `snapshot/snapshots` shows it; one that is being deleted has lost its name."""
    return {
        "alias": None,
        "created": snapshot.created,
        "expires": snapshot.expires,
        "has_locks": bool(snapshot.locks),
        "id": snapshot.id,
        "name": None if snapshot.state == DELETING else snapshot.name,
        "path": snapshot.path,
        "pct_filesystem": 100 * snapshot.size / _FILE_SYSTEM,
        "pct_reserve": 0.0,
        "schedule": snapshot.schedule,
        "shadow_bytes": snapshot.shadow,
        "size": snapshot.size,
        "state": snapshot.state,
        "target_id": None,
        "target_name": None,
    }


def summary_json(snapshots: Iterable[Snapshot]) -> dict[str, object]:
    """Give the sums as `snapshot/snapshots-summary` shows them."""
    found = list(snapshots)
    sizes = {state: [one.size for one in found if one.state == state] for state in (ACTIVE, DELETING)}
    return {
        "active_count": len(sizes[ACTIVE]),
        "active_size": sum(sizes[ACTIVE]),
        "aliases_count": 0,
        "count": len(found),
        "deleting_count": len(sizes[DELETING]),
        "deleting_size": sum(sizes[DELETING]),
        "shadow_bytes": sum(one.shadow for one in found),
        "size": sum(map(sum, sizes.values())),
    }


def schedule_json(schedule: Schedule, epoch: int) -> dict[str, object]:
    """Give a schedule as `snapshot/schedules` shows it."""
    due = schedule.next_run(epoch)
    return {
        "alias": None,
        "duration": schedule.duration,
        "id": schedule.id,
        "name": schedule.name,
        "next_run": due,
        "next_snapshot": None if due is None else f"{schedule.name}_{due}",
        "path": schedule.path,
        "pattern": schedule.pattern,
        "schedule": schedule.words,
    }


def pending_json(schedules: Iterable[Schedule], begin: int, end: int | None) -> list[dict[str, object]]:
    """Give the snapshots that will be made between two times, the next first."""
    last = begin + 30 * _DAY if end is None else end
    found = [one for schedule in schedules for one in _pending(schedule, begin, last)]
    return sorted(found, key=lambda one: str(one["id"]))


def _pending(schedule: Schedule, begin: int, end: int) -> Iterator[dict[str, object]]:
    due = schedule.next_run(begin)
    for _ in range(_MOST):
        if due is None or due > end:
            return
        yield {
            "id": f"{due}:{schedule.id}",
            "path": schedule.path,
            "schedule": schedule.name,
            "snapshot": f"{schedule.name}_{due}",
            "time": due,
        }
        due += schedule.period


def lock_json(lock: Lock) -> dict[str, object]:
    """Give a lock as `snapshot/snapshots/{id}/locks` shows it."""
    return {"comment": lock.comment, "count": 1, "expires": lock.expires, "id": lock.id}
