"""The alert engine: takes readings, keeps alerts, gives transitions and proposals. It does no I/O and asks no clock.

The caller saves `Step.alerts`, announces `Step.transitions` and hands `Step.proposals` to the remediation engine; the two
engines meet only there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from mendwatch.alerting import measures, states
from mendwatch.alerting.conditions import Bound
from mendwatch.alerting.records import records
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.states import Sight
from mendwatch.alerting.subjects import Subject, Table
from mendwatch.errors import ContentError
from mendwatch.model.alerts import Alert, AlertState, Record, Transition
from mendwatch.model.proposals import Proposal, Verdict
from mendwatch.model.rules import Inhibition, NoData, Rule
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer


@dataclass(frozen=True, slots=True)
class Withheld:
    """A remediation that a rule would ask for and does not; `word` is `inhibited` or `variables`."""

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
    """Evaluates a set of rules over everything that the collectors read."""

    def __init__(self, rules: RuleSet, renderer: Renderer) -> None:
        self.rules = rules
        self._renderer = renderer
        self._table = Table(rules)
        self._fires = any(rule.no_data is NoData.FIRE for rule in rules.rules)
        self._live: dict[tuple[str, str], Subject] = {}  # those with an alert; few

    def restore(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Take up the alerts of before a restart, with their clocks; gives back those that no rule knows any more."""
        orphans = []
        for alert in alerts:
            if alert.state is AlertState.INACTIVE or not self._table.restore(alert):
                orphans.append(alert)
                continue
            subject = self._table.get(alert.rule, alert.fingerprint)
            if subject is not None:
                self._live[alert.rule, alert.fingerprint] = subject
        return tuple(orphans)

    def observe(self, target: Target, target_label: str, spec: CollectorSpec, reading: Reading, now: datetime) -> Step:
        """Judge one reading. `now` is when the poll began: data count as measured then, never later."""
        collected = _Collected()
        for schema in spec.schemas:
            if self.rules.concerns(schema.name):
                found = records(schema, spec.metrics, target, target_label, reading, now)
                self._judge(self._seen(found, spec.interval, now), now, collected)
        return collected.step()

    def tick(self, now: datetime) -> Step:
        """Let time pass: notice silence. Call it every few seconds, at a restart after the first round of polls."""
        collected = _Collected()
        self._table.sweep(now)
        silent = [subject for subject in self._table if subject.compiled.rule.no_data is NoData.FIRE] if self._fires else []
        for subject in sorted({id(item): item for item in [*silent, *self._live.values()]}.values(), key=_order):
            self._advance(subject, Sight(None, None, self._inhibitor(subject)), now, collected)
        return collected.step()

    def alerts(self) -> tuple[Alert, ...]:
        """Give every alert that is not inactive."""
        return tuple(subject.alert for subject in self._live.values() if subject.alert is not None)

    def offers(self) -> Step:
        """Give the proposal of every alert that fires and has not begun to clear, over its newest record; and what is held back.

        Offer them again from time to time: the guards of the remediation engine decide whether one becomes a run.
        """
        collected = _Collected()
        for subject in self._live.values():
            alert = subject.alert
            if alert is not None and alert.state is AlertState.FIRING and alert.cleared_since is None:
                self._propose(subject, alert, collected)
        return collected.step()

    def verify(self, rule_name: str, fingerprint: str, since: datetime) -> Verdict:
        """Tell whether a change helped, on data measured at or after `since`; None where there are none yet."""
        subject = self._table.get(rule_name, fingerprint)
        return measures.verified(subject, since) if subject is not None else _unknown(rule_name)

    def still_firing(self, rule_name: str, fingerprint: str, since: datetime) -> Verdict:
        """Tell whether the trouble goes on, on data measured at or after `since`; None where there are none yet."""
        subject = self._table.get(rule_name, fingerprint)
        return measures.still_firing(subject, since) if subject is not None else _unknown(rule_name)

    def target_of(self, rule_name: str, fingerprint: str) -> str | None:
        """Give the target of a subject, so that it can be measured anew; None where the rule or the subject is unknown."""
        subject = self._table.get(rule_name, fingerprint)
        return subject.target if subject is not None else None

    def _seen(self, found: Iterable[Record], interval: float, now: datetime) -> list[tuple[Subject, list[Record], list[Bound]]]:
        """Gather the records of each subject, in the order of evaluation."""
        seen: dict[int, tuple[Subject, list[Record], list[Bound]]] = {}
        for record in found:
            bound: Bound | None = None
            for subject in self._table.subjects_of(record, interval, now):
                bound = bound or measures.bind(subject.compiled, record)
                entry = seen.setdefault(id(subject), (subject, [], []))
                entry[1].append(record)
                entry[2].append(bound)
        return sorted(seen.values(), key=lambda entry: _rank(entry[0]))

    def _judge(self, seen: Iterable[tuple[Subject, list[Record], list[Bound]]], now: datetime, collected: _Collected) -> None:
        for subject, found, bounds in seen:
            subject.records = tuple(found)
            when = measures.worried(subject.compiled, bounds)
            if when is not None:
                subject.answered = now
            if subject.alert is None and not when and subject.compiled.rule.no_data is not NoData.FIRE:
                continue  # nothing was and nothing is: by far the most records
            sight = Sight(when, measures.cleared(subject.compiled, bounds, when), self._inhibitor(subject))
            foremost = found[measures.foremost(subject.compiled, found, bounds)]
            self._advance(subject, sight, now, collected, foremost)

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
        elif lacking:
            collected.withheld.append(Withheld(rule, alert, "variables", f"no value of {', '.join(lacking)}"))
        else:
            collected.proposals.append(Proposal(rule, alert, values))

    def _inhibitor(self, subject: Subject) -> str:
        """Give the name of an alert that silences this subject, or nothing."""
        inhibitions = subject.compiled.rule.inhibited_by
        if not inhibitions:
            return ""
        labels = _labels(subject)
        raised = [item.alert for item in self._live.values() if item.alert is not None and states.is_raised(item.alert)]
        return next((alert.rule for alert in raised for item in inhibitions if _silences(item, alert, labels)), "")

    def _described(self, subject: Subject, alert: Alert, record: Record | None) -> Alert:
        """Give the alert with the labels, values and texts of the record that speaks for it; without one, as it was."""
        rule = subject.compiled.rule
        record = record or (subject.records[0] if subject.records and not alert.annotations else None)
        if record is None:
            return alert
        annotations = alert.annotations
        if not annotations or alert.values != record.values:
            annotations = {name: self._text(source, subject, record) for name, source in rule.annotations.items()}
        return replace(alert, labels={**record.labels, **rule.labels}, values=dict(record.values), annotations=annotations)

    def _text(self, source: str, subject: Subject, record: Record) -> str:
        """Render one annotation. A text that cannot be rendered must not cost the alert."""
        absent = dict.fromkeys(subject.compiled.language.names)
        try:
            return self._renderer.inline(source, {**absent, **record.labels, **record.values})
        except ContentError as problem:
            return f"[{problem}]"


def _silences(inhibition: Inhibition, alert: Alert, labels: Mapping[str, str]) -> bool:
    return inhibition.alert == alert.rule and all(
        alert.labels.get(label, "") == labels.get(label, "") for label in inhibition.equal
    )


def _labels(subject: Subject) -> Mapping[str, str]:
    return subject.records[0].labels if subject.records else subject.alert.labels if subject.alert is not None else subject.key


def _rank(subject: Subject) -> int:
    return subject.compiled.rank


def _order(subject: Subject) -> tuple[int, str]:
    """Order subjects alike before and after a restart, which forgets in what order they came."""
    return subject.compiled.rank, subject.fingerprint


def _unknown(rule_name: str) -> Verdict:
    return Verdict(None, f"nothing was measured for {rule_name} since the agent started", {})
