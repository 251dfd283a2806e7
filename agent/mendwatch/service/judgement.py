"""Rules and their consequences: what the alert engine decided is kept, told, and offered to the remediation engine.

A state that is not kept is not told: the order is store, then announce, then offer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from mendwatch.alerting.engine import AlertEngine, Step
from mendwatch.clock import Clock
from mendwatch.errors import StoreError
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.notices import Announce, Notice
from mendwatch.model.proposals import Proposal
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.store.interface import Alerts

_log = structlog.get_logger(__name__)

#: Seconds between two looks at clocks (`for`, `stale_after`) that no data drives.
TICK = 1.0
#: Seconds between two offers of a remediation whose rule still fires: a guard may have opened meanwhile.
OFFER_AGAIN = 10.0


class Judgement:
    """Carries the alert engine's steps on. Make it inside the running loop; `remedy` is set once, before the first poll."""

    def __init__(self, engine: AlertEngine, alerts: Alerts, metrics: AgentMetrics, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._alerts = alerts
        self._metrics = metrics
        self._clock = clock
        self._announce = announce
        self._remedy: RemediationEngine | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connect(self, remedy: RemediationEngine) -> None:
        """Say who takes the proposals."""
        self._remedy = remedy

    async def restore(self) -> None:
        """Take up the alerts where the last agent left them, so that no clock is lost; those of rules that are gone end."""
        orphans = self._engine.restore(await self._alerts.load())
        await self._alerts.save([replace(alert, state=AlertState.INACTIVE) for alert in orphans])
        self._count()

    async def observe(self, target: Target, label: str, spec: CollectorSpec, reading: Reading, at: datetime) -> None:
        """Have one reading judged."""
        await self._carry(self._engine.observe(target, label, spec, reading, at))

    async def run(self) -> None:
        """Look at the clocks until cancelled."""
        offered = self._clock.monotonic()
        while True:
            await self._clock.sleep(TICK)
            await self._carry(self._engine.tick(self._clock.now()))
            if self._clock.monotonic() - offered >= OFFER_AGAIN:
                offered = self._clock.monotonic()
                self._offer(self._engine.firing())

    async def stop(self) -> None:
        """Let go of the offers that are still being planned."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, step: Step) -> None:
        if step.alerts:
            await self._keep(step.alerts)
        if step.transitions:
            self._count()
        for transition in step.transitions:
            self._tell(transition)
        self._offer(step.proposals)

    def _count(self) -> None:
        self._metrics.alerts_are(Counter(alert.state for alert in self._engine.alerts()))

    async def _keep(self, alerts: Iterable[Alert]) -> None:
        try:
            await self._alerts.save(alerts)
        except StoreError as problem:
            # Judging goes on without a store; runs do not, because they ask it themselves.
            _log.warning("alerts not kept", reason=str(problem), hint=problem.hint)

    def _tell(self, transition: Transition) -> None:
        alert = transition.alert
        self._metrics.alert_changed(transition)
        resolved = alert.state is AlertState.INACTIVE and transition.before is not AlertState.PENDING
        word = "resolved" if resolved else str(alert.state)
        subject = ", ".join(f"{name}={value}" for name, value in sorted(alert.key.items()))
        facts = {"alert": alert.rule, "fingerprint": alert.fingerprint, "target": alert.target, "key": dict(alert.key)}
        self._announce(Notice(transition.at, f"alert.{word}", f"{alert.rule} is {word} for {subject}: {transition.reason}", facts))
        if alert.state is AlertState.INACTIVE and self._remedy is not None:
            self._spawn(self._remedy.alert_resolved(alert.fingerprint))

    def _offer(self, proposals: Iterable[Proposal]) -> None:
        """Offer beside the poll: planning takes as long as a playbook's check mode."""
        if self._remedy is not None:
            for proposal in proposals:
                self._spawn(self._offered(self._remedy, proposal))

    async def _offered(self, remedy: RemediationEngine, proposal: Proposal) -> None:
        await remedy.offer(proposal)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreError as problem:
            _log.warning("nothing decided", reason=str(problem), hint=problem.hint)
        except Exception:  # noqa: BLE001 - a fault of ours in one proposal must not stop the judging of the others
            _log.exception("a proposal was lost")
            self._metrics.bug("remediation")
