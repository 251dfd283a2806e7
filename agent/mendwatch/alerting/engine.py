"""The alert engine: takes readings, keeps alerts, gives transitions and proposals. It does no I/O and asks no clock.

The caller saves `Step.alerts`, announces `Step.transitions` and hands `Step.proposals` to the remediation engine; the two
engines meet only there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from mendwatch.alerting import departures, foreign, measures, states
from mendwatch.alerting.foreign import Foreign, ForeignSubject
from mendwatch.alerting.gathering import gathered
from mendwatch.alerting.raised import Raised
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.sighting import sighted
from mendwatch.alerting.slices import Slices, Steps, finished, paced
from mendwatch.alerting.states import Sight
from mendwatch.alerting.subjects import Subject
from mendwatch.alerting.table import Poll, Source, Table
from mendwatch.errors import ContentError
from mendwatch.model.alerts import Alert, AlertState, Record, Transition
from mendwatch.model.proposals import Proposal, Verdict
from mendwatch.model.received import Received
from mendwatch.model.rules import Rule
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

#: Units of work of one alert that lives, and of one proposal; texts are rendered for both.
_ADVANCE, _PROPOSE = 100, 100
#: Why nothing is asked for a received alert that names no target of ours.
UNKNOWN_TARGET = "unknown target"


@dataclass(frozen=True, slots=True)
class Withheld:
    """A remediation that a rule would ask for and does not; `word` is `inhibited`, `unknown target` or `variables`."""

    rule: Rule
    alert: Alert
    word: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one observation or one tick changed.

    `alerts` are those to save, inactive ones among them: clocks move also where no state does, and a clock that is not
    saved starts again after a restart.
    """

    transitions: tuple[Transition, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    alerts: tuple[Alert, ...] = ()
    withheld: tuple[Withheld, ...] = ()


@dataclass(slots=True)
class _Collected:
    transitions: list[Transition] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)

    def step(self) -> Step:
        return Step(tuple(self.transitions), tuple(self.proposals), tuple(self.alerts), tuple(self.withheld))


