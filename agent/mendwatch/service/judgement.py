"""Rules and their consequences: what the alert engine decided is kept, told, and offered to the remediation engine.

A state that is not kept is not told: the order is store, then announce, then offer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from mendwatch.alerting.engine import AlertEngine, Step, Withheld
from mendwatch.alerting.slices import Steps, batches
from mendwatch.alerting.table import Poll
from mendwatch.clock import Clock, turn
from mendwatch.errors import StoreError
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.notices import Announce, Notice
from mendwatch.model.proposals import Proposal
from mendwatch.model.received import Received
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.store.interface import Store

_log = structlog.get_logger(__name__)

#: Who says in the audit why nothing is asked for.
AGENT = "agent:alerting"
#: Seconds between two looks at clocks (`for`, `stale_after`) that no data drives.
TICK = 1.0
#: Seconds between two offers of a remediation whose rule still fires: a guard may have opened meanwhile.
OFFER_AGAIN = 10.0
#: How many alerts are kept, and how many changes are told, between two turns of the loop.
KEPT_AT_ONCE, TOLD_AT_ONCE = 100, 20


class Judgement:
    """Carries the alert engine's steps on. Make it inside the running loop; `remedy` is set once, before the first poll."""

    def __init__(self, engine: AlertEngine, store: Store, metrics: AgentMetrics, clock: Clock, announce: Announce) -> None:
        self._engine = engine
        self._store = store
        self._metrics = metrics
        self._clock = clock
        self._announce = announce
        self._remedy: RemediationEngine | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()  # the engine works on one thing at a time, in the order in which they came
        self._carrying = asyncio.Lock()
        self._offering: set[str] = set()  # fingerprints whose offer is under way: one at a time for each
        self._withheld: dict[str, tuple[str, str, datetime | None]] = {}  # what was said last about each

    def connect(self, remedy: RemediationEngine) -> None:
        """Say who takes the proposals."""
        self._remedy = remedy

    async def restore(self, targets: Collection[str]) -> None:
        """Take up the alerts where the last agent left them, so that no clock is lost.

        Those of a rule or of a target that left the configuration end: nothing would ever measure them again.
        """
        alerts = await self._store.alerts.load()
        orphans = [alert for alert in alerts if not self._is_ours(alert, targets)]
        orphans += self._engine.restore(alert for alert in alerts if self._is_ours(alert, targets))
        await self._store.alerts.save([replace(alert, state=AlertState.INACTIVE) for alert in orphans])
        self._count()

    async def observe(self, target: Target, label: str, spec: CollectorSpec, reading: Reading, at: datetime) -> None:
        """Have one reading judged; returns when that is done and told.

        However large the reading is, the loop gets its turns meanwhile. Readings and ticks are judged one after the other, in the
        order in which they came: nothing sees a half-judged one.
        """
        await self._carry(await self._in_turn(self._engine.observing(Poll(target, label, spec, reading, at))))

    async def receive(self, words: Sequence[Received], at: datetime) -> None:
        """Have received alerts judged, which are kept already; returns when that is done and told."""
        await self._carry(await self._in_turn(self._engine.receiving(words, at)))

    async def run(self) -> None:
        """Look at the clocks until cancelled."""
        offered = self._clock.monotonic()
        while True:
            await self._clock.sleep(TICK)
            await self._carry(await self._in_turn(self._engine.ticking(self._clock.now())))
            if self._clock.monotonic() - offered >= OFFER_AGAIN:
                offered = self._clock.monotonic()
                again = await self._in_turn(self._engine.offering())
                await self._tell_withheld(again.withheld)
                await self._offer(again.proposals)

    async def stop(self) -> None:
        """Let go of the offers that are still being planned."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_ours(self, alert: Alert, targets: Collection[str]) -> bool:
        return alert.target in targets or self._engine.is_foreign(alert.rule)  # others may name a target that we do not know

    async def _in_turn(self, steps: Steps[Step]) -> Step:
        """Let the engine do one piece of work, with a turn of the loop between its slices."""
        async with self._turn:
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    step: Step = end.value
                    return step
                await turn()

    async def _carry(self, step: Step) -> None:
        """Keep, tell and offer one step after the other: of two about one alert, the newer must be the one that is kept."""
        async with self._carrying:
            await self._carry_on(step)

    async def _carry_on(self, step: Step) -> None:
        for alerts in batches(step.alerts, KEPT_AT_ONCE):
            await self._keep(alerts)
        if step.transitions:
            self._count()
        for transitions in batches(step.transitions, TOLD_AT_ONCE):
            for transition in transitions:
                self._tell(transition)
            await asyncio.sleep(0)
        await self._tell_withheld(step.withheld)
        await self._offer(step.proposals)

    def _count(self) -> None:
        self._metrics.alerts_are(Counter(alert.state for alert in self._engine.alerts()))

    async def _keep(self, alerts: Iterable[Alert]) -> None:
        try:
            await self._store.alerts.save(alerts)
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
        if alert.state is AlertState.INACTIVE:
            self._withheld.pop(alert.fingerprint, None)
        if alert.state is AlertState.INACTIVE and self._remedy is not None:
            self._spawn(self._remedy.alert_resolved(alert.fingerprint))

    async def _offer(self, proposals: Sequence[Proposal]) -> None:
        """Offer beside the poll: planning takes as long as a playbook's check mode."""
        for some in batches(proposals, TOLD_AT_ONCE):
            for proposal in some:
                if self._remedy is not None and proposal.alert.fingerprint not in self._offering:
                    self._offering.add(proposal.alert.fingerprint)
                    self._spawn(self._offered(self._remedy, proposal))
            await asyncio.sleep(0)

    async def _offered(self, remedy: RemediationEngine, proposal: Proposal) -> None:
        try:
            await remedy.offer(proposal)
        finally:
            self._offering.discard(proposal.alert.fingerprint)

    async def _tell_withheld(self, withheld: Iterable[Withheld]) -> None:
        """Audit and announce why a rule that fires asks for nothing: once, and again when the reason changes."""
        for item in withheld:
            said = (item.word, item.reason, item.alert.fired_at)
            if self._withheld.get(item.alert.fingerprint) == said:
                continue
            facts = {"rule": item.rule.alert, "target": item.alert.target, "guard": item.word, "reason": item.reason}
            try:
                await self._store.audit.append(AGENT, "run.blocked", item.alert.fingerprint, facts)
            except StoreError:
                continue  # it is said when the store answers again
            self._withheld[item.alert.fingerprint] = said
            text = f"nothing is asked for {item.rule.alert} on {item.alert.target}: {item.reason}"
            self._announce(Notice(self._clock.now(), "run.blocked", text, facts))

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
