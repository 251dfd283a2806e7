"""A quota as JSON: as resource versions 8 and newer give it, and as the older ones did."""

from __future__ import annotations

from mendwatch_onefs_sim.quotas.quota import APP_LOGICAL, FS_LOGICAL, PHYSICAL, Limits, Quota

#: The first version with `thresholds_on` and the usage split in application, file-system and physical bytes.
_SPLIT_USAGE = 8

#: How many bytes of each kind there are per byte of file-system logical size: protection costs a third.
_RATIOS = {APP_LOGICAL: 0.975, FS_LOGICAL: 1.0, PHYSICAL: 1.36}
_PROTECTION = 0.26
_SHADOW = 0.01
_BYTES_PER_FILE = 262_144


def as_json(quota: Quota, now: float, version: int) -> dict[str, object]:
    """Give the quota as the resource's version shows it at a moment."""
    common = {
        "container": quota.container,
        "enforced": quota.enforced,
        "id": quota.id,
        "include_snapshots": quota.include_snapshots,
        "linked": quota.linked,
        "notifications": "default",
        "path": quota.path,
        "persona": _persona(quota),
        "ready": quota.ready,
        "thresholds": _thresholds(quota),
        "type": quota.type,
    }
    return {**common, **(_new(quota, now) if version >= _SPLIT_USAGE else _old(quota, now))}


def _new(quota: Quota, now: float) -> dict[str, object]:
    return {
        "description": quota.description,
        "efficiency_ratio": round(1 / _RATIOS[PHYSICAL], 4) if quota.ready else None,
        "labels": quota.labels,
        "reduction_ratio": 1.0 if quota.ready else None,
        "thresholds_on": quota.thresholds_on,
        "usage": _usage(quota, now),
    }


def _old(quota: Quota, now: float) -> dict[str, object]:
    sizes = _sizes(quota, now)
    return {
        "thresholds_include_overhead": quota.thresholds_on == PHYSICAL,
        "usage": {"inodes": _files(sizes), "logical": sizes[FS_LOGICAL], "physical": sizes[PHYSICAL]},
    }


def _thresholds(quota: Quota) -> dict[str, object]:
    limits, exceeded = quota.limits, quota.exceeded
    return {
        "advisory": limits.advisory,
        "advisory_exceeded": exceeded.advisory is not None,
        "advisory_last_exceeded": exceeded.advisory,
        "hard": limits.hard,
        "hard_exceeded": exceeded.hard is not None,
        "hard_last_exceeded": exceeded.hard,
        "percent_advisory": _percent(limits.advisory, limits),
        "percent_soft": _percent(limits.soft, limits),
        "soft": limits.soft,
        "soft_exceeded": exceeded.soft is not None,
        "soft_grace": limits.soft_grace,
        "soft_last_exceeded": exceeded.soft,
    }


def _percent(limit: int | None, limits: Limits) -> float | None:
    return None if limit is None or limits.hard is None else round(100 * limit / limits.hard, 2)


def _usage(quota: Quota, now: float) -> dict[str, object]:
    sizes = _sizes(quota, now)
    protection = round(sizes[FS_LOGICAL] * _PROTECTION)
    numbers = {
        "applogical": sizes[APP_LOGICAL],
        "fslogical": sizes[FS_LOGICAL],
        "fsphysical": sizes[PHYSICAL] - protection,
        "inodes": _files(sizes),
        "physical": sizes[PHYSICAL],
        "physical_data": sizes[PHYSICAL] - protection,
        "physical_protection": protection,
        "shadow_refs": round(sizes[FS_LOGICAL] * _SHADOW) // _BYTES_PER_FILE,
    }
    return {**numbers, **{f"{name}_ready": quota.ready for name in numbers}}


def _sizes(quota: Quota, now: float) -> dict[str, int]:
    used = quota.usage.at(now)
    logical = used / _RATIOS[quota.thresholds_on]
    return {**{kind: round(logical * ratio) for kind, ratio in _RATIOS.items()}, quota.thresholds_on: used}


def _files(sizes: dict[str, int]) -> int:
    return 1 + sizes[FS_LOGICAL] // _BYTES_PER_FILE


def _persona(quota: Quota) -> dict[str, str] | None:
    if quota.persona is None:
        return None
    kind, name, identity = quota.persona
    return {"id": identity, "name": name, "type": kind}
