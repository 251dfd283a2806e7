"""Event groups that are open now, from event/eventgroup-occurrences, every page of them.

Their texts are written by the cluster, and in part by whoever named a path: they are passed on as data, never judged here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import Event, MetricSpec, Reading, Sample, Severity
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.client import OneFSClient
from mendwatch_onefs.decoding import flag, moment, text

OPEN = MetricSpec(
    "powerscale_events_open",
    "Event groups that are not resolved, ignored ones too (event/eventgroup-occurrences: resolved).",
    labels=("severity",),
)
IGNORED = MetricSpec(
    "powerscale_events_ignored", "Open event groups that somebody chose to ignore (event/eventgroup-occurrences: ignore)."
)


class EventGroup(msgspec.Struct):
    """One occurrence; `causes` are pairs of symbolic name and description."""

    id: Any = None
    eventgroup_instance: Any = None
    causes: Any = None
    severity: Any = None
    time_noticed: Any = None
    resolved: Any = None
    ignore: Any = None
    specifier: Any = None


class EventPage(msgspec.Struct):
    """One page of the list."""

    eventgroups: list[EventGroup]
    resume: Any = None


class EventsCollector:
    """Reads every event group that is not resolved."""

    spec = CollectorSpec("events", interval=30.0, timeout=60.0, metrics=(OPEN, IGNORED))

    async def collect(self, session: OneFSClient, now: datetime) -> Reading:
        """Fetch every page once; an event that is absent from the reading is over."""
        pages = session.pages(12, "event/eventgroup-occurrences", EventPage, {"resolved": "false"})
        groups = [group async for page in pages for group in page.eventgroups]
        return Reading(counts_of(groups, now), events_of(groups, now), events_complete=True)


def events_of(groups: Iterable[EventGroup], now: datetime) -> tuple[Event, ...]:
    """Turn groups into events; one without an id cannot be told apart and gives none."""
    found = {event.key: event for event in (event_of(group, now) for group in groups) if event is not None}
    return tuple(found.values())


def event_of(group: EventGroup, now: datetime) -> Event | None:
    """Turn one group into an event; `active` as long as it is not known to be resolved."""
    key = text(group.id) or text(group.eventgroup_instance)
    if not key:
        return None
    kind, message = _cause(group.causes)
    attributes = _attributes(group.specifier)
    return Event(
        key=key,
        kind=kind,
        subject=_subject(attributes),
        message=message,
        severity=severity_of(group.severity),
        active=flag(group.resolved) is not True,
        time=moment(group.time_noticed, now),
        attributes=attributes,
    )


def counts_of(groups: Iterable[EventGroup], now: datetime) -> tuple[Sample, ...]:
    """Count the open groups by severity. All pages have been read, so that none is a true 0."""
    active = [group for group in groups if flag(group.resolved) is not True]
    severities = [severity_of(group.severity) for group in active]
    ignored = sum(flag(group.ignore) is True for group in active)
    samples = (Sample(OPEN.name, float(severities.count(severity)), (severity.value,), now) for severity in Severity)
    return (*samples, Sample(IGNORED.name, float(ignored), time=now))


def severity_of(raw: Any) -> Severity:  # noqa: ANN401 - foreign data
    """Give the severity; a word that this release invented is a warning, so that nobody overlooks it."""
    try:
        return Severity(str(raw).strip().lower())
    except ValueError:
        return Severity.WARNING


def _cause(raw: Any) -> tuple[str, str]:  # noqa: ANN401 - foreign data
    """Give name and description of the first cause; `unknown` and nothing where there is none."""
    first = raw[0] if isinstance(raw, list) and raw else None
    parts = [part if isinstance(part, str) else "" for part in first] if isinstance(first, list) else []
    name, description, *_ = [*parts, "", ""]
    return name or "unknown", description


def _attributes(raw: Any) -> dict[str, str]:  # noqa: ANN401 - foreign data
    """Give the specifier's values as text; those that are null are left out."""
    pairs = ((name, text(value)) for name, value in raw.items()) if isinstance(raw, dict) else ()
    return {name: value for name, value in pairs if value is not None}


def _subject(attributes: dict[str, str]) -> str:
    """Give what the event is about: a path, else a node's device, else the whole cluster."""
    if attributes.get("path"):
        return attributes["path"]
    devid = attributes.get("devid", "0")
    return "cluster" if devid == "0" else f"devid {devid}"
