"""The snapshots, schedules and settings that the cluster has when it starts."""

from __future__ import annotations

from mendwatch_onefs_sim.hardware import GIB
from mendwatch_onefs_sim.snapshots.snapshot import Lock, Schedule, Snapshot
from mendwatch_onefs_sim.waves import fraction

_HOUR = 3_600
_DAY = 86_400
#: Snapshots that the daily schedule has left.
_DAILY, _HOURLY = 7, 12
_FIRST = 100

#: What snapshot/settings says.
SETTINGS: dict[str, bool | float] = {
    "autocreate": True,
    "autodelete": True,
    "global_visible_accessible": False,
    "local_root_accessible": True,
    "local_root_visible": True,
    "local_subdir_accessible": True,
    "nfs_root_accessible": True,
    "nfs_root_visible": True,
    "nfs_subdir_accessible": True,
    "reserve": 0.0,
    "service": True,
    "smb_root_accessible": True,
    "smb_root_visible": True,
    "smb_subdir_accessible": False,
}


def starting_schedules() -> tuple[Schedule, ...]:
    """Give the first schedules."""
    return (
        Schedule(
            1, "daily-home", "/ifs/home", "home_%Y-%m-%d", "every 1 days at 01:00", _DAY, _HOUR, _DAILY * _DAY,
        ),
        Schedule(
            2, "hourly-projects", "/ifs/data/projects", "projects_%Y-%m-%d_%H", "every 1 hours", _HOUR, 0, _HOURLY * _HOUR,
        ),
    )  # fmt: skip


def starting_snapshots(seed: int, epoch: int) -> list[Snapshot]:
    """Give the first snapshots: those of the schedules, one of a person, one of SyncIQ with a lock."""
    found: list[Snapshot] = []

    def add(name: str, path: str, created: int, expires: int | None, **more: object) -> None:
        number = _FIRST + 2 * len(found)
        size = int(GIB * (1 + 40 * fraction(seed, "snapshot", number)))
        found.append(Snapshot(number, name, path, created, expires, size=size, **more))  # type: ignore[arg-type]

    for schedule, count in zip(starting_schedules(), (_DAILY, _HOURLY), strict=True):
        last = (schedule.next_run(epoch) or epoch) - schedule.period
        for age in reversed(range(count)):
            created = last - age * schedule.period
            expires = created + (schedule.duration or 0)
            add(f"{schedule.name}_{created}", schedule.path, created, expires, schedule=schedule.name)
    add("before-migration", "/ifs/data/archive", epoch - 90 * _DAY, None)
    add("SIQ-5f0c-latest", "/ifs/data/projects", epoch - 2 * _HOUR, None, locks=(Lock(1, "SyncIQ"),))
    return found
