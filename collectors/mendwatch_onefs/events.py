"""Event groups: those that are open, those that came and went while nobody looked, and whether maintenance silences them.

From event/eventgroup-occurrences, every page, with event/eventlists, event/eventgroup-definitions and event/maintenance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import BadAnswer
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample, Severity
from mendwatch.provider import CollectorSpec
from mendwatch_onefs import event_definitions, event_lists
from mendwatch_onefs.decoding import flag, number
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.event_definitions import Definitions
from mendwatch_onefs.event_groups import (
    EventGroup,
    EventPage,
    events_of,
    is_heartbeat,
    is_open,
    key_of,
    newest_of,
    severity_of,
    stamp_of,
)
from mendwatch_onefs.event_lists import Detail
from mendwatch_onefs.session import OneFSSession

OPEN = MetricSpec(
    "powerscale_events_open",
    "Event groups that are not resolved, ignored ones too, heartbeats not (event/eventgroup-occurrences: resolved).",
    labels=("severity",),
)
OLDEST = MetricSpec(
    "powerscale_events_oldest_age_seconds",
    "How long the oldest open event group is open; absent where none is (event/eventgroup-occurrences: time_noticed).",
    unit="seconds",
    labels=("severity",),
)
IGNORED = MetricSpec(
    "powerscale_events_ignored", "Open event groups that somebody chose to ignore (event/eventgroup-occurrences: ignore)."
)
MAINTENANCE = MetricSpec(
    "powerscale_events_maintenance",
    "Whether the cluster is in maintenance mode and alerts nobody (event/maintenance: maintenance).",
)
HEARTBEAT = MetricSpec(
    "powerscale_events_heartbeat_timestamp_seconds",
    "When the cluster last tested its own event reporting (event/eventgroup-occurrences: last_event of SW_CELOG_HEARTBEAT).",
    unit="seconds",
)
#: Seconds before the newest event that was seen, from which on the resolved ones are asked for: some appear in the list late.
OVERLAP = 300.0
#: Seconds that the first poll looks back, to know what was over before the agent started. It tells none of it.
FIRST = 86_400.0


class Maintenance(msgspec.Struct):
    """Whether maintenance mode is on."""

    maintenance: Any = None


class Mark(msgspec.Struct):
    """Where an agent stopped: the newest time that it saw, and the groups around it that were over."""

    newest: float
    over: tuple[str, ...]


@dataclass(slots=True)
class EventsMemory:
    """What is kept of one cluster between two polls. `told` are the groups that need not be told again once they are over."""

    definitions: Definitions | None = None
    release: str | None = None
    told: frozenset[str] | None = None
    newest: float | None = None
    details: dict[str, Detail] = field(default_factory=dict)


class EventsCollector:
    """Reads every event group that is not resolved, and those that opened and were resolved since the last poll."""

    spec = CollectorSpec(
        "events",
        interval=30.0,
        timeout=60.0,
        metrics=(OPEN, OLDEST, IGNORED, MAINTENANCE, HEARTBEAT),
        schemas=(
            RecordSchema(
                "events",
                ("severity",),
                {"open": OPEN.name, "oldest_age_seconds": OLDEST.name},
                help="The open event groups of one severity.",
            ),
            RecordSchema(
                "celog",
                (),
                {"ignored": IGNORED.name, "maintenance": MAINTENANCE.name, "heartbeat_timestamp_seconds": HEARTBEAT.name},
                help="The cluster's own event reporting.",
            ),
            RecordSchema.of_events("event", ("category", "ignored"), help="One event group that is open, or that came and went."),
        ),
        privileges=("ISI_PRIV_EVENT",),
    )

    def resume(self, session: OneFSSession, mark: str) -> None:
        """Look back to where the agent before stopped; what was over by then was told by that one."""
        memory = session.memory(EventsMemory)
        try:
            kept = msgspec.json.decode(mark.encode(), type=Mark)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return
        memory.newest, memory.told = kept.newest, frozenset(kept.over)

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch every page once; an event that is absent from the reading is over."""
        memory, drift = session.memory(EventsMemory), Drift()
        definitions = await _definitions(session, memory, drift)
        groups = await _groups(session, {"resolved": "false"})
        begin = (now.timestamp() - FIRST) if memory.newest is None else memory.newest - OVERLAP
        over = await _groups(session, {"resolved": "true", "begin": str(int(begin))})
        held = [group for group in groups if is_open(group)]
        missed = [] if memory.told is None else [group for group in over if key_of(group) not in memory.told]
        told = [*(group for group in missed if not is_open(group)), *held]
        memory.details = await event_lists.refresh(session, memory.details, _wanted(told, definitions), drift)
        maintenance = await session.offered(12, "event/maintenance", Maintenance)
        events = events_of(told, now, definitions, memory.details, drift)
        samples = (*counts_of(groups, definitions, now), *_maintenance(maintenance, drift, now))
        memory.told = frozenset(map(key_of, (*groups, *over)))
        memory.newest = newest_of((*groups, *over)) or memory.newest
        named = all(map(key_of, held))  # one without a name may be any that is not here
        mark = _mark(memory.newest, over)
        complete = frozenset({"events", "celog"})
        return Reading(samples, events, events_complete=named, complete=complete, drift=drift.counts, mark=mark)


