"""Keeps what was judged: alerts with the decisions about them, in one transaction. What a silent store refuses is kept later.

Judging goes on without a store; runs do not, because they ask it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog

from mendwatch.alerting.slices import batches
from mendwatch.errors import StoreError
from mendwatch.model.alerts import Alert
from mendwatch.model.journal import Decision
from mendwatch.store.interface import Alerts

_log = structlog.get_logger(__name__)

#: How many alerts are kept in one transaction, with a turn of the loop between two.
AT_ONCE = 100
#: Decisions that wait for a store that does not answer; of more the oldest are lost. Alerts wait all, each with its last word.
MOST_WAITING = 10_000


class Keeper:
    """Keeps steps in the order in which they come."""

    def __init__(self, alerts: Alerts) -> None:
        self._store = alerts
        self._alerts: dict[str, Alert] = {}
        self._decisions: list[Decision] = []
        self._answers = True

    async def keep(self, alerts: Sequence[Alert], decisions: Sequence[Decision]) -> None:
        """Keep a step's alerts and decisions, and before them what could not be kept before."""
        if self._alerts or self._decisions:
            alerts, decisions = (*self._alerts.values(), *alerts), (*self._decisions, *decisions)
        try:
            for some, about in _transactions(alerts, decisions):
                await self._store.save(some, about)
        except StoreError as problem:
            self._wait(alerts, decisions, problem)
        else:
            self._alerts, self._decisions = {}, []
            if not self._answers:
                _log.info("alerts are kept again")
            self._answers = True

    def _wait(self, alerts: Sequence[Alert], decisions: Sequence[Decision], problem: StoreError) -> None:
        """Remember all of it: what was kept before the store fell silent is kept again, which changes nothing."""
        self._alerts = {alert.fingerprint: alert for alert in alerts}
        self._decisions = list(decisions[-MOST_WAITING:])
        if self._answers:
            _log.warning("alerts not kept", reason=str(problem), hint=problem.hint)
        self._answers = False


def _transactions(alerts: Sequence[Alert], decisions: Sequence[Decision]) -> Iterator[tuple[Sequence[Alert], Sequence[Decision]]]:
    """Share a step out over transactions: the decisions about an alert always go with it."""
    if len(alerts) <= AT_ONCE:
        yield alerts, decisions
        return
    about: dict[str, list[Decision]] = {}
    for decision in decisions:
        about.setdefault(decision.fingerprint, []).append(decision)
    last = {alert.fingerprint: alert for alert in alerts}
    for some in batches(tuple(last.values()), AT_ONCE):
        yield some, [decision for alert in some for decision in about.pop(alert.fingerprint, ())]
    if about:
        yield (), [decision for rest in about.values() for decision in rest]
