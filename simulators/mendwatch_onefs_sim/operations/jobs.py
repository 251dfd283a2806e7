"""The Job Engine as it stands: active and ended jobs, what happened to each, and whether the engine is of one piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from mendwatch_onefs_sim.answers import not_found

RUNNING, WAITING, PAUSED_BY_USER, PAUSED_BY_SYSTEM = "running", "waiting", "paused_user", "paused_system"
ENDED = ("cancelled_user", "cancelled_system", "failed", "failed_not_retried", "succeeded")
FLEX_PROTECT = "FlexProtect"
_DAY = 86_400
_FIRST = 271


@dataclass(frozen=True, slots=True)
class JobType:
    """One type of job: its usual priority (1 before 10) and impact policy, its phases, and whether it works on given paths."""

    priority: int
    policy: str
    phases: int
    paths: bool = False
    #: Seconds that a run takes.
    length: float = 600.0


TYPES: Mapping[str, JobType] = MappingProxyType(
    {
        "AutoBalance": JobType(4, "LOW", 5),
        FLEX_PROTECT: JobType(1, "MEDIUM", 6, length=7200.0),
        "FlexProtectLin": JobType(1, "MEDIUM", 4, length=7200.0),
        "MediaScan": JobType(8, "LOW", 7, length=14 * 86_400.0),
        "MultiScan": JobType(4, "LOW", 4),
        "QuotaScan": JobType(6, "LOW", 3),
        "SmartPools": JobType(6, "LOW", 2, length=3600.0),
        "SnapshotDelete": JobType(2, "MEDIUM", 2),
        "TreeDelete": JobType(4, "MEDIUM", 1, paths=True),
    }
)


@dataclass(frozen=True, slots=True)
class Job:
    """One job. All times are elapsed seconds; `since` is when its state began, `ran` how long it had run until then."""

    id: int
    type: str
    state: str
    created: float
    since: float
    length: float
    policy: str
    priority: int
    ran: float = 0.0
    paths: tuple[str, ...] = ()
    waiting_on: int | None = None
    waiting_reason: str | None = None

    def running_time(self, now: float) -> float:
        """Give how long the job has run without its pauses."""
        return self.ran + (now - self.since if self.state == RUNNING else 0.0)

    @property
    def ended(self) -> bool:
        """Tell whether the job is over."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A change of a job's state; `at` is elapsed seconds."""

    id: int
    job: Job
    at: float


class JobEngine:
    """Holds every job. Reads settle them first, so that a run that is over has ended."""

    def __init__(self) -> None:
        self.connected = True
        self.enabled = True
        #: Whether data is not protected as it should be, so that other jobs wait.
        self.degraded = False
        self.run_degraded = False
        self.disconnected: tuple[int, ...] = ()
        self._jobs: dict[int, Job] = {}
        self._events: list[JobEvent] = []
        self._next = _FIRST
        self._begin()

    @property
    def next_id(self) -> int:
        """The id that the next job gets."""
        return self._next

    def settle(self, now: float) -> None:
        """End the runs that are over."""
        for job in self.active():
            left = job.length - job.ran
            if job.state == RUNNING and now - job.since >= left:
                self._put(replace(job, state="succeeded", ran=job.length, since=job.since + left))
        for job in self.active():
            blocker = None if job.waiting_on is None else self._jobs[job.waiting_on]
            if job.state == WAITING and blocker is not None and blocker.ended:
                self.move(job.id, RUNNING, blocker.since)

    def active(self) -> list[Job]:
        """Give the jobs that are not over, in the order of ids."""
        return [job for job in self._jobs.values() if not job.ended]

    def recent(self) -> list[Job]:
        """Give the jobs that are over, those first that ended last."""
        return sorted((job for job in self._jobs.values() if job.ended), key=lambda job: -job.since)

    def events(self) -> list[JobEvent]:
        """Give what happened to all jobs, newest first."""
        return self._events[::-1]

    def get(self, key: str) -> Job:
        """Give one job.

        Raises:
            PapiError: 404.
        """
        job = self._jobs.get(int(key)) if key.isdecimal() else None
        if job is None:
            raise not_found(f"Job '{key}' was not found", "id")
        return job

    def of_type(self, kind: str) -> list[Job]:
        """Give the active jobs of a type."""
        return [job for job in self.active() if job.type == kind]

    def add(self, kind: str, now: float, paths: Iterable[str] = ()) -> Job:
        """Queue a job, which starts at once."""
        usual = TYPES[kind]
        job = Job(self._next, kind, RUNNING, now, now, usual.length, usual.policy, usual.priority, paths=tuple(paths))
        self._next += 1
        self._put(job)
        return job

    def move(self, number: int, state: str, now: float, reason: str | None = None, on: int | None = None) -> Job:
        """Bring a job into another state; `reason` and `on` are what a waiting one waits for."""
        job = self._jobs[number]
        if job.state == state:
            return job
        ran = job.running_time(now)
        moved = replace(job, state=state, since=now, ran=ran, waiting_reason=reason, waiting_on=on)
        self._put(moved)
        return moved

    def tune(self, number: int, priority: int | None, policy: str | None) -> None:
        """Change the priority or the impact policy of a job."""
        job = self._jobs[number]
        changes: dict[str, Any] = {"priority": priority or job.priority, "policy": policy or job.policy}
        self._jobs[number] = replace(job, **changes)

    def protect(self, now: float) -> Job:
        """Start FlexProtect, as after a lost drive; what runs waits for it."""
        running = [job for job in self.active() if job.state == RUNNING]
        made = self.add(FLEX_PROTECT, now)
        for job in running:
            self.move(job.id, WAITING, now, "blocked_by_priority", made.id)
        return made

    def degrade(self, now: float, *, degraded: bool) -> None:
        """Pause what runs while data is not protected as it should be, unless that is allowed, and let it go on afterwards."""
        self.degraded = degraded
        for job in self.active():
            if degraded and job.state == RUNNING and not job.type.startswith(FLEX_PROTECT) and not self.run_degraded:
                self.move(job.id, PAUSED_BY_SYSTEM, now)
            elif not degraded and job.state == PAUSED_BY_SYSTEM:
                self.move(job.id, RUNNING, now)

    def disconnect(self, devids: Iterable[int]) -> None:
        """Let the engines of some nodes lose the coordinator; none of them is all is well again."""
        self.disconnected = tuple(devids)
        self.connected = not self.disconnected

    def _put(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._events.append(JobEvent(len(self._events) + 1, job, job.since))

    def _begin(self) -> None:
        """Make the jobs that were there before the start: some ended, one runs."""
        for kind, ago, state in (
            ("SmartPools", 3 * _DAY, "succeeded"),
            ("MultiScan", 2 * _DAY, "cancelled_user"),
            ("SnapshotDelete", 2 * _DAY, "failed"),
            ("SnapshotDelete", _DAY, "succeeded"),
        ):
            job = self.add(kind, -ago - 900.0)
            self.move(job.id, state, -ago)
        self.add("MediaScan", -_DAY)
