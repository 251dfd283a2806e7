"""One snapshot and one schedule at one moment. Times are epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

ACTIVE, DELETING = "active", "deleting"


@dataclass(frozen=True, slots=True)
class Lock:
    """What keeps a snapshot; `expires` None is for ever."""

    id: int
    comment: str
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot. `deleting` is since when it is being deleted; `shadow` may be negative."""

    id: int
    name: str
    path: str
    created: int
    expires: int | None = None
    schedule: str | None = None
    size: int = 0
    shadow: int = 0
    locks: tuple[Lock, ...] = ()
    deleting: int | None = None

    @property
    def state(self) -> str:
        """Whether it is kept or on its way out."""
        return ACTIVE if self.deleting is None else DELETING

    def overdue(self, epoch: int) -> bool:
        """Tell whether it should be deleted: it has expired and nothing keeps it."""
        return self.deleting is None and not self.locks and self.expires is not None and self.expires <= epoch


@dataclass(frozen=True, slots=True)
class Schedule:
    """Makes a snapshot every `period` seconds, at `phase` of it, kept for `duration`; a stopped one is never due."""

    id: int
    name: str
    path: str
    pattern: str
    words: str
    period: int
    phase: int
    duration: int | None
    stopped: bool = field(default=False)

    def next_run(self, epoch: int) -> int | None:
        """Give when it runs next."""
        if self.stopped:
            return None
        return (epoch - self.phase) // self.period * self.period + self.period + self.phase
