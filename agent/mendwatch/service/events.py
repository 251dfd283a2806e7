"""Which events hold on which target now, and what changed with the last poll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mendwatch.model.samples import Event, Reading


@dataclass(frozen=True, slots=True)
class EventChanges:
    """What one reading changed: events that began to hold, events that are over, and those that came and went unseen."""

    opened: tuple[Event, ...]
    closed: tuple[Event, ...]
    passed: tuple[Event, ...] = ()


def changes(known: Mapping[str, Event], reading: Reading) -> EventChanges:
    """Compare the events known to be open with what a poll read.

    A one-shot event is never open. Its collector gives it once, so it is told once.
    """
    now_open = {event.key: event for event in reading.events if event.active}
    said_over = {event.key for event in reading.events if event.active is False}
    opened = tuple(event for key, event in now_open.items() if key not in known)
    gone = {key for key in known if key not in now_open} if reading.events_complete else said_over & known.keys()
    passed = tuple(event for event in reading.events if event.active is None)
    return EventChanges(opened, tuple(known[key] for key in sorted(gone)), passed)


class OpenEvents:
    """The open events of every target, by the collector that reads them."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], dict[str, Event]] = {}
        self._known: set[str] = set()

    def update(self, target: str, collector: str, reading: Reading) -> EventChanges:
        """Take a poll's events and give what changed."""
        known = self._open.setdefault((target, collector), {})
        found = changes(known, reading)
        for event in found.closed:
            known.pop(event.key, None)
        known.update({event.key: event for event in reading.events if event.active})
        if reading.events_complete:
            self._known.add(target)
        return found

    def known(self, target: str) -> bool:
        """Tell whether all open events of a target were read since the start."""
        return target in self._known

    def on(self, target: str, kind: str | None = None) -> Sequence[Event]:
        """Give a target's open events, oldest first, of one kind or all."""
        found = [
            event
            for (owner, _), events in self._open.items()
            if owner == target
            for event in events.values()
            if kind in {None, event.kind}
        ]
        return sorted(found, key=lambda event: (event.time, event.key))
