"""An alert engine whose every input is recorded, in the order in which it works on it. Nothing else differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.recording.events import Began, Event, Heard, Observed, Recalled, Ruled, SeriesKey, Ticked, Why
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.slices import Steps
from mendwatch.alerting.steps import Step
from mendwatch.alerting.table import Poll, Recall
from mendwatch.clock import Clock
from mendwatch.model.alerts import Alert
from mendwatch.model.received import Received
from mendwatch.model.targets import Target
from mendwatch.render.renderer import Renderer

#: Takes one event and returns at once.
Record = Callable[[Event], None]


class RecordedEngine(AlertEngine):
    """The engine as the agent runs it. An input is recorded when its work begins, not when somebody asks for it."""

    def __init__(self, rules: RuleSet, renderer: Renderer, record: Record, clock: Clock) -> None:
        super().__init__(rules, renderer)
        self._record = record
        self._clock = clock
        self._busy = 0
        self._recalled: dict[SeriesKey, tuple[tuple[float, float], ...]] = {}

    def restore(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Take up the alerts of before a restart."""
        known = tuple(alerts)
        self._record(self._began(self._clock.now(), Why.START, known))
        return super().restore(known)

    def observing(self, poll: Poll) -> Steps[Step]:
        """Judge one reading in slices."""
        self._record(Observed(poll))
        step = yield from self._worked(super().observing(poll))
        if self._recalled:
            self._record(Recalled(poll.now, self._recalled))
            self._recalled = {}
        return step

    def replacing(self, rules: RuleSet, now: datetime) -> Steps[Step]:
        """Judge by other rules from now on, in slices."""
        self._record(Ruled(now, digests(rules)))
        return (yield from self._worked(super().replacing(rules, now)))

    def reach_back(self, recall: Recall) -> None:
        """Begin windows with what the history has; what it gave is recorded, for it may not have it any more."""

        def recalled(target: Target, metric: str, labels: tuple[str, ...], since: datetime) -> Iterable[tuple[float, float]]:
            points = tuple(recall(target, metric, labels, since))
            self._recalled[target.id, metric, labels] = points
            return points

        super().reach_back(recalled)

    def receiving(self, words: Iterable[Received], now: datetime) -> Steps[Step]:
        """Judge received alerts in slices."""
        known = tuple(words)
        self._record(Heard(now, known))
        return (yield from self._worked(super().receiving(known, now)))

    def ticking(self, now: datetime) -> Steps[Step]:
        """Let time pass, in slices."""
        self._record(Ticked(now))
        return (yield from self._worked(super().ticking(now)))

    def standing(self, now: datetime, why: Why) -> Began | None:
        """Give what a new file of the recording begins with; None in the middle of a piece of work."""
        return None if self._busy else self._began(now, why, self.kept())

    def _began(self, now: datetime, why: Why, alerts: tuple[Alert, ...]) -> Began:
        return Began(now, why, alerts, digests(self.rules))

    def _worked(self, steps: Steps[Step]) -> Steps[Step]:
        self._busy += 1
        try:
            return (yield from steps)
        finally:
            self._busy -= 1


def digests(rules: RuleSet) -> dict[str, str]:
    """Give the digest of each rule by its name."""
    return {rule.alert: rule.digest for rule in rules.rules}
