"""Collectors that go on where the agent before stopped: their marks are kept in the store, and handed back to a new session.

A mark is kept after its poll was told, so that what it covers is told twice rather than never.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from mendwatch.errors import StoreError
from mendwatch.model.samples import Reading
from mendwatch.polling.outcomes import PollOutcome
from mendwatch.polling.watches import Probe, Watch
from mendwatch.provider import Collector, CollectorSpec, Resuming
from mendwatch.store.interface import Marks

_log = structlog.get_logger(__name__)


class Resumed:
    """A collector on one target that is given its mark whenever the session is another one."""

    def __init__(self, collector: Collector, target: str, marks: Marks) -> None:
        self._collector = collector
        self._target = target
        self._marks = marks
        self._session: object = None

    @property
    def spec(self) -> CollectorSpec:
        """What this collector is."""
        return self._collector.spec

    async def collect(self, session: Any, now: datetime) -> Reading:  # noqa: ANN401 - each provider has its own session type
        """Fetch once."""
        if session is not self._session:
            await self._resume(session)
            self._session = session
        return await self._collector.collect(session, now)

    async def _resume(self, session: object) -> None:
        try:
            mark = await self._marks.of(self._target, self.spec.name)
        except StoreError as problem:  # a store that is away must not keep anybody from reading what there is now
            _log.warning("not resumed", target=self._target, collector=self.spec.name, reason=str(problem), hint=problem.hint)
            return
        if mark is not None and isinstance(self._collector, Resuming):
            self._collector.resume(session, mark)


def resuming(watch: Watch, marks: Marks) -> Watch:
    """Give the watch with every collector that can go on from a mark doing so."""

    def probe(one: Probe) -> Probe:
        return replace(one, collector=Resumed(one.collector, watch.target.id, marks)) if _can(one) else one

    return replace(watch, probes=tuple(map(probe, watch.probes)))


def _can(probe: Probe) -> bool:
    return isinstance(probe.collector, Resuming)


class Keeper:
    """Keeps the mark of every poll that has a new one; failing and working again are logged once each."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._kept: dict[tuple[str, str], str] = {}
        self._failing = False

    async def keep(self, outcome: PollOutcome) -> None:
        """Keep the mark of a poll that has been told."""
        mark, key = outcome.reading.mark if outcome.reading else None, (outcome.target.id, outcome.spec.name)
        if mark is None or self._kept.get(key) == mark:
            return
        try:
            await self._marks.keep(*key, mark)
        except StoreError as problem:
            if not self._failing:
                _log.warning("marks not kept", reason=str(problem), hint=problem.hint)
            self._failing = True
            return
        self._kept[key] = mark
        if self._failing:
            _log.info("marks kept again")
        self._failing = False
