"""From a poll to everybody who needs it: the page, the history, the open events, the rules.

Polling's sink. It decides nothing: each part does, and this module only carries values between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from mendwatch.clock import Clock, turn
from mendwatch.errors import MendwatchError
from mendwatch.history.memory import MemoryHistory
from mendwatch.metrics import health
from mendwatch.metrics.agent import BUG, FAILED, OK, AgentMetrics
from mendwatch.metrics.families import Families
from mendwatch.metrics.wellbeing import Wellbeing
from mendwatch.model.notices import Announce, Notice
from mendwatch.model.samples import Event, Reading
from mendwatch.model.text import replaced
from mendwatch.polling.outcomes import CollectorStanding, CollectorStatus, PollOutcome
from mendwatch.service import garbage
from mendwatch.service.events import OpenEvents
from mendwatch.service.judgement import Judgement
from mendwatch.service.resuming import Keeper
from mendwatch.service.standing import Standings

_log = structlog.get_logger(__name__)

#: Series live for so many intervals after they were measured (the same three after which a rule has no data).
LIFETIME_INTERVALS = 3.0
#: Health series say how the last poll went; they live until that is long past any rest of a collector.
HEALTH_LIFETIME = 7200.0
#: Samples and events of a reading after each of whose parts the loop has a turn.
LARGE = 1000


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where readings go."""

    families: Families
    history: MemoryHistory
    events: OpenEvents
    metrics: AgentMetrics
    judgement: Judgement
    clock: Clock
    announce: Announce
    keeper: Keeper | None = None


class Pipeline:
    """Takes every outcome of polling.

    `standing` tells whether a target is up, and how one of its collectors stands; the poller, which is made later, knows.
    """

    def __init__(self, outlets: Outlets, standing: Callable[[str, str], CollectorStanding]) -> None:
        self._to = outlets
        self._standing = standing
        self._wellbeing: dict[str, Wellbeing] = {}
        self._standings = Standings()

    async def poll_done(self, outcome: PollOutcome) -> None:
        """Account for a poll, publish what it read, and have it judged."""
        standing = self._standing(outcome.target.id, outcome.spec.name)
        self._account(outcome)
        self._publish_health(outcome, standing)
        await self._judge_health(outcome, standing)
        if outcome.reading is None:
            return
        reading, large = outcome.reading, outcome.reading.size + len(outcome.reading.events) > LARGE
        self._count_drift(outcome, reading)
        for part in (self._publish, self._keep, self._tell_events):
            if large:
                garbage.put_away()
                await turn()
            part(outcome, reading)
        if large:
            await turn()
        await self._to.judgement.observe(outcome.target, outcome.provider.target_label, outcome.spec, reading, outcome.at)
        if large:
            garbage.put_away()
        if self._to.keeper is not None:
            await self._to.keeper.keep(outcome)

    def poll_missed(self, target: str, collector: str, why: str) -> None:
        """Count a due moment that passed without a poll."""
        self._to.metrics.polled(target, collector, why)

    def _account(self, outcome: PollOutcome) -> None:
        target, name = outcome.target.id, outcome.spec.name
        result = OK if outcome.error is None else FAILED if isinstance(outcome.error, MendwatchError) else BUG
        self._to.metrics.polled(target, name, result)
        if isinstance(outcome.error, MendwatchError):
            self._to.metrics.poll_failed(target, name, outcome.error.code)
        elif outcome.error is not None:
            self._to.metrics.bug(name)

    async def _judge_health(self, outcome: PollOutcome, standing: CollectorStanding) -> None:
        """Have judged how the target and the collector stand, where any rule is about that."""
        spec = self._standings.spec(outcome.provider)
        if self._to.judgement.concerns(spec):
            reading = self._standings.reading(outcome, _health(standing.collector), up=standing.up)
            await self._to.judgement.observe(outcome.target, outcome.provider.target_label, spec, reading, outcome.at)

    def _publish_health(self, outcome: PollOutcome, standing: CollectorStanding) -> None:
        target, label, now = outcome.target, outcome.provider.target_label, self._to.clock.monotonic()
        up, status = standing
        series = self._wellbeing.get(target.id) or self._wellbeing.setdefault(target.id, Wellbeing(outcome.provider.metric_prefix))
        columns = (series.columns(_health(status), up=up),)
        self._to.families.publish(target, label, health.SOURCE, (), columns=columns, now=now, lifetime=HEALTH_LIFETIME)
        self._to.history.append(target, label, (), outcome.at, source=health.SOURCE, columns=columns)

    def _publish(self, outcome: PollOutcome, reading: Reading) -> None:
        label = outcome.provider.target_label
        lifetime = LIFETIME_INTERVALS * outcome.spec.interval + outcome.spec.timeout
        now = self._to.clock.monotonic()
        self._to.families.publish(
            outcome.target, label, outcome.spec.name, reading.samples, columns=reading.columns, now=now, lifetime=lifetime
        )

    def _keep(self, outcome: PollOutcome, reading: Reading) -> None:
        label, source = outcome.provider.target_label, outcome.spec.name
        self._to.history.append(outcome.target, label, reading.samples, outcome.at, source=source, columns=reading.columns)

    def _count_drift(self, outcome: PollOutcome, reading: Reading) -> None:
        """Count what was not understood, and log each field of it once."""
        for field in self._to.metrics.drifted(outcome.target.id, outcome.spec.name, reading.drift) if reading.drift else ():
            _log.info("decode drift", target=outcome.target.id, collector=outcome.spec.name, field=replaced(field))

    def _tell_events(self, outcome: PollOutcome, reading: Reading) -> None:
        found = self._to.events.update(outcome.target.id, outcome.spec.name, reading)
        for event in found.opened:
            self._announce_event("event.opened", outcome, event, f"{event.severity}: {event.message}")
        for event in found.closed:
            self._announce_event("event.closed", outcome, event, "is over")
        for event in found.passed:
            words = f"came at {event.time:%Y-%m-%d %H:%M:%SZ} and is over, while nobody looked; {event.severity}: {event.message}"
            self._announce_event("event.passed", outcome, event, words)

    def _announce_event(self, kind: str, outcome: PollOutcome, event: Event, words: str) -> None:
        facts: Mapping[str, object] = {"target": outcome.target.id, "event": event.key, "kind": event.kind}
        text = f"event {event.key} {event.kind} on {outcome.target.id}: {words}"
        self._to.announce(Notice(self._to.clock.now(), kind, text, facts))


def _health(status: CollectorStatus) -> health.CollectorHealth:
    return health.CollectorHealth(
        status.name,
        status.error is None,
        status.last_duration or 0.0,
        status.last_success,
        state=health.OK if status.error is None else status.error_code or health.FAILING,
        series=status.series,
        budget=status.budget,
    )
