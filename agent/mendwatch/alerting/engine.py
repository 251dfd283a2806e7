"""The alert engine: takes readings, keeps alerts, gives transitions and proposals. It does no I/O and asks no clock.

The caller saves `Step.alerts`, announces `Step.transitions` and hands `Step.proposals` to the remediation engine; the two
engines meet only there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from mendwatch.alerting import departures, flaps, foreign, measures, states, succession
from mendwatch.alerting.asking import Asking
from mendwatch.alerting.foreign import Foreign, ForeignSubject
from mendwatch.alerting.heirs import Heirs
from mendwatch.alerting.lately import Lately
from mendwatch.alerting.raised import Raised
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.sighting import sighted
from mendwatch.alerting.silencing import Silencing
from mendwatch.alerting.slices import Slices, Steps, finished, paced
from mendwatch.alerting.states import Sight
from mendwatch.alerting.steps import Collected, Step
from mendwatch.alerting.subjects import Subject
from mendwatch.alerting.table import Poll, Recall, Source, Table
from mendwatch.errors import ContentError
from mendwatch.model.alerts import Alert, AlertState, Record, Transition
from mendwatch.model.changing import changed
from mendwatch.model.journal import Decision
from mendwatch.model.proposals import Verdict
from mendwatch.model.received import Received
from mendwatch.model.samples import Reading
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec
from mendwatch.render.renderer import Renderer

#: Units of work of one alert that lives, and of one proposal; texts are rendered for both.
_ADVANCE, _PROPOSE = 100, 100


class AlertEngine:
    """Evaluates a set of rules over everything that the collectors read, and over what others judged."""

    def __init__(self, rules: RuleSet, renderer: Renderer) -> None:
        self.rules = rules
        self._renderer = renderer
        self._table = Table(rules)
        self._foreign = Foreign(rules)
        self._raised = Raised(rules.rules)
        self._asking = Asking(self._raised)
        self._lately = Lately()
        self._live: dict[tuple[str, str], Subject] = {}  # those with an alert; few

    def reach_back(self, recall: Recall) -> None:
        """Say what gives the newest points of a series: with them a window begins that a rule has just named."""
        self._table.recall = recall

    @property
    def memory(self) -> Table:
        """What it remembers; only for another engine that goes on with it."""
        return self._table

    def remembering(self, memory: Table, now: datetime) -> Steps[None]:
        """Begin windows with what another table remembers, in slices: of before a restart. Do it before the first reading."""
        slices = Slices()
        yield from self._table.inherit(memory, now, slices)
        yield from memory.emptied(slices)

    def know(self, targets: Collection[str]) -> None:
        """Say which targets are ours: received alerts may name others, on which nothing is asked for. Before it, all are."""
        self._foreign.targets = targets

    def restore(self, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Take up the alerts of before a restart, with their clocks; gives back those that no rule knows any more."""
        return tuple([alert for alert in alerts if not self._restored(alert)])

    def recall(self, words: Mapping[str, Decision]) -> None:
        """Take up what was said last about each alert before a restart, by fingerprint, so that nothing is said twice."""
        self._asking.recall({mark: word for mark, word in words.items() if (word.rule, mark) in self._live})

    def hush(self, silencing: Silencing) -> None:
        """Take the silences and maintenance windows that are there now; the next offers are made with them."""
        self._asking.silencing = silencing

    def observe(self, target: Target, target_label: str, spec: CollectorSpec, reading: Reading, now: datetime) -> Step:
        """Judge one reading at once; for tests, replays and short readings. See `observing`."""
        return finished(self.observing(Poll(target, target_label, spec, reading, now)))

    def observing(self, poll: Poll) -> Steps[Step]:
        """Judge one reading in slices. Let it end before the next begins, and before a tick: each needs what the last left."""
        collected, slices = Collected(), Slices()
        for schema in poll.spec.schemas:
            if self.rules.concerns(schema.name):
                yield from self._observe(self._table.source(schema, poll), poll, slices, collected)
        return collected.step()

    def receiving(self, words: Iterable[Received], now: datetime) -> Steps[Step]:
        """Judge received alerts in slices, as `observing` does a reading. Give it those of before a restart as well."""
        collected, slices = Collected(), Slices()
        told = yield from self._foreign.take(words, now, slices)
        yield from self._judge_foreign(told, now, slices, collected)
        return collected.step()

    def tick(self, now: datetime) -> Step:
        """Let time pass at once; see `ticking`."""
        return finished(self.ticking(now))

    def ticking(self, now: datetime) -> Steps[Step]:
        """Let time pass, in slices: notice silence. Do it every few seconds, at a restart after the first round of polls."""
        collected, slices = Collected(), Slices()
        yield from self._table.sweep(now, slices)
        silent = yield from self._silent(now, slices)
        for subject in paced(sorted(silent, key=_order), slices, _ADVANCE):
            if subject is None:
                yield
            else:
                self._advance(subject, Sight(None, None, self._inhibitor(subject)), now, collected)
        due = yield from self._foreign.due(now, slices)
        yield from self._judge_foreign(due, now, slices, collected)
        yield from self._forget_passed(now, slices, collected)
        return collected.step()

    def replace(self, rules: RuleSet, now: datetime) -> Step:
        """Judge by other rules from now on, at once; see `replacing`."""
        return finished(self.replacing(rules, now))

    def replacing(self, rules: RuleSet, now: datetime) -> Steps[Step]:
        """Judge by other rules from now on, in slices; the change itself is one step. See `succession` for what becomes of alerts.

        Records are met anew with the next readings, as after a restart; windows of unchanged (field, seconds) are kept.
        """
        collected, slices = Collected(), Slices()
        heirs = Heirs(rules, self._table, self._foreign)
        yield from heirs.inherit(now, slices)
        ended = []
        for subject in paced(list(self._live.values()), slices, _ADVANCE):
            if subject is None:
                yield
            elif subject.alert is not None:
                follows = succession.following(subject.alert, self.rules, rules, now)
                if isinstance(follows, Transition) or not heirs.adopt(subject, follows):
                    ended.append((subject, follows if isinstance(follows, Transition) else _ended(subject.alert, now)))
                elif follows != subject.alert:
                    collected.alerts.append(follows)
        for subject, transition in ended:
            self._end(subject, transition, collected)
        for alert in [alert for alert in self._lately.all() if rules.get(alert.rule) is None]:
            self._lately.drop(alert.rule, alert.fingerprint)
            collected.alerts.append(changed(alert, changes=()))
        before, self.rules, self._table, self._foreign = self._table, rules, heirs.table, heirs.foreign
        self._raised, self._live = heirs.raised, heirs.live
        self._asking.raised = heirs.raised
        yield from before.emptied(slices)
        return collected.step()

    def alerts(self) -> tuple[Alert, ...]:
        """Give every alert that is not inactive."""
        return tuple(subject.alert for subject in self._live.values() if subject.alert is not None)

    def kept(self) -> tuple[Alert, ...]:
        """Give every alert that `restore` wants to see again: also what ended so lately that it may be flapping."""
        return (*self.alerts(), *self._lately.all())

    def offers(self, now: datetime) -> Step:
        """Give all offers at once; see `offering`."""
        return finished(self.offering(now))

    def offering(self, now: datetime) -> Steps[Step]:
        """Give the proposal of every alert that fires, over its newest record; what is held back; and what is silent no more.

        Offer them again from time to time: the guards of the remediation engine decide whether one becomes a run.
        """
        collected = Collected()
        for subject in paced(list(self._live.values()), Slices(), _PROPOSE):
            if subject is None:
                yield
            elif subject.alert is not None and flaps.is_raised(subject.alert):
                self._asking.ask(subject, subject.alert, now, collected)
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

    def held(self, rule_name: str, fingerprint: str, now: datetime) -> str:
        """Say what holds the remediation of an alert back now; empty where nothing does, and where there is no such alert."""
        subject = self._live.get((rule_name, fingerprint))
        return "" if subject is None or subject.alert is None else self._asking.held(subject, subject.alert, now)

    def target_of(self, rule_name: str, fingerprint: str) -> str | None:
        """Give the target of a subject, so that it can be measured anew; None where the rule or the subject is unknown."""
        subject = self._subject(rule_name, fingerprint)
        return subject.target if subject is not None else None

    def subjects(self, rule_name: str) -> list[Subject]:
        """Give every subject of a rule that is remembered; only to be looked at, and between two pieces of work."""
        others = (subject for subject in self._foreign if subject.compiled.rule.alert == rule_name)
        return [*self._table.of_rule(rule_name), *others]

    def sources(self, schema: str) -> list[Source]:
        """Give the sources of a schema; only to be looked at, as the subjects."""
        return self._table.of_schema(schema)

    def holds(self, subject: Subject, now: datetime) -> list[tuple[str, str]]:
        """Give what holds back the remediation of a subject with an alert: each guard of ours, and its reason."""
        return list(self._asking.holds(subject, now))

    def is_foreign(self, rule_name: str) -> bool:
        """Tell whether a rule is over alerts that others judge."""
        compiled = self.rules.get(rule_name)
        return compiled is not None and foreign.is_foreign(compiled)

    def _restored(self, alert: Alert) -> bool:
        """Take up one alert; False where no rule knows it."""
        if alert.state is AlertState.INACTIVE:
            known = self.rules.get(alert.rule) is not None and bool(alert.changes)
            if known:
                self._lately.add(alert)
            return known
        subject = self._foreign.restore(alert) or self._table.restore(alert)
        if subject is not None:
            self._live[alert.rule, alert.fingerprint] = subject
            self._raised.changed(None, alert)
        return subject is not None

    def _subject(self, rule_name: str, fingerprint: str) -> Subject | None:
        return self._foreign.get(rule_name, fingerprint) or self._table.get(rule_name, fingerprint)

    def _observe(self, source: Source, poll: Poll, slices: Slices, collected: Collected) -> Steps[None]:
        """Judge the records of one schema; where the reading has them all, end what is not among them."""
        looks = yield from source.looks(poll, slices)
        source.round += 1
        seen = yield from sighted(poll, self._table, source, looks, slices)
        for one in paced(seen, slices, _ADVANCE):
            if one is None:
                yield
                continue
            sight = Sight(one.when, one.cleared(), self._inhibitor(one.subject))
            self._advance(one.subject, sight, poll.now, collected, one.record())
        if source.schema.name in poll.reading.complete:
            yield from self._end_absent(source, poll, slices, collected)

    def _judge_foreign(
        self, subjects: Iterable[ForeignSubject], now: datetime, slices: Slices, collected: Collected
    ) -> Steps[None]:
        for subject in paced(subjects, slices, _ADVANCE):
            if subject is None:
                yield
                continue
            sight = replace(subject.sight(now), inhibitor=self._inhibitor(subject))
            self._advance(subject, sight, now, collected, next(iter(subject.records), None))

    def _end_absent(self, source: Source, poll: Poll, slices: Slices, collected: Collected) -> Steps[None]:
        gone = yield from self._table.absent(source, poll, slices)
        for subject in sorted(gone, key=_order):
            if subject.alert is not None:
                self._end(subject, departures.gone(subject.alert, poll.now), collected)

    def _silent(self, now: datetime, slices: Slices) -> Steps[list[Subject]]:
        """Find the subjects that time alone can do something to."""
        found: dict[int, Subject] = {}
        for subject in paced([*self._table.alarming(), *self._live.values()], slices, 1):
            if subject is None:
                yield
            elif subject.silent(now):
                found[id(subject)] = subject
        return list(found.values())

    def _advance(self, subject: Subject, sight: Sight, now: datetime, collected: Collected, record: Record | None = None) -> None:
        before = subject.alert or self._blank(subject)
        alert, transition = states.advance(subject.compiled.rule, sight, before, now, subject.stale_after)
        if alert.state is not AlertState.INACTIVE:
            alert = self._described(subject, alert, record if sight.when is not None else None)
        if transition is not None:
            values = record.values if record is not None and sight.when is not None else None
            self._asking.moved(Transition(transition.before, alert, transition.at, transition.reason), now, collected, values)
        if alert != before:
            self._asking.flapped(before, alert, now, collected)
            self._keep(subject, alert, collected)
        self._offer(subject, alert, before, sight, now, collected)

    def _blank(self, subject: Subject) -> Alert:
        changes = self._lately.changes(subject.compiled.rule.alert, subject.fingerprint)
        return changed(subject.blank(), changes=changes) if changes else subject.blank()

    def _end(self, subject: Subject, transition: Transition, collected: Collected) -> None:
        """End an alert for another reason than its condition."""
        self._asking.moved(transition, transition.at, collected)
        self._keep(subject, transition.alert, collected)

    def _keep(self, subject: Subject, alert: Alert, collected: Collected) -> None:
        inactive = alert.state is AlertState.INACTIVE
        identity = (alert.rule, alert.fingerprint)
        if not inactive or identity in self._live:
            collected.alerts.append(alert)
        self._raised.changed(subject.alert, alert)
        subject.alert = None if inactive else alert
        if not inactive:
            self._live[identity] = subject
            self._lately.drop(*identity)
        elif self._live.pop(identity, None) is not None:
            self._lately.add(alert)
            self._asking.forget(alert.fingerprint)

    def _forget_passed(self, now: datetime, slices: Slices, collected: Collected) -> Steps[None]:
        """Forget what ended too long ago to be flapping."""
        for rule in self.rules.rules:
            for alert in paced(self._lately.passed(rule.alert, rule.flap.window, now), slices, 1):
                if alert is None:
                    yield
                else:
                    collected.alerts.append(alert)

    def _offer(self, subject: Subject, alert: Alert, before: Alert, sight: Sight, now: datetime, collected: Collected) -> None:
        """Ask for the remediation of an alert that just began to fire, or say what holds it back."""
        rule = subject.compiled.rule
        if alert.state is AlertState.FIRING and before.state is not AlertState.FIRING:
            self._asking.ask(subject, alert, now, collected)
        waiting = rule.remediate is not None and alert.state is AlertState.PENDING and sight.when and sight.inhibitor
        if waiting and alert.active_since is not None and now - alert.active_since >= rule.hold:
            self._asking.waits(rule, alert, sight.inhibitor, now, collected)

    def _inhibitor(self, subject: Subject) -> str:
        """Give the name of an alert that inhibits this subject, or nothing."""
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
        return changed(alert, labels={**record.labels, **rule.labels}, values=dict(record.values), annotations=annotations)

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


def _ended(alert: Alert, now: datetime) -> Transition:
    return departures.ended(alert, now, succession.OTHER_RECORDS)


def _unknown(rule_name: str) -> Verdict:
    return Verdict(None, f"nothing was measured for {rule_name} since the agent started", {})
