"""The first of the three engines: asks every target on its schedule and hands each outcome on.

It knows no provider, no metric and no rule. A failure of one collector or one target never reaches another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from mendwatch.clock import Clock
from mendwatch.config.documents import nearest
from mendwatch.errors import NotFound
from mendwatch.model.notices import Announce
from mendwatch.polling import schedule
from mendwatch.polling.outcomes import CollectorStanding, PollOutcome, Sink, TargetStatus
from mendwatch.polling.target import TargetPoller
from mendwatch.polling.timetable import Due, SchedulerTimetable, Timetable
from mendwatch.polling.watches import Probe, Watch

#: Seconds that polls may take to end once they are cancelled.
STOP_PATIENCE = 2.0

#: Asked before each poll that is due: whether this agent may poll at all.
Allowed = Callable[[], Awaitable[bool]]


class Poller:
    """Polls all targets. Make it inside the running loop; `start` once and `stop` once."""

    def __init__(
        self,
        watches: Sequence[Watch],
        sink: Sink,
        *,
        clock: Clock,
        announce: Announce,
        timetable: Timetable | None = None,
        allowed: Allowed | None = None,
    ) -> None:
        self._allowed = allowed
        self._sink = sink
        polls = sum(len(watch.probes) for watch in watches)
        self._timetable = timetable or SchedulerTimetable(clock, schedule.first_looks(polls))
        self._targets = {watch.target.id: TargetPoller(watch, sink, clock=clock, announce=announce) for watch in watches}

    async def start(self) -> None:
        """Begin to poll: each collector at its own phase, the first time within one interval."""
        for name, target in self._targets.items():
            for probe in target.watch.probes:
                self._timetable.add(name, probe.spec.name, probe.spec.interval, self._due(target, probe))
        self._timetable.start(self._sink.poll_missed)

    async def stop(self) -> None:
        """End every poll and close every session; takes a few seconds at most."""
        await self._timetable.stop()
        await asyncio.gather(*(target.close(STOP_PATIENCE) for target in self._targets.values()))

    async def poll_now(
        self, target_id: str, collector_names: Collection[str] | None = None, *, force: bool = False
    ) -> tuple[PollOutcome, ...]:
        """Poll one target's collectors (all, or those named) and give data that was measured after this call.

        A poll that already runs is not enough: its data may be older. Where the target or the collector stands by, nothing
        is asked and the outcome is marked `skipped`; `force` asks all the same, but never with a stopped credential.

        Raises:
            NotFound: there is no such target or collector.
            Refused: the agent stops.
        """
        target = self._known(target_id)
        known = [probe.spec.name for probe in target.watch.probes]
        for name in collector_names or ():
            if name not in known:
                raise NotFound(f"target {target_id!r} has no collector {name!r}", hint=_hint(name, known))
        names = known if collector_names is None else [name for name in known if name in collector_names]
        return tuple(await asyncio.gather(*(target.fresh(name, force=force) for name in names)))

    async def refresh(self, target_id: str, collector_names: Collection[str]) -> tuple[PollOutcome, ...]:
        """Poll these collectors of a target, or wait for their polls that are under way, so that nothing is asked twice.

        Raises:
            NotFound: there is no such target.
            Refused: the agent stops.
        """
        target = self._known(target_id)
        return tuple(await asyncio.gather(*(target.joined(name) for name in collector_names)))

    def standing_of(self, target_id: str, collector: str) -> CollectorStanding:
        """Tell whether a target is up, and how one of its collectors stands. Raises NotFound where there is no such target."""
        return self._known(target_id).standing(collector)

    def status_of(self, target_id: str) -> TargetStatus:
        """Tell how one target stands. Raises NotFound where there is none."""
        return self._known(target_id).status()

    def status(self) -> tuple[TargetStatus, ...]:
        """Tell how every target stands, in the configuration's order."""
        return tuple(target.status() for target in self._targets.values())

    def _due(self, target: TargetPoller, probe: Probe) -> Due:
        async def due() -> None:
            if self._allowed is None or await self._allowed():
                await target.due(probe)
            else:
                self._sink.poll_missed(target.watch.target.id, probe.spec.name, "standing_by")

        return due

    def _known(self, target_id: str) -> TargetPoller:
        target = self._targets.get(target_id)
        if target is None:
            raise NotFound(f"there is no target {target_id!r}", hint=_hint(target_id, self._targets))
        return target


def _hint(word: str, known: Collection[str]) -> str:
    meant = nearest(word, known)
    return f"Did you mean {meant!r}?" if meant else f"There are: {', '.join(known) or 'none'}."
