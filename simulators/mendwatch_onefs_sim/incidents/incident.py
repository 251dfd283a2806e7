"""A started incident: what it will still do, as a pure function of the elapsed time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from mendwatch_onefs_sim.events.groups import EventGroup, EventGroups


@dataclass(frozen=True, slots=True)
class Incident:
    """A started incident. `opens` is the event group that opens at `due` (elapsed seconds); `event` its id since."""

    name: str
    subject: str
    due: float
    opens: EventGroup
    event: str | None = None

    def settled(self, now: float, epoch: Callable[[float], int], events: EventGroups) -> Incident:
        """Give the incident at a moment, with its event group opened if it is due."""
        if self.event is not None or now < self.due:
            return self
        opened = events.open(replace(self.opens, time=epoch(self.due)))
        return replace(self, event=opened.id)
