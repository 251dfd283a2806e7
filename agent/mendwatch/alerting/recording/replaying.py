"""Lives through a recording once more: the same engine, the same inputs, the clock of the record. Pure.

Two ways: as it was, every tick included, which gives the very same transitions; or with other rules, where time passes in steps of
our own, because what ticks did for the rules of then says nothing of others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mendwatch.alerting.engine import AlertEngine
from mendwatch.alerting.recording.events import Began, Event, Heard, Observed, Recalled, Ruled, SeriesKey, Ticked, Why
from mendwatch.alerting.recording.fitting import fitted
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.silencing import Silencing
from mendwatch.alerting.slices import finished
from mendwatch.alerting.steps import Step
from mendwatch.model.alerts import Alert
from mendwatch.render.renderer import Renderer

#: Time passes at least this often where a replay ticks by itself.
TICK = timedelta(seconds=15)
#: After so long without any event nothing was watched: time does not pass step by step.
PAUSE = timedelta(hours=1)

#: What happens by itself; what the history gave belongs to a reading.
_Lived = Began | Observed | Heard | Ticked | Ruled

#: Gives the rules that were in force, by their digests; None where they are not known any more.
RulesOf = Callable[[Mapping[str, str]], RuleSet | None]


@dataclass(frozen=True, slots=True)
class Moment:
    """What one event brought about."""

    at: datetime
    event: Event
    step: Step


@dataclass(slots=True)
class Replay:
    """One life through a recording. `engine` may be looked at between two moments."""

    rules: RuleSet
    renderer: Renderer
    silencing: Silencing = field(default_factory=Silencing)
    engine: AlertEngine = field(init=False)
    _begun: bool = False
    _recalled: Mapping[SeriesKey, tuple[tuple[float, float], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = self._engine()

    def exactly(self, events: Iterable[Event], rules_of: RulesOf = lambda _: None) -> Iterator[Moment]:
        """Live through it as it was: with every tick, restart and change of rules, as far as those rules are known."""
        for event, recalled in with_recalled(events):
            if isinstance(event, Began):
                self.rules = rules_of(event.digests) or self.rules
                self._begin(event, event.alerts)
            elif isinstance(event, Ruled):
                self.rules = rules_of(event.digests) or self.rules
                yield Moment(event.at, event, self.engine.replace(self.rules, event.at))
            else:
                self._recalled = recalled
                yield Moment(event.at, event, self._put(event))

    def otherwise(self, events: Iterable[Event]) -> Iterator[Moment]:
        """Live through it with rules of one's own: alerts of then are left out, and time passes in steps of TICK."""
        ticked: datetime | None = None
        for event in events:
            if isinstance(event, Began):
                self._begin(event, self.engine.kept())
            if not isinstance(event, Observed | Heard | Ticked):
                continue
            for at in _between(ticked, event.at):
                ticked = at
                yield Moment(at, Ticked(at), self._put(Ticked(at)))
            if not isinstance(event, Ticked):
                ticked = ticked or event.at
                yield Moment(event.at, event, self._put(event))

    def _begin(self, event: Began, alerts: Iterable[Alert]) -> None:
        """Begin anew where the agent did, or where something is missing; a mere new file is nothing to mind."""
        if event.why is Why.SEGMENT and self._begun:
            return
        made, before = self._engine(), self.engine
        if self._begun:  # the agent fills its windows from the record when it starts
            finished(made.remembering(before.memory, event.at))
        self._begun, self.engine = True, made
        made.restore(alerts)

    def _engine(self) -> AlertEngine:
        made = AlertEngine(self.rules, self.renderer)
        made.hush(self.silencing)
        made.reach_back(lambda target, metric, labels, _: self._recalled.get((target.id, metric, labels), ()))
        return made

    def _put(self, event: Observed | Heard | Ticked) -> Step:
        self._begun = True
        if isinstance(event, Heard):
            return finished(self.engine.receiving(event.words, event.at))
        if isinstance(event, Ticked):
            return self.engine.tick(event.at)
        poll = fitted(event.poll, self.rules)
        return self.engine.observe(poll.target, poll.target_label, poll.spec, poll.reading, poll.now)


def with_recalled(events: Iterable[Event]) -> Iterator[tuple[_Lived, Mapping[SeriesKey, tuple[tuple[float, float], ...]]]]:
    """Give each event with what the history gave for it, which stands behind it."""
    before: _Lived | None = None
    points: dict[SeriesKey, tuple[tuple[float, float], ...]] = {}
    for event in events:
        if isinstance(event, Recalled):
            points.update(event.points)
            continue
        if before is not None:
            yield before, points
        before, points = event, {}
    if before is not None:
        yield before, points


def _between(last: datetime | None, now: datetime) -> Iterator[datetime]:
    """Give the moments at which time passes, up to now."""
    if last is None:
        return
    if now - last > PAUSE:
        yield now
        return
    while now - last >= TICK:
        last += TICK
        yield last
