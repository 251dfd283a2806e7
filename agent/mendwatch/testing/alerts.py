"""The twins in memory of what the store keeps about alerts: their states, the journal and silences."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mendwatch.clock import Clock
from mendwatch.model.alerts import Alert
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.model.silences import NewSilence, Silence
from mendwatch.store import hushed, judged
from mendwatch.store.chain import Fact
from mendwatch.store.decided import LEAST

_WORDS = frozenset({DecisionKind.PROPOSED, DecisionKind.WITHHELD, DecisionKind.TOLD})


class MemoryAlerts:
    """Alerts by fingerprint, and the journal's rows in their order."""

    def __init__(self) -> None:
        self.kept: dict[str, Alert] = {}
        self.decisions: list[Decision] = []
        self._numbers = itertools.count(1)

    async def load(self) -> Sequence[Alert]:
        """Give every alert that is kept."""
        return [self.kept[fingerprint] for fingerprint in sorted(self.kept)]

    async def save(self, alerts: Iterable[Alert], decisions: Iterable[Decision] = ()) -> None:
        """Keep alerts as they are now, and what was decided."""
        merged = {**self.kept, **judged.kept(alerts)}
        self.kept = {name: alert for name, alert in merged.items() if judged.worth_keeping(alert)}
        self.decisions += [replace(decision, seq=next(self._numbers)) for decision in decisions]


class MemoryJournal:
    """The journal of those alerts."""

    def __init__(self, alerts: MemoryAlerts) -> None:
        self._alerts = alerts

    async def of_rule(self, rule: str, *, fingerprint: str | None = None, limit: int = 100) -> Sequence[Decision]:
        """Give the newest decisions about a rule, newest first."""
        return [one for one in self._newest_first(rule) if fingerprint in {None, one.fingerprint}][:limit]

    async def newest(self, limit: int = 100) -> Sequence[Decision]:
        """Give the newest decisions, newest first."""
        return self._alerts.decisions[::-1][:limit]

    async def words(self) -> Mapping[str, Decision]:
        """Give the last word on what is asked for about each alert that is kept."""
        rows = self._alerts.decisions
        return {one.fingerprint: one for one in rows if one.kind in _WORDS and one.fingerprint in self._alerts.kept}

    async def prune(self, *, keep_per_rule: int = 1000, before: datetime | None = None) -> int:
        """Forget what is old; at least 100 of each rule stay."""
        gone: set[int] = set()
        for rule in {one.rule for one in self._alerts.decisions}:
            found = self._newest_first(rule)
            gone |= {one.seq for one in found[max(LEAST, keep_per_rule) :]}
            gone |= {one.seq for one in found[LEAST:] if before is not None and one.at < before}
        self._alerts.decisions = [one for one in self._alerts.decisions if one.seq not in gone]
        return len(gone)

    def _newest_first(self, rule: str) -> list[Decision]:
        return [one for one in reversed(self._alerts.decisions) if one.rule == rule]


class MemorySilences:
    """Silences in the order in which they were made; `write` adds a row to the audit, or raises."""

    def __init__(self, clock: Clock, write: Callable[[Fact], object]) -> None:
        self._clock = clock
        self._write = write
        self._silences: dict[str, Silence] = {}

    async def add(self, new: NewSilence, *, actor: str) -> Silence:
        """Make a silence."""
        silence = hushed.made(new, self._clock.now())
        self._write(hushed.added_fact(silence, actor))
        self._silences[silence.id] = silence
        return silence

    async def list(self, *, after: datetime | None = None) -> Sequence[Silence]:
        """Give silences, newest first."""
        return [one for one in reversed(self._silences.values()) if after is None or not hushed.over(one, after)]

    async def expire(self, silence_id: str, *, actor: str) -> Silence:
        """End a silence now."""
        if silence_id not in self._silences:
            raise hushed.unknown(silence_id)
        before = self._silences[silence_id]
        after = hushed.ended(before, self._clock.now())
        if after is not before:
            self._write(hushed.expired_fact(before, after, actor))
            self._silences[silence_id] = after
        return after
