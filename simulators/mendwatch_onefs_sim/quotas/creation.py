"""A new quota from the control API: any path, taken literally."""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch.errors import UserError
from mendwatch_onefs_sim.quotas.changes import checked_limits
from mendwatch_onefs_sim.quotas.quota import APP_LOGICAL, DIRECTORY, FS_LOGICAL, PHYSICAL, TYPES, Limits, Quota, Usage

_LIMITS = {"hard_limit": "hard", "soft_limit": "soft", "advisory_limit": "advisory", "soft_grace": "soft_grace"}
_FIELDS = {"path", "usage_bytes", "type", "thresholds_on", "ready", "linked", *_LIMITS}


def read_quota(body: Mapping[str, object]) -> Quota:
    """Read a quota: `path` is needed; sizes are bytes, limits null or absent where there is none; the id comes later.

    Raises:
        UserError: a field is unknown or cannot be used.
        PapiError: the limits contradict each other.
    """
    unknown = set(body) - _FIELDS
    if unknown or not isinstance(body.get("path"), str):
        raise UserError(f"this is no quota: {sorted(unknown) or 'no path'}", hint=f"Fields: {', '.join(sorted(_FIELDS))}.")
    limits = checked_limits({theirs: body[ours] for ours, theirs in _LIMITS.items() if ours in body}, Limits())
    return Quota(
        "",
        str(body["path"]),
        limits,
        Usage(_bytes(body.get("usage_bytes", 0))),
        type=_one_of(body.get("type", DIRECTORY), TYPES),
        thresholds_on=_one_of(body.get("thresholds_on", FS_LOGICAL), (FS_LOGICAL, APP_LOGICAL, PHYSICAL)),
        enforced=limits != Limits(),
        ready=body.get("ready", True) is True,
        linked=body.get("linked", False) is True,
    )


def _bytes(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UserError(f"{value!r} is no number of bytes", hint="Give a whole number, 0 or more.")
    return value


def _one_of(value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise UserError(f"{value!r} is not known here", hint=f"Give one of: {', '.join(allowed)}.")
    return str(value)
