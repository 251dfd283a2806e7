"""From event groups to events and to counts. Pure.

Their texts are written by the cluster, and in part by whoever named a path: they are passed on as data, never judged here.
A heartbeat says that reporting works; it is no trouble, and is no event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import Event, Severity
from mendwatch_onefs.decoding import flag, moment, number, text, whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.event_definitions import Definitions, Kind
from mendwatch_onefs.event_lists import Detail

_HEARTBEATS = frozenset({"SW_CELOG_HEARTBEAT", "400050004"})
_FIELD = "event/eventgroup-occurrences: "


class EventGroup(msgspec.Struct):
    """One occurrence; `causes` are pairs of symbolic name and description, `resolver` is USER or the event that ended it."""

    id: Any = None
    eventgroup_instance: Any = None
    causes: Any = None
    severity: Any = None
    time_noticed: Any = None
    last_event: Any = None
    event_count: Any = None
    resolved: Any = None
    resolve_time: Any = None
    resolver: Any = None
    ignore: Any = None
    specifier: Any = None


class EventPage(msgspec.Struct):
    """One page of the list."""

    eventgroups: list[EventGroup]
    resume: Any = None


def key_of(group: EventGroup) -> str:
    """Give what tells a group apart; empty where nothing does."""
    return text(group.id) or text(group.eventgroup_instance) or ""


def stamp_of(group: EventGroup) -> str:
    """Give what changes when a group gets another event."""
    return f"{text(group.event_count)} {text(group.last_event)}"


def is_open(group: EventGroup) -> bool:
    """Tell whether a group holds: as long as it is not known to be resolved."""
    return flag(group.resolved) is not True


def is_heartbeat(group: EventGroup, definitions: Definitions) -> bool:
    """Tell whether a group is the cluster's daily proof that reporting works."""
    word, _ = _cause(group.causes)
    kind = definitions.of(word)
    return bool(_HEARTBEATS & ({word} if kind is None else {word, kind.code, kind.name}))


def newest_of(groups: Iterable[EventGroup]) -> float | None:
    """Give the newest time in some groups, in the cluster's own epoch seconds."""
    times = (number(raw) for group in groups for raw in (group.time_noticed, group.last_event, group.resolve_time))
    return max((time for time in times if time), default=None)


def events_of(
    groups: Iterable[EventGroup], now: datetime, definitions: Definitions, details: Mapping[str, Detail], drift: Drift
) -> tuple[Event, ...]:
    """Turn groups into events; one without an id cannot be told apart and gives none, nor does a heartbeat."""
    found: dict[str, Event] = {}
    for group in groups:
        key = key_of(group)
        if not key:
            drift.odd(f"{_FIELD}id")
        elif not is_heartbeat(group, definitions):
            found[key] = event_of(group, now, definitions, details.get(key), drift)
    return tuple(found.values())


def event_of(group: EventGroup, now: datetime, definitions: Definitions, detail: Detail | None, drift: Drift) -> Event:
    """Turn one group into an event; it is active, or it came and went."""
    word, description = _cause(group.causes)
    kind = definitions.of(word)
    attributes = {**_told(group.specifier), **_facts(group, kind, detail)}
    return Event(
        key=key_of(group),
        kind=(kind.name if kind else "") or word,
        subject=_subject(attributes),
        message=(detail.message if detail else "") or description,
        severity=severity_of(group.severity, drift),
        active=True if is_open(group) else None,
        time=moment(group.time_noticed, now),
        attributes=attributes,
    )


def severity_of(raw: Any, drift: Drift) -> Severity:  # noqa: ANN401 - foreign data
    """Give the severity; a word that this release invented is a warning, so that nobody overlooks it."""
    word = str(raw).strip().lower()
    if word in {severity.value for severity in Severity}:
        return Severity(word)
    drift.odd(f"{_FIELD}severity")
    return Severity.WARNING


def _facts(group: EventGroup, kind: Kind | None, detail: Detail | None) -> dict[str, str]:
    """Give what the cluster says of the group itself; it goes over anything of that name among the parameters."""
    facts = dict((detail and detail.attributes) or {})
    if kind is not None:
        facts.update({name: value for name, value in (("code", kind.code), ("category", kind.category)) if value})
    return {**facts, **dict(_marks(group))}


def _marks(group: EventGroup) -> Iterator[tuple[str, str]]:
    if flag(group.ignore) is True:
        yield "ignored", "true"
    if (events := whole(group.event_count)) is not None:
        yield "events", str(events)
    if flag(group.resolved) is True:
        if resolver := text(group.resolver):
            yield "resolver", resolver
        if ended := whole(group.resolve_time):
            yield "resolved_at", str(ended)


def _cause(raw: Any) -> tuple[str, str]:  # noqa: ANN401 - foreign data
    """Give name and description of the first cause; `unknown` and nothing where there is none."""
    first = raw[0] if isinstance(raw, list) and raw else None
    parts = [part if isinstance(part, str) else "" for part in first] if isinstance(first, list) else []
    name, description, *_ = [*parts, "", ""]
    return name or "unknown", description


def _told(raw: Any) -> dict[str, str]:  # noqa: ANN401 - foreign data
    """Give the specifier's values as text; those that are null are left out."""
    pairs = ((name, text(value)) for name, value in raw.items()) if isinstance(raw, dict) else ()
    return {name: value for name, value in pairs if value is not None}


def _subject(attributes: Mapping[str, str]) -> str:
    """Give what the event is about: a path, else a node by its number or its device, else the whole cluster."""
    if attributes.get("path"):
        return attributes["path"]
    devid = attributes.get("devid", "0")
    return "cluster" if devid == "0" else f"devid {devid}"
