"""One replication policy, its job and its reports at one moment. Times are epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass

RUNNING, PAUSED, FINISHED, FAILED, CANCELED, ATTENTION = "running", "paused", "finished", "failed", "canceled", "needs_attention"

#: Schedules run so many seconds after the full hour or day.
PHASE = 600


@dataclass(frozen=True, slots=True)
class Job:
    """A job at work; `action` is None for what the policy always does. It needs `duration` seconds."""

    number: int
    started: int
    duration: int
    action: str | None = None
    state: str = RUNNING


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a job."""

    number: int
    state: str
    started: int
    ended: int
    size: int
    action: str | None = None
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """Copies `source` to another cluster every `period` seconds (None: only when told); each job takes `duration`.

    `trouble` is the error with which every job fails while it is set.
    """

    id: str
    name: str
    source: str
    host: str
    target: str
    period: int | None
    duration: int
    size: int
    words: str = ""
    rpo: int = 0
    enabled: bool = True
    conflicted: bool = False
    synced: bool = True
    trouble: str | None = None
    job: Job | None = None
    reports: tuple[Report, ...] = ()
    last_success: int | None = None

    @property
    def state(self) -> str:
        """The state of the newest job."""
        if self.job is not None:
            return self.job.state
        return self.reports[-1].state if self.reports else "unknown"

    @property
    def last_started(self) -> int | None:
        """When the newest job started."""
        if self.job is not None:
            return self.job.started
        return self.reports[-1].started if self.reports else None

    def due(self, epoch: int) -> int | None:
        """Give the newest moment up to `epoch` for which the schedule wants a job that was not started, or None."""
        if self.period is None or not self.enabled or self.conflicted or self.job is not None:
            return None
        moment = self._before(epoch, self.period)
        return moment if moment > (self.last_started or 0) else None

    def next_run(self, epoch: int) -> int | None:
        """Give when the schedule wants the next job."""
        if self.period is None or not self.enabled or self.conflicted:
            return None
        return self._before(epoch, self.period) + self.period

    def _before(self, epoch: int, period: int) -> int:
        return (epoch - PHASE) // period * period + PHASE


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """A policy of another cluster that copies to this one."""

    id: str
    name: str
    source: str
    guid: str
    target: str
    updated: int
    state: str = FINISHED
    failover: str = "writes_disabled"