class AlertEngine:
    """Evaluates a set of rules over everything that the collectors read, and over what others judged.

    `targets` are the ids of ours: nothing is asked for on others, which received alerts may name. None: all are ours.
    """

    def __init__(self, rules: RuleSet, renderer: Renderer, targets: Collection[str] | None = None) -> None:
        self.rules = rules
        self._renderer = renderer
        self._table = Table(rules)
        self._foreign = Foreign(rules, targets)
        self._raised = Raised(rules.rules)
        self._live: dict[tuple[str, str], Subject] = {}  # those with an alert; few

    def restore(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Take up the alerts of before a restart, with their clocks; gives back those that no rule knows any more."""
        orphans = []
        for alert in alerts:
            subject = self._restored(alert) if alert.state is not AlertState.INACTIVE else None
            if subject is None:
                orphans.append(alert)
                continue
            self._live[alert.rule, alert.fingerprint] = subject
            self._raised.changed(None, alert)
        return tuple(orphans)

    def observe(self, target: Target, target_label: str, spec: CollectorSpec, reading: Reading, now: datetime) -> Step:
        """Judge one reading at once; for tests, replays and short readings. See `observing`."""
        return finished(self.observing(Poll(target, target_label, spec, reading, now)))

    def observing(self, poll: Poll) -> Steps[Step]:
        """Judge one reading in slices. Let it end before the next begins, and before a tick: each needs what the last left."""
        collected, slices = _Collected(), Slices()
        for schema in poll.spec.schemas:
            if self.rules.concerns(schema.name):
                yield from self._observe(self._table.source(schema, poll), poll, slices, collected)
        return collected.step()

    def receiving(self, words: Iterable[Received], now: datetime) -> Steps[Step]:
        """Judge received alerts in slices, as `observing` does a reading. Give it those of before a restart as well."""
        collected, slices = _Collected(), Slices()
        told = yield from self._foreign.take(words, now, slices)
        yield from self._judge_foreign(told, now, slices, collected)
        return collected.step()

    def tick(self, now: datetime) -> Step:
        """Let time pass at once; see `ticking`."""
        return finished(self.ticking(now))

    def ticking(self, now: datetime) -> Steps[Step]:
        """Let time pass, in slices: notice silence. Do it every few seconds, at a restart after the first round of polls."""
        collected, slices = _Collected(), Slices()
        yield from self._table.sweep(now, slices)
        silent = yield from self._silent(now, slices)
        for subject in paced(sorted(silent, key=_order), slices, _ADVANCE):
            if subject is None:
                yield
            else:
                self._advance(subject, Sight(None, None, self._inhibitor(subject)), now, collected)
        due = yield from self._foreign.due(now, slices)
        yield from self._judge_foreign(due, now, slices, collected)
        return collected.step()

    def alerts(self) -> tuple[Alert, ...]:
        """Give every alert that is not inactive."""
        return tuple(subject.alert for subject in self._live.values() if subject.alert is not None)

    def offers(self) -> Step:
        """Give all offers at once; see `offering`."""
        return finished(self.offering())

    def offering(self) -> Steps[Step]:
        """Give the proposal of every alert that fires and has not begun to clear, over its newest record; and what is held back.

        Offer them again from time to time: the guards of the remediation engine decide whether one becomes a run.
        """
        collected = _Collected()
        for subject in paced(list(self._live.values()), Slices(), _PROPOSE):
            if subject is None:
                yield
                continue
            alert = subject.alert
            if alert is not None and alert.state is AlertState.FIRING and alert.cleared_since is None:
                self._propose(subject, alert, collected)
        return collected.step()

    def verify(self, rule_name: str, fingerprint: str, since: datetime) -> Verdict:
        """Tell whether a change helped, on data measured at or after `since`; None where there are none yet."""
        subject = self._subject(rule_name, fingerprint)
        if isinstance(subject, ForeignSubject):
            return foreign.verified(subject, since)
        return measures.verified(subject, since) if subject is not None else _unknown(rule_name)

    def still_firing(self, rule_name: str, fingerprint: str, since: datetime) -> Verdict:
        """Tell whether the trouble goes on, on data measured at or after `since`; None where there are none yet.

        Where others judge, their newest word at that moment tells.
        """
        subject = self._subject(rule_name, fingerprint)
        if isinstance(subject, ForeignSubject):
            return foreign.still_firing(subject, since)
        return measures.still_firing(subject, since) if subject is not None else _unknown(rule_name)

    def target_of(self, rule_name: str, fingerprint: str) -> str | None:
        """Give the target of a subject, so that it can be measured anew; None where the rule or the subject is unknown."""
        subject = self._subject(rule_name, fingerprint)
        return subject.target if subject is not None else None

    def _restored(self, alert: Alert) -> Subject | None:
        return self._foreign.restore(alert) or self._table.restore(alert)

    def _subject(self, rule_name: str, fingerprint: str) -> Subject | None:
        return self._foreign.get(rule_name, fingerprint) or self._table.get(rule_name, fingerprint)

    def _observe(self, source: Source, poll: Poll, slices: Slices, collected: _Collected) -> Steps[None]:
        """Judge the records of one schema; where the reading has them all, end what is not among them."""
        plan = yield from source.planned(poll.reading.columns, slices)
        looks = yield from gathered(source.shape, plan, poll.reading, poll.now, slices)
        source.round += 1
        seen = yield from sighted(poll, self._table, source, looks, slices)
        for one in paced(seen, slices, _ADVANCE):
            if one is None:
                yield
                continue
            sight = Sight(one.when, one.cleared(), self._inhibitor(one.subject))
            self._advance(one.subject, sight, poll.now, collected, one.foremost.record())
        if source.schema.name in poll.reading.complete:
            yield from self._end_absent(source, poll, slices, collected)

    def _judge_foreign(
        self, subjects: Iterable[ForeignSubject], now: datetime, slices: Slices, collected: _Collected
    ) -> Steps[None]:
        for subject in paced(subjects, slices, _ADVANCE):
            if subject is None:
                yield
                continue
            sight = replace(subject.sight(now), inhibitor=self._inhibitor(subject))
            self._advance(subject, sight, now, collected, next(iter(subject.records), None))

    def _end_absent(self, source: Source, poll: Poll, slices: Slices, collected: _Collected) -> Steps[None]:
        gone = yield from self._table.absent(source, poll, slices)
        for subject in sorted(gone, key=_order):
            if subject.alert is not None:
                transition = departures.gone(subject.alert, poll.now)
                collected.transitions.append(transition)
                self._keep(subject, transition.alert, collected)

    def _silent(self, now: datetime, slices: Slices) -> Steps[list[Subject]]:
        """Find the subjects that time alone can do something to."""
        found: dict[int, Subject] = {}
        for subject in paced([*self._table.alarming(), *self._live.values()], slices, 1):
            if subject is None:
                yield
            elif subject.silent(now):
                found[id(subject)] = subject
        return list(found.values())

    def _advance(self, subject: Subject, sight: Sight, now: datetime, collected: _Collected, record: Record | None = None) -> None:
        before = subject.alert or subject.blank()
        alert, transition = states.advance(subject.compiled.rule, sight, before, now, subject.stale_after)
        if alert.state is not AlertState.INACTIVE:
            alert = self._described(subject, alert, record if sight.when is not None else None)
        if transition is not None:
            collected.transitions.append(replace(transition, alert=alert))
        if alert != before:
            self._keep(subject, alert, collected)
        self._offer(subject, alert, before, sight, now, collected)

    def _keep(self, subject: Subject, alert: Alert, collected: _Collected) -> None:
        inactive = alert.state is AlertState.INACTIVE
        identity = (alert.rule, alert.fingerprint)
        if not inactive or identity in self._live:
            collected.alerts.append(alert)
        self._raised.changed(subject.alert, alert)
        subject.alert = None if inactive else alert
        if inactive:
            self._live.pop(identity, None)
        else:
            self._live[identity] = subject

    def _offer(self, subject: Subject, alert: Alert, before: Alert, sight: Sight, now: datetime, collected: _Collected) -> None:
        """Ask for the remediation of an alert that just began to fire, or say what holds it back."""
        rule = subject.compiled.rule
        if rule.remediate is None:
            return
        if alert.state is AlertState.FIRING and before.state is not AlertState.FIRING and alert.cleared_since is None:
            self._propose(subject, alert, collected)
        waiting = alert.state is AlertState.PENDING and sight.when and sight.inhibitor
        if waiting and alert.active_since is not None and now - alert.active_since >= rule.hold:
            collected.withheld.append(Withheld(rule, alert, "inhibited", f"{sight.inhibitor} fires"))

    def _propose(self, subject: Subject, alert: Alert, collected: _Collected) -> None:
        rule = subject.compiled.rule
        if rule.remediate is None or not subject.records:
            return
        inhibitor = self._inhibitor(subject)
        bounds = [measures.bind(subject.compiled, record) for record in subject.records]
        record = subject.records[measures.foremost(subject.compiled, subject.records, bounds)]
        values, lacking = measures.variables(subject, record)
        if inhibitor:
            collected.withheld.append(Withheld(rule, alert, "inhibited", f"{inhibitor} fires"))
        elif isinstance(subject, ForeignSubject) and not subject.known:
            collected.withheld.append(Withheld(rule, alert, UNKNOWN_TARGET, f"no target is called {subject.target!r}"))
        elif lacking:
            collected.withheld.append(Withheld(rule, alert, "variables", f"no value of {', '.join(lacking)}"))
        else:
            collected.proposals.append(Proposal(rule, alert, values))

    def _inhibitor(self, subject: Subject) -> str:
        """Give the name of an alert that silences this subject, or nothing."""
        rule = subject.compiled.rule
        return self._raised.inhibitor(rule, subject.labels) if rule.inhibited_by else ""

    def _described(self, subject: Subject, alert: Alert, record: Record | None) -> Alert:
        """Give the alert with the labels, values and texts of the record that speaks for it; without one, as it was."""
        rule = subject.compiled.rule
        record = record or (subject.records[0] if subject.records and not alert.annotations else None)
        if record is None:
            return alert
        annotations = alert.annotations
        if not annotations or alert.values != record.values:
            texts = {name: self._text(source, subject, record) for name, source in rule.annotations.items()}
            annotations = {**subject.remarks, **texts}
        return replace(alert, labels={**record.labels, **rule.labels}, values=dict(record.values), annotations=annotations)

    def _text(self, source: str, subject: Subject, record: Record) -> str:
        """Render one annotation. A text that cannot be rendered must not cost the alert."""
        absent = dict.fromkeys(subject.compiled.language.names)
        try:
            return self._renderer.inline(source, {**absent, **record.labels, **record.values})
        except ContentError as problem:
            return f"[{problem}]"


def _order(subject: Subject) -> tuple[int, str]:
    """Order subjects alike before and after a restart, which forgets in what order they came."""
    return subject.compiled.rank, subject.fingerprint


def _unknown(rule_name: str) -> Verdict:
    return Verdict(None, f"nothing was measured for {rule_name} since the agent started", {})
