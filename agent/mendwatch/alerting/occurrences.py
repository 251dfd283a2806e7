"""Events as records: what holds on a target now, as rules see it.

An event that is open is a record until its source says that it is over, and one that only happened is a record in the reading that
brought it. Memory only: after a restart the next reading tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mendwatch.alerting.records import Look
from mendwatch.model.samples import EVENT_ATTRIBUTES, Event, Reading, RecordSchema


class Occurrences:
    """The open events of one source."""

    def __init__(self, schema: RecordSchema) -> None:
        self._attributes = schema.labels[len(EVENT_ATTRIBUTES) :]
        self._open: dict[str, Event] = {}

    def looks(self, reading: Reading, now: datetime) -> Iterator[Look]:
        """Take a reading, and give a look at every event that holds or just happened."""
        if reading.events_complete:
            self._open.clear()
        passing = []
        for event in reading.events:
            self._open.pop(event.key, None)
            if event.active:
                self._open[event.key] = event
            elif event.active is None:
                passing.append(event)
        for event in (*self._open.values(), *passing):
            yield self._labels(event), (1.0, max(0.0, (now - event.time).total_seconds())), None

    def _labels(self, event: Event) -> tuple[str, ...]:
        attributes = [event.attributes.get(name, "") for name in self._attributes]
        return (event.kind, event.key, event.subject, event.severity.value, *attributes)
