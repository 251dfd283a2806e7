"""Event groups and their events as JSON."""

from __future__ import annotations

from mendwatch_onefs_sim.events.groups import EventGroup


def group_json(group: EventGroup) -> dict[str, object]:
    """Give a group as `event/eventgroup-occurrences` shows it."""
    return {
        "causes": [[group.cause[0], group.cause[1]]],
        "channels": [],
        "event_count": 1,
        "eventgroup_instance": group.id,
        "id": group.id,
        "ignore": group.ignore,
        "ignore_time": group.ignore_time,
        "last_event": group.time,
        "resolve_time": group.resolve_time,
        "resolved": group.resolved,
        "resolver": group.resolver,
        "sequence": group.sequence,
        "severity": group.severity,
        "specifier": {"devid": group.devid, **group.specifier},
        "time_noticed": group.time,
    }


def list_json(group: EventGroup) -> dict[str, object]:
    """Give a group with its events as `event/eventlists` shows it."""
    event = {
        "devid": group.devid,
        "ended": float(group.resolve_time) if group.resolved else 0.0,
        "event": group.cause[2],
        "id": f"{group.devid}.{group.sequence}",
        "lnn": group.lnn,
        "message": group.message,
        "resolve_time": group.resolve_time,
        "severity": group.severity,
        "specifier": {"devid": group.devid, **group.specifier},
        "time": group.time,
        "value": group.value,
    }
    return {"event_count": 1, "eventgroup_instance": group.id, "events": [event], "id": group.id}
