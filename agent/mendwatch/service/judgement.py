"""Rules and their consequences: what the alert engine decided is kept, told, and offered to the remediation engine.

A state that is not kept is not told: the order is store, then announce, then offer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog

from mendwatch.alerting import asking, departures, succession
from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.recording.remembering import Memory
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import Steps, batches
from mendwatch.alerting.steps import Step
from mendwatch.alerting.table import Poll
from mendwatch.clock import Clock, turn
from mendwatch.errors import StoreError
from mendwatch.metrics.agent import AgentMetrics
from mendwatch.model.alerts import Alert, AlertState, Transition
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.model.notices import Announce, Notice
from mendwatch.model.proposals import Proposal
from mendwatch.model.received import Received
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.remediation.engine import RemediationEngine
from mendwatch.service import garbage
from mendwatch.service.hushing import Hushing
from mendwatch.service.keeping import Keeper
from mendwatch.store.interface import Store

T = TypeVar("T")
_log = structlog.get_logger(__name__)

#: Who says in the audit why nothing is asked for.
AGENT = "agent:alerting"
#: Why an alert ends that nothing will ever measure again.
TARGET_GONE = "its target is not in the configuration any more"
#: Guards that nobody is called for: of a silence people know, and what is observed the remediation engine tells.
_UNTOLD = frozenset({asking.SILENCED, asking.OBSERVE})
#: Seconds between two looks at clocks (`for`, `stale_after`) that no data drives.
TICK = 1.0
#: Seconds between two offers of a remediation whose rule still fires: a guard may have opened meanwhile.
OFFER_AGAIN = 10.0
#: How many changes are told between two turns of the loop.
TOLD_AT_ONCE = 20


class Judgement:
    """Carries the alert engine's steps on. Make it inside the running loop; `remedy` is set once, before the first poll."""

    def __init__(
        self,
        engine: AlertEngine,
        store: Store,
        metrics: AgentMetrics,
        clock: Clock,
        announce: Announce,
        windows: Sequence[Window] = (),
    ) -> None:
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
        self._keeper = Keeper(store.alerts)
        self._hushing = Hushing(store.silences, windows, store.version)
        self._unsaid: list[Decision] = []  # why nothing is asked for, where the audit did not answer

    def connect(self, remedy: RemediationEngine) -> None:
        """Say who takes the proposals."""
        self._remedy = remedy

    async def restore(self, targets: Collection[str]) -> None:
        """Take up the alerts where the last agent left them, so that no clock is lost.

        Those of a rule or of a target that left the configuration end: nothing would ever measure them again.
        """
        alerts, now = await self._store.alerts.load(), self._clock.now()
        away = [alert for alert in alerts if not self._is_ours(alert, targets)]
        unknown = self._engine.restore(alert for alert in alerts if self._is_ours(alert, targets))
        self._engine.recall(await self._store.journal.words())
        await self._hush(now)
        ended = [departures.ended(alert, now, TARGET_GONE) for alert in away]
        ended += [departures.ended(alert, now, succession.RULE_GONE) for alert in unknown]
        await self._carry(departures.step(ended))
        self._count()

    async def remember(self, memory: Memory) -> None:
        """Begin windows with what was recorded; before the first poll."""
        await self.in_turn(garbage.tidied(self._engine.remembering(memory.table, memory.now)))

    def concerns(self, spec: CollectorSpec) -> bool:
        """Tell whether any rule is about what a collector gives."""
        return any(self._engine.rules.concerns(schema.name) for schema in spec.schemas)

    async def observe(self, target: Target, label: str, spec: CollectorSpec, reading: Reading, at: datetime) -> None:
        """Have one reading judged; returns when that is done and told.

        However large the reading is, the loop gets its turns meanwhile. Readings and ticks are judged one after the other, in the
        order in which they came: nothing sees a half-judged one.
        """
        await self._carry(await self.in_turn(self._engine.observing(Poll(target, label, spec, reading, at))))

    async def replace(self, rules: RuleSet) -> None:
        """Judge by other rules from now on; returns when what follows at once is kept and told."""
        await self._carry(await self.in_turn(garbage.tidied(self._engine.replacing(rules, self._clock.now()))))
        self._count()

    @property
    def windows(self) -> tuple[Window, ...]:
        """The maintenance windows."""
        return self._hushing.windows

    def maintain(self, windows: Sequence[Window]) -> None:
        """Keep other maintenance windows from the next look at the clocks on."""
        self._hushing.maintain(windows)

    async def receive(self, words: Sequence[Received], at: datetime) -> None:
        """Have received alerts judged, which are kept already; returns when that is done and told."""
        await self._carry(await self.in_turn(garbage.tidied(self._engine.receiving(words, at))))

    async def run(self) -> None:
        """Look at the clocks until cancelled."""
        offered = self._clock.monotonic()
        while True:
            await self._clock.sleep(TICK)
            others = await self._hush(self._clock.now())
            await self._carry(await self.in_turn(self._engine.ticking(self._clock.now())))
            if others or self._clock.monotonic() - offered >= OFFER_AGAIN:
                offered = self._clock.monotonic()
                await self._carry(await self.in_turn(self._engine.offering(self._clock.now())))

    async def stop(self) -> None:
        """Let go of the offers that are still being planned."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_ours(self, alert: Alert, targets: Collection[str]) -> bool:
        return alert.target in targets or self._engine.is_foreign(alert.rule)  # others may name a target that we do not know

    async def in_turn(self, steps: Steps[T]) -> T:
        """Do one piece of work on the engine, or one look at it, with a turn of the loop between its slices."""
        async with self._turn:
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    result: T = end.value
                    return result
                await turn()

    async def _carry(self, step: Step) -> None:
        """Keep, tell and offer one step after the other: of two about one alert, the newer must be the one that is kept."""
        async with self._carrying:
            await self._carry_on(step)

    async def _carry_on(self, step: Step) -> None:
        await self._keeper.keep(step.alerts, step.decisions)
        if step.transitions:
            self._count()
        for transitions in batches(step.transitions, TOLD_AT_ONCE):
            for transition in transitions:
                self._tell(transition, silenced=transition.alert.fingerprint in step.silenced)
            await asyncio.sleep(0)
        for alert in step.heard:
            self._announce(_heard(alert, self._clock.now()))
        await self._tell_withheld(step.decisions)
        await self._offer(step.proposals)

    async def _hush(self, now: datetime) -> bool:
        """Give the engine the silences that are there now; tells whether others hold than before."""
        others = await self._hushing.look(now)
        self._engine.hush(self._hushing.silencing)
        return others

    def _count(self) -> None:
        self._metrics.alerts_are(Counter(alert.state for alert in self._engine.alerts()))

    def _tell(self, transition: Transition, *, silenced: bool) -> None:
        alert = transition.alert
        self._metrics.alert_changed(transition)
        if not silenced:
            resolved = alert.state is AlertState.INACTIVE and transition.before is not AlertState.PENDING
            self._announce(_notice(alert, transition.at, "resolved" if resolved else str(alert.state), transition.reason))
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

    async def _tell_withheld(self, decisions: Iterable[Decision]) -> None:
        """Audit and announce why a rule that fires asks for nothing. The engine says each reason once."""
        news = [one for one in decisions if one.kind is DecisionKind.WITHHELD and one.word not in _UNTOLD]
        waiting, self._unsaid = (*self._unsaid, *news), []
        for item in waiting:
            facts = {"rule": item.rule, "target": item.target, "guard": item.word, "reason": item.reason}
            try:
                await self._store.audit.append(AGENT, "run.blocked", item.fingerprint, facts)
            except StoreError:
                self._unsaid.append(item)  # it is said when the store answers again
                continue
            text = f"nothing is asked for {item.rule} on {item.target}: {item.reason}"
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


def _notice(alert: Alert, at: datetime, word: str, reason: str) -> Notice:
    subject = ", ".join(f"{name}={value}" for name, value in sorted(alert.key.items()))
    facts = {"alert": alert.rule, "fingerprint": alert.fingerprint, "target": alert.target, "key": dict(alert.key)}
    return Notice(at, f"alert.{word}", f"{alert.rule} is {word} for {subject}: {reason}", facts)


def _heard(alert: Alert, now: datetime) -> Notice:
    """Tell of an alert whose silence is over while it goes on."""
    since = f" since {alert.fired_at:%Y-%m-%d %H:%M:%SZ}" if alert.fired_at is not None else ""
    return _notice(alert, now, str(alert.state), f"its silence is over, and it fires{since}")
