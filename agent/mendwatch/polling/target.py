"""Polls one target: admits or refuses a poll, times it, settles what follows from its ending, and tells it on.

What follows is decided in `standby` and `health`; this shell only holds their states. It knows no other target, so that
one that hangs cannot delay another.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from mendwatch.clock import Clock
from mendwatch.errors import AuthenticationFailed, MendwatchError, Throttled, Unreachable
from mendwatch.model.notices import Announce
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Identity
from mendwatch.polling import budget, health, news, outcomes, standby
from mendwatch.polling.conversation import Conversation
from mendwatch.polling.lane import Lane
from mendwatch.polling.outcomes import CollectorStatus, PollOutcome, Sink, TargetStatus
from mendwatch.polling.standby import Ending, Standing, State
from mendwatch.polling.watches import Probe, Watch
from mendwatch.provider import CollectorSpec

_log = structlog.get_logger(__name__)


class _StandingBy(Exception):
    """No poll is made now."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is remembered of one collector."""

    standing: Standing = field(default_factory=Standing)
    last: PollOutcome | None = None
    last_success: datetime | None = None
    series: int | None = None


class TargetPoller:
    """All collectors of one target over its one session."""

    def __init__(self, watch: Watch, sink: Sink, *, clock: Clock, announce: Announce) -> None:
        self.watch = watch
        self._sink, self._clock = sink, clock
        self._teller = news.Teller(watch, clock, announce)
        self._conversation = Conversation(watch)
        self._standing = Standing()
        self._blame: Exception | None = None
        self._health = health.Health()
        self._kept = {probe.spec.name: _Kept() for probe in watch.probes}
        self._specs = {probe.spec.name: probe.spec for probe in watch.probes}
        self._lanes = {probe.spec.name: Lane(partial(self.poll, probe)) for probe in watch.probes}
        self._reading: set[asyncio.Task[Reading]] = set()

    @property
    def identity(self) -> Identity | None:
        """What the target last said it is."""
        return self._conversation.identity

    async def due(self, probe: Probe) -> None:
        """Make the poll that the schedule asks for, unless the target or the collector rests."""
        if standby.allowed(self._pair(probe), self._clock.monotonic()):
            await self._lanes[probe.spec.name].due()
        else:
            self._sink.poll_missed(self.watch.target.id, probe.spec.name, "standing_by")

    async def fresh(self, name: str, *, force: bool) -> PollOutcome:
        """Give the outcome of a poll that starts after this call; see Lane.fresh."""
        return await self._lanes[name].fresh(force=force)

    async def joined(self, name: str) -> PollOutcome:
        """Give the outcome of the poll that is under way, or of a new one; see Lane.joined."""
        return await self._lanes[name].joined()

    async def close(self, patience: float) -> None:
        """End all polls, then the session."""
        await asyncio.gather(*(lane.close(patience) for lane in self._lanes.values()))
        await self._conversation.close()

    def status(self) -> TargetStatus:
        """Tell how the target and its collectors stand."""
        blame = self._blame if self._health.failing else None
        return TargetStatus(
            target=self.watch.target,
            provider=self.watch.provider.name,
            target_label=self.watch.provider.target_label,
            up=self._health.up,
            identity=self.identity,
            state=self._state(self._standing),
            until=self._until(self._standing),
            error=None if blame is None else news.words(blame),
            hint=blame.hint if isinstance(blame, MendwatchError) else None,
            collectors=tuple(self._collector_status(probe.spec) for probe in self.watch.probes),
        )

    def standing(self, name: str) -> outcomes.CollectorStanding:
        """Tell whether the target is up, and how one collector stands; far cheaper than `status`."""
        return outcomes.CollectorStanding(self._health.up, self._collector_status(self._specs[name]))

    async def poll(self, probe: Probe, *, force: bool) -> PollOutcome:
        """Make one poll and everything that follows from it; called by the lane."""
        at, started = self._clock.now(), self._clock.monotonic()
        result = PollOutcome(self.watch.target, self.watch.provider, probe.spec, None, None, Ending.OK, at, 0.0)
        try:
            result = replace(result, reading=await self._read_in_time(probe, started, force=force))
        except _StandingBy:
            return self._skipped(result)
        except _TimedOut as problem:
            result = replace(result, error=problem.error, ending=Ending.UNREACHABLE, timed_out=True)
        except Exception as problem:  # noqa: BLE001 - a provider may raise anything; `standby` says what each type means
            result = replace(result, error=problem, ending=standby.ending_of(problem))
        result = replace(result, duration=self._clock.monotonic() - started)
        await self._finish(probe, result, started)
        return result

    async def _read_in_time(self, probe: Probe, started: float, *, force: bool) -> Reading:
        try:
            async with asyncio.timeout(probe.spec.timeout) as deadline:
                return await self._read_guarded(probe, started, force=force)
        except TimeoutError:
            if not deadline.expired():
                raise
            message = f"{self.watch.target.id} did not answer {probe.spec.name} within {probe.spec.timeout:g} s"
            raise _TimedOut(Unreachable(message)) from None

    async def _read_guarded(self, probe: Probe, started: float, *, force: bool) -> Reading:
        """Read in a task of its own, which a refused credential ends at once: it might log in again."""
        task = asyncio.create_task(self._read(probe, started, force=force))
        self._reading.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._standing.state is State.STOPPED and not _cancelling():
                raise AuthenticationFailed("stopped: the target refused this credential to another collector") from None
            raise
        finally:
            self._reading.discard(task)

    async def _read(self, probe: Probe, started: float, *, force: bool) -> Reading:
        def admit() -> None:
            if not standby.allowed(self._pair(probe), self._clock.monotonic(), force=force):
                raise _StandingBy

        def settle(problem: Exception) -> None:
            self._settle(probe, problem, standby.ending_of(problem), started)

        admit()
        session = await self._conversation.session(admit, settle)
        return budget.within(probe.spec, await probe.collect(session, self._clock.now()))

    async def _finish(self, probe: Probe, outcome: PollOutcome, started: float) -> None:
        self._settle(probe, outcome.error, outcome.ending, started)
        self._remember(probe, outcome)
        if outcome.ending is Ending.AUTHENTICATION_FAILED:
            await self._hang_up()
        elif outcome.ending is Ending.UNREACHABLE:
            self._conversation.doubt()
        self._health, heard = health.judge(self._health, probe.spec.name, outcome.ending, timed_out=outcome.timed_out)
        self._teller.tell(heard, outcome, self.identity)
        try:
            await self._sink.poll_done(outcome)
        except Exception:  # noqa: BLE001 - what takes the outcomes must not end polling
            _log.exception("sink_failed", target=self.watch.target.id, collector=probe.spec.name)

    def _settle(self, probe: Probe, error: Exception | None, ending: Ending, started: float) -> None:
        wait = error.after if isinstance(error, Throttled) else 0.0
        after = standby.after(self._pair(probe), standby.Poll(ending, started, self._clock.monotonic(), wait))
        if ending in standby.OF_TARGET and after.target != self._standing:
            self._blame = error
        self._standing = after.target
        kept = self._kept[probe.spec.name]
        self._kept[probe.spec.name] = replace(kept, standing=after.collector)

    def _remember(self, probe: Probe, outcome: PollOutcome) -> None:
        kept = self._kept[probe.spec.name]
        last = replace(outcome, reading=None)  # a large one must not be kept until the next poll
        if outcome.reading is None:
            self._kept[probe.spec.name] = replace(kept, last=last)
        else:
            self._kept[probe.spec.name] = replace(kept, last=last, last_success=outcome.at, series=outcome.reading.size)

    async def _hang_up(self) -> None:
        for task in self._reading:
            task.cancel()
        await self._conversation.close()

    def _skipped(self, result: PollOutcome) -> PollOutcome:
        last = self._kept[result.spec.name].last
        own = last.error if last is not None else None
        error = self._blame if self._standing.state is not State.POLLING else own
        error = error or Unreachable(f"{self.watch.target.id} stands by", hint="Ask again later.")
        return replace(result, error=error, ending=standby.ending_of(error), skipped=True)

    def _pair(self, probe: Probe) -> standby.Pair:
        return standby.Pair(self._standing, self._kept[probe.spec.name].standing)

    def _collector_status(self, spec: CollectorSpec) -> CollectorStatus:
        kept = self._kept[spec.name]
        last = kept.last
        error = last.error if last is not None else None
        return CollectorStatus(
            name=spec.name,
            interval=spec.interval,
            state=self._state(kept.standing),
            until=self._until(kept.standing),
            last_poll=last.at if last is not None else None,
            last_success=kept.last_success,
            last_duration=last.duration if last is not None else None,
            error=news.words(error) if error is not None else None,
            error_code=last.ending.value if last is not None and error is not None else None,
            series=kept.series,
            budget=spec.budget,
        )

    def _state(self, standing: Standing) -> State:
        return State.POLLING if standing.open(self._clock.monotonic()) else standing.state

    def _until(self, standing: Standing) -> datetime | None:
        left = standing.until - self._clock.monotonic()
        return self._clock.now() + timedelta(seconds=left) if standing.state is not State.POLLING and left > 0 else None


class _TimedOut(Exception):
    """Carries the Unreachable of our own deadline to where it is accounted for."""

    def __init__(self, error: Unreachable) -> None:
        super().__init__(str(error))
        self.error = error


def _cancelling() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
