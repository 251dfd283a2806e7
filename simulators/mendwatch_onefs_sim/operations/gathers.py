"""Gathering logs for support: one at a time, and it takes its time."""

from __future__ import annotations

from dataclasses import dataclass, replace

NOT_RUNNING, RUNNING, FINISHED, STOPPED = "NOT_RUNNING", "RUNNING", "FINISHED", "STOPPED"
#: Seconds that gathering takes.
TAKES = 180.0


@dataclass(frozen=True, slots=True)
class Gather:
    """One gathering: its file, the reference that somebody gave it, when it began (elapsed seconds), and how it ended."""

    path: str
    reference: str
    since: float
    state: str = RUNNING


class Gathers:
    """Holds every gathering, the newest last."""

    def __init__(self) -> None:
        self._kept: list[Gather] = []

    def all(self) -> list[Gather]:
        """Give every gathering, the oldest first."""
        return list(self._kept)

    @property
    def active(self) -> Gather | None:
        """The one that is under way."""
        return self._kept[-1] if self._kept and self._kept[-1].state == RUNNING else None

    def begin(self, path: str, reference: str, now: float) -> Gather:
        """Start gathering; nothing may be under way."""
        self._kept.append(Gather(path, reference, now))
        return self._kept[-1]

    def stop(self) -> None:
        """Stop the one that is under way."""
        self._end(STOPPED)

    def settle(self, now: float) -> None:
        """Let the one that is under way finish when its time has come."""
        if self.active is not None and now >= self.active.since + TAKES:
            self._end(FINISHED)

    def _end(self, state: str) -> None:
        if self.active is not None:
            self._kept[-1] = replace(self._kept[-1], state=state)
