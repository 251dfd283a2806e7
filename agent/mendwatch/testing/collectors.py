"""A pretended provider whose every answer is written down beforehand, and a timetable that runs on virtual time.

For tests of whatever polls or is fed by polling: nothing here opens a socket.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from mendwatch.clock import Clock
from mendwatch.errors import MendwatchError
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.model.targets import Credential, Identity, Target
from mendwatch.polling import schedule
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.polling.timetable import Due, OnMissed
from mendwatch.provider import Collector, CollectorSpec, Stream

#: One answer: a reading, an exception to raise, or a coroutine function that gives a reading.
Answer = Reading | Exception | Callable[[], Awaitable[Reading]]


class ScriptedOptions(BaseModel):
    """The options of the pretended provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout: float = 10.0
    ca_file: str | None = None


class ScriptedSession:
    """A session that counts its logins and, on `identify`, does what the provider's script says."""

    def __init__(self, provider: ScriptedProvider) -> None:
        self._provider = provider
        self.closed = False

    async def identify(self) -> Identity:
        """Log in: give the identity, or raise what the script says."""
        self._provider.logins += 1
        await asyncio.sleep(0)
        answer = self._provider.identity
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Count the end."""
        self.closed = True
        self._provider.closes += 1


class ScriptedCollector:
    """Gives its answers in order, then `default` for ever; `calls` are the moments at which it was asked."""

    def __init__(
        self,
        name: str,
        answers: Iterable[Answer] = (),
        *,
        default: Answer | None = None,
        interval: float = 30.0,
        timeout: float = 10.0,
        metrics: tuple[MetricSpec, ...] = (),
        schemas: tuple[RecordSchema, ...] = (),
    ) -> None:
        self._spec = CollectorSpec(name, interval, timeout, metrics, schemas)
        self.answers = deque(answers)
        self.default: Answer = Reading() if default is None else default
        self.calls: list[datetime] = []

    @property
    def spec(self) -> CollectorSpec:
        """What this collector is."""
        return self._spec

    async def collect(self, session: ScriptedSession, now: datetime) -> Reading:
        """Give the next answer."""
        if session.closed:
            message = "the session is closed"
            raise RuntimeError(message)
        self.calls.append(now)
        answer = self.answers.popleft() if self.answers else self.default
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Reading) else await answer()


@dataclass
class ScriptedProvider:
    """A provider made of scripted collectors. `identity` may be an exception, raised at every login."""

    scripted: Sequence[ScriptedCollector] = ()
    identity: Identity | Exception = field(default_factory=lambda: Identity("pretended", "Pretended", "1.0"))
    name: str = "scripted"
    target_label: str = "target"
    metric_prefix: str = "scripted"
    needs_credential: bool = False
    options_model: type[BaseModel] = ScriptedOptions
    open_error: MendwatchError | None = None
    opens: int = 0
    logins: int = 0
    closes: int = 0

    def open(self, target: Target, credential: Credential | None) -> ScriptedSession:
        """Make a session and count it."""
        del target, credential
        if self.open_error is not None:
            raise self.open_error
        self.opens += 1
        return ScriptedSession(self)

    def collectors(self) -> Sequence[Collector]:
        """Give the scripted collectors."""
        return list(self.scripted)

    def streams(self) -> Sequence[Stream]:
        """Give none."""
        return ()

    def playbook_environment(self, target: Target, credential: Credential) -> Mapping[str, str]:
        """Give an environment that names the target."""
        return {"MENDWATCH_SCRIPTED_URL": target.address, "MENDWATCH_SCRIPTED_USERNAME": credential.username}


class RecordingSink:
    """Keeps every outcome and every missed moment, in order."""

    def __init__(self) -> None:
        self.outcomes: list[PollOutcome] = []
        self.missed: list[tuple[str, str, str]] = []

    async def poll_done(self, outcome: PollOutcome) -> None:
        """Keep an outcome."""
        self.outcomes.append(outcome)

    def poll_missed(self, target: str, collector: str, why: str) -> None:
        """Keep a missed moment."""
        self.missed.append((target, collector, why))


class VirtualTimetable:
    """Calls what is due on a virtual clock: `run` lives through so many seconds at once.

    Like the real one it never has two calls of one job at a time: a moment that finds the last call still running is left out.
    """

    def __init__(self, clock: Clock, move: Callable[[float], None]) -> None:
        self._clock, self._move = clock, move
        self._jobs: dict[tuple[str, str], tuple[float, Due]] = {}
        self._next: dict[tuple[str, str], float] = {}
        self._running: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._on_missed: OnMissed = lambda _target, _collector, _why: None

    def add(self, target: str, collector: str, interval: float, due: Due) -> None:
        """Add one job on its hashed phase."""
        now = self._clock.now()
        first = schedule.first_due(now, interval, schedule.phase(target, collector, interval))
        self._jobs[target, collector] = (interval, due)
        self._next[target, collector] = self._clock.monotonic() + (first - now).total_seconds()

    def start(self, on_missed: OnMissed) -> None:
        """Begin; nothing happens until `run`."""
        self._on_missed = on_missed

    async def stop(self) -> None:
        """End what runs and forget every job."""
        self._jobs.clear()
        self._next.clear()
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def run(self, seconds: float) -> None:
        """Live through so many virtual seconds, calling what is due at its moment."""
        end = self._clock.monotonic() + seconds
        while self._next and min(self._next.values()) <= end:
            key = min(self._next, key=lambda job: self._next[job])
            self._move(max(0.0, self._next[key] - self._clock.monotonic()))
            self._next[key] += self._jobs[key][0]
            await self._call(key)
        self._move(max(0.0, end - self._clock.monotonic()))

    async def _call(self, key: tuple[str, str]) -> None:
        running = self._running.get(key)
        if running is not None and not running.done():
            self._on_missed(*key, "still_running")
            return
        self._running[key] = asyncio.ensure_future(self._jobs[key][1]())
        for _ in range(20):  # let it run as far as it gets without real I/O
            await asyncio.sleep(0)