def _mark(newest: float | None, over: Sequence[EventGroup]) -> str | None:
    """Say where the next agent goes on; a group that is open now is told by that one if it ends meanwhile."""
    if newest is None:
        return None
    since = int(newest - OVERLAP)
    keys = sorted({key for group in over if (key := key_of(group)) and (newest_of([group]) or newest) >= since})
    return msgspec.json.encode(Mark(newest, tuple(keys))).decode()


async def _definitions(session: OneFSSession, memory: EventsMemory, drift: Drift) -> Definitions:
    """Give the cluster's definitions, read at the start and whenever its release has changed; damaged ones cost no event."""
    if memory.definitions is None or memory.release != session.release:
        try:
            memory.definitions, memory.release = await event_definitions.load(session), session.release
        except BadAnswer:
            drift.odd("event/eventgroup-definitions")
    return memory.definitions or Definitions()


async def _groups(session: OneFSSession, query: dict[str, str]) -> list[EventGroup]:
    pages = session.pages(12, "event/eventgroup-occurrences", EventPage, query)
    return [group async for page in pages for group in page.eventgroups]


def _wanted(groups: Iterable[EventGroup], definitions: Definitions) -> dict[str, str]:
    """Give the groups whose single events are of interest, with what tells whether they have grown."""
    return {key: stamp_of(group) for group in groups if (key := key_of(group)) and not is_heartbeat(group, definitions)}


def counts_of(groups: Sequence[EventGroup], definitions: Definitions, now: datetime) -> Iterator[Sample]:
    """Count the open groups by severity. All pages have been read, so that none is a true 0."""
    beats = [group for group in groups if is_heartbeat(group, definitions)]
    active = {key_of(group): group for group in groups if is_open(group) and not is_heartbeat(group, definitions)}.values()
    for severity in Severity:
        mine = [group for group in active if severity_of(group.severity, Drift()) is severity]
        yield Sample(OPEN.name, float(len(mine)), (severity.value,), now)
        times = [number(group.time_noticed) or math.nan for group in mine]
        if times and math.isfinite(sum(times)):  # of one of unknown age nobody knows that it is not the oldest
            yield Sample(OLDEST.name, max(0.0, now.timestamp() - min(times)), (severity.value,), now)
    yield Sample(IGNORED.name, float(sum(flag(group.ignore) is True for group in active)), time=now)
    if beat := max((number(group.last_event) or number(group.time_noticed) or 0.0 for group in beats), default=0.0):
        yield Sample(HEARTBEAT.name, beat, time=now)


def _maintenance(answer: Maintenance | None, drift: Drift, now: datetime) -> Iterator[Sample]:
    on = drift.flag("event/maintenance: maintenance", answer.maintenance if answer else None)
    if on is not None:
        yield Sample(MAINTENANCE.name, float(on), time=now)
