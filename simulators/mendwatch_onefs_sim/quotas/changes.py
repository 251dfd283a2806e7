"""What a POST or a PUT may make of a quota, checked as the cluster checks it: types, order of the thresholds, links."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mendwatch_onefs_sim.answers import bad_request
from mendwatch_onefs_sim.quotas.quota import APP_LOGICAL, FS_LOGICAL, PHYSICAL, TYPES, Limits, Quota, Usage

_SIZES = ("hard", "soft", "advisory", "soft_grace")
_PERCENTS = {"percent_soft": "soft", "percent_advisory": "advisory"}
_FLAGS = ("container", "enforced")
_TEXTS = ("description", "labels")
#: Arguments of a change that say how it is checked and are not kept.
_MANNERS = ("force", "ignore_limit_checks")
_MEASURES = (FS_LOGICAL, APP_LOGICAL, PHYSICAL)
_PEOPLE = ("user", "group")
#: The number of somebody whom only a name was given for.
_STRANGER = 2999
_MOST = 2**63 - 1
_MOST_PERCENT = 100


def changed(quota: Quota, body: object) -> Quota:
    """Give the quota after a PUT; what the body does not name stays.

    Raises:
        PapiError: 400 with the field, as soon as one is wrong; nothing is changed then.
    """
    fields = _object(body, None)
    if quota.linked and fields.get("linked") is not False:
        raise bad_request("Linked quotas cannot be modified until they are unlinked", "linked")
    for name, value in fields.items():
        quota = _change(quota, name, value)
    return quota


def created(body: object) -> Quota:
    """Give the quota that a POST asks for, without an id; it counts nothing yet.

    Raises:
        PapiError: 400 with the field, as soon as one is wrong.
    """
    fields = dict(_object(body, None))
    path, kind, snapshots = (fields.pop(name, None) for name in ("path", "type", "include_snapshots"))
    if not isinstance(path, str) or not (path == "/ifs" or path.startswith("/ifs/")):
        raise bad_request("Value of 'path' is no path below /ifs", "path")
    if kind not in TYPES:
        raise bad_request(f"Value of 'type' is none of: {', '.join(TYPES)}", "type")
    persona = _persona(str(kind), fields.pop("persona", None))
    quota = Quota(
        "", path.rstrip("/"), Limits(), Usage(0), type=str(kind), persona=persona,
        include_snapshots=_boolean("include_snapshots", snapshots), enforced=bool(fields.get("thresholds")),
    )  # fmt: skip
    for name, value in fields.items():
        quota = _change(quota, name, value)
    return quota


def _persona(kind: str, value: object) -> tuple[str, str, str] | None:
    """Give whose a quota is; one for a person must name it, and no other may.

    Raises:
        PapiError: 400.
    """
    if (value is not None) != (kind in _PEOPLE):
        raise bad_request("Quotas for a user or a group need a persona, and only they", "persona")
    if value is None:
        return None
    fields = _object(value, "persona")
    name, identity = fields.get("name"), fields.get("id")
    if not isinstance(name, str) and not isinstance(identity, str):
        raise bad_request("A persona needs a name or an id", "persona")
    return kind, str(name or identity), str(identity or f"{'UID' if kind == 'user' else 'GID'}:{_STRANGER}")


def checked_limits(fields: object, limits: Limits) -> Limits:
    """Give the limits after the thresholds of a body; null removes one.

    Raises:
        PapiError: 400 with the field.
    """
    for name, value in _object(fields, "thresholds").items():
        limits = _limit(limits, name, value)
    _check_order(limits)
    return limits


def _change(quota: Quota, name: str, value: object) -> Quota:
    if name == "thresholds":
        return replace(quota, limits=checked_limits(value, quota.limits))
    if name in (*_FLAGS, "linked", *_MANNERS):
        flag: dict[str, Any] = {name: _boolean(name, value)}
        return quota if name in _MANNERS else replace(quota, **flag)
    if name in _TEXTS:
        text: dict[str, Any] = {name: _text(name, value)}
        return replace(quota, **text)
    if name == "thresholds_on" and value in _MEASURES:
        return replace(quota, thresholds_on=str(value))
    raise bad_request(f"Invalid field or value: '{name}'", name)


def _limit(limits: Limits, name: str, value: object) -> Limits:
    field = f"thresholds.{name}"
    if name in _PERCENTS:
        return _percent_limit(limits, name, value)
    if name not in _SIZES:
        raise bad_request(f"Invalid field: '{name}'", field)
    if value is None:
        return replace(limits, **{name: None})
    if isinstance(value, bool) or not isinstance(value, int):
        raise bad_request(f"Value of '{name}' is not of type integer", field)
    if not 1 <= value <= _MOST:
        raise bad_request(f"Value {value} of '{name}' is out of range: 1 to {_MOST}", field)
    return replace(limits, **{name: value})


def _percent_limit(limits: Limits, name: str, value: object) -> Limits:
    if value is None:
        return limits
    field = f"thresholds.{name}"
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MOST_PERCENT:
        raise bad_request(f"Value of '{name}' is not a percentage", field)
    if limits.hard is None:
        raise bad_request(f"'{name}' needs a hard threshold", field)
    return replace(limits, **{_PERCENTS[name]: int(limits.hard * value / 100)})


def _check_order(limits: Limits) -> None:
    if limits.soft is not None and limits.soft_grace is None:
        raise bad_request("A soft threshold needs a grace time", "thresholds.soft_grace")
    if limits.soft is not None and limits.hard is not None and limits.soft >= limits.hard:
        raise bad_request("The soft threshold must be less than the hard threshold", "thresholds.soft")
    if limits.advisory is not None and limits.hard is not None and limits.advisory >= limits.hard:
        raise bad_request("The advisory threshold must be less than the hard threshold", "thresholds.advisory")


def _object(value: object, field: str | None) -> dict[str, object]:
    if not isinstance(value, dict):
        raise bad_request("The body is not of type object" if field is None else f"'{field}' is not of type object", field)
    return value


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise bad_request(f"Value of '{name}' is not of type boolean", name)
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise bad_request(f"Value of '{name}' is not of type string", name)
    return value
