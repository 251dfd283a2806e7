"""Event groups and their events as JSON."""

from __future__ import annotations

from mendwatch_onefs_sim.events.groups import EventGroup


def group_json(group: EventGroup) -> dict[str, object]:
    """Give a group as `event/eventgroup-occurrences` shows it."""
    return {
        "causes": [[group.cause[0], group.cause[1]]],
        "channels": [],
        "event_count": group.events,
        "eventgroup_instance": group.id,
        "id": group.id,
        "ignore": group.ignore,
        "ignore_time": group.ignore_time,
        "last_event": group.last_event or group.time,
        "resolve_time": group.resolve_time,
        "resolved": group.resolved,
        "resolver": group.resolver,
        "sequence": group.sequence,
        "severity": group.severity,
        "specifier": {"devid": group.devid, **group.specifier},
        "time_noticed": group.time,
    }


def list_json(group: EventGroup) -> dict[str, object]:
    """Give a group with its events as `event/eventlists` shows it, the oldest first."""
    times = [group.time, *([group.last_event] * (group.events - 1))]
    events = [_event(group, number, time) for number, time in enumerate(times)]
    return {"event_count": group.events, "eventgroup_instance": group.id, "events": events, "id": group.id}


def _event(group: EventGroup, number: int, time: int) -> dict[str, object]:
    return {
        "devid": group.devid,
        "ended": float(group.resolve_time) if group.resolved else 0.0,
        "event": group.cause[2],
        "id": f"{group.devid}.{1000 * group.sequence + number}",
        "lnn": group.lnn,
        "message": group.message,
        "resolve_time": group.resolve_time,
        "severity": group.severity,
        "specifier": {"devid": group.devid, **group.specifier},
        "time": time,
        "value": group.value,
    }
