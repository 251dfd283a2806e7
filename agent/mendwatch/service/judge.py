"""Measuring anew: a fresh poll of just the collector that a rule's records come from, then the rule's own condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from mendwatch.alerting.engine import AlertEngine
from mendwatch.clock import Clock
from mendwatch.errors import NotFound
from mendwatch.model.proposals import Verdict
from mendwatch.model.rules import SOURCE_ALERTMANAGER, Rule
from mendwatch.model.samples import Event
from mendwatch.polling.poller import Poller
from mendwatch.service.events import OpenEvents


class FreshJudge:
    """Keeps the remediation engine's promise of fresh data. `collectors` maps a schema to the collector that gives it."""

    def __init__(
        self, poller: Poller, alerts: AlertEngine, events: OpenEvents, collectors: Mapping[str, str], clock: Clock
    ) -> None:
        self._poller = poller
        self._alerts = alerts
        self._events = events
        self._collectors = collectors
        self._clock = clock

    async def still_firing(self, rule: Rule, fingerprint: str) -> Verdict:
        """Tell whether the rule's condition still holds, on a poll made now."""
        asked = self._clock.now()
        refused = await self._poll(rule, fingerprint)
        return refused or self._alerts.still_firing(rule.alert, fingerprint, asked)

    async def verify(self, rule: Rule, fingerprint: str, since: datetime) -> Verdict:
        """Tell whether the rule's `verify.when` holds, on a poll made now."""
        refused = await self._poll(rule, fingerprint)
        return refused or self._alerts.verify(rule.alert, fingerprint, since)

    def held(self, rule: Rule, fingerprint: str) -> str:
        """Say what holds the remediation of an alert back now; empty: nothing."""
        return self._alerts.held(rule.alert, fingerprint, self._clock.now())

    async def open_events(self, target: str, kind: str) -> Sequence[Event] | None:
        """Give the events of one kind that hold on a target, by the last poll; None where none has told since the start.

        It waits for the schedule and asks nothing itself: a target whose events cannot be read must not be polled for that.
        """
        if self._events.known(target):
            return self._events.on(target, kind)
        try:
            status = self._poller.status_of(target)
        except NotFound:
            return ()  # the target left the configuration; nobody asks it anything any more
        answered = all(collector.last_success is not None for collector in status.collectors)
        return self._events.on(target, kind) if answered else None

    async def _poll(self, rule: Rule, fingerprint: str) -> Verdict | None:
        """Poll; give a verdict without data where that was not possible. Nobody can be asked where others judge: they tell."""
        if rule.source == SOURCE_ALERTMANAGER:
            return None
        target = self._alerts.target_of(rule.alert, fingerprint)
        collector = self._collectors.get(rule.on)
        if target is None or collector is None:
            return Verdict(None, f"nothing measures {rule.on} for this alert any more", {})
        try:
            outcomes = await self._poller.poll_now(target, [collector], force=True)
        except NotFound as problem:
            return Verdict(None, str(problem), {})
        failed = next((outcome.error for outcome in outcomes if outcome.error is not None), None)
        return None if failed is None else Verdict(None, f"the poll failed: {failed}", {})
