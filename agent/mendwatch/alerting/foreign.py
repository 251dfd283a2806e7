"""Rules over alerts that others judge (`source: alertmanager`): which alerts concern which subject, and what their words say of it.

The same states, inhibitions and proposals follow as for a rule over our own records; only what is seen comes from somewhere else.
So a subject here is one of the engine's, whose records are received alerts. Memory only: what must survive is in the store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from mendwatch.alerting import measures
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.slices import Slices, Steps, paced
from mendwatch.alerting.states import NOTHING, Sight
from mendwatch.alerting.subjects import Subject, fingerprint, stale_after
from mendwatch.model.alerts import Alert, AlertState, Record
from mendwatch.model.proposals import Verdict
from mendwatch.model.received import Received
from mendwatch.model.rules import SOURCE_ALERTMANAGER

#: How long a subject is remembered after its alerts were resolved: a run that mends it may still ask.
REMEMBERED = timedelta(days=1)
_SWEPT_EVERY = timedelta(minutes=10)
#: How many resolved alerts of one subject are remembered: they say when it was over, and that an older word is old.
_RESOLVED = 100
#: States in which time alone may change something at any moment; see `ForeignSubject.due`.
_WAITING = frozenset({AlertState.PENDING, AlertState.RESOLVING})
#: Units of one word, of one subject that is met for the first time, and of one look at a subject.
_WORD, _MEET = 10, 40


@dataclass(slots=True, eq=False)
class ForeignSubject(Subject):
    """One value of a rule's key, with the newest word on each of its alerts. `known` tells whether its target is one of ours.

    A subject may have thousands of alerts, and must be looked at in no time: `going_on` has the word that came last at its end.
    """

    known: bool = True
    going_on: dict[str, Received] = field(default_factory=dict)
    resolved: dict[str, Received] = field(default_factory=dict)

    def learn(self, word: Received) -> None:
        """Take a word, unless a newer one is known: beginnings go forth, and what is resolved stays so."""
        known = self.going_on.get(word.mark) or self.resolved.get(word.mark)
        if known is not None and _age(word) < _age(known):
            return
        self.going_on.pop(word.mark, None)
        self.resolved.pop(word.mark, None)
        (self.resolved if word.resolved else self.going_on)[word.mark] = word
        if len(self.resolved) > _RESOLVED:
            del self.resolved[min(self.resolved.values(), key=lambda one: one.ends_at or one.received_at).mark]

    @property
    def records(self) -> tuple[Record, ...]:
        """The alert that speaks for the subject, as a record: the last word that something fires, else the last word."""
        for words in (self.going_on, self.resolved):
            for word in reversed(words.values()):
                return (Record(SOURCE_ALERTMANAGER, self.target, word.labels, {}, word.received_at, word.received_at),)
        return ()

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels by which others can silence this subject."""
        for record in self.records:
            return record.labels
        return self.alert.labels if self.alert is not None else self.key

    @property
    def remarks(self) -> Mapping[str, str]:
        """What the sender says to people about it."""
        for word in reversed(self.going_on.values()):
            return word.annotations
        return {}

    def silent(self, now: datetime) -> bool:
        """Never: a subject here is looked at by `due`, because its silence is not counted from our last look."""
        del now
        return False

    def sight(self, now: datetime) -> Sight:
        """Tell what the words say: it fires if one does, it is over if all are, and old words say nothing."""
        to_come = [word for word in self.resolved.values() if not word.over(now)]
        for word in chain(reversed(self.going_on.values()), to_come):
            if now - word.vouched(now) < self.stale_after:
                return Sight(when=True, clear=False, told_at=word.vouched(now))
        if self.going_on or to_come or not self.resolved:
            return NOTHING
        return Sight(when=False, clear=True, told_at=max(word.received_at for word in self.resolved.values()))

    def due(self, now: datetime) -> bool:
        """Tell whether time alone may change its alert now."""
        alert = self.alert
        if alert is None:
            return False
        if alert.state in _WAITING or alert.cleared_since is not None or alert.flapping_since is not None:
            return True
        # What fires goes on as long as it is vouched for; what has no data waits for its sender, if that did not say when it ends.
        return self.sight(now).when is not (None if alert.state is AlertState.NO_DATA else True)


@dataclass(slots=True)
class Foreign:
    """The subjects of all rules over received alerts. `targets` are the ids of ours; None where all count as known."""

    rules: RuleSet
    targets: Collection[str] | None = None
    _subjects: dict[tuple[str, str], ForeignSubject] = field(default_factory=dict)
    _swept: datetime | None = None

    def get(self, rule: str, mark: str) -> ForeignSubject | None:
        """Give one subject."""
        return self._subjects.get((rule, mark))

    def __iter__(self) -> Iterator[ForeignSubject]:
        return iter(self._subjects.values())

    def restore(self, alert: Alert) -> ForeignSubject | None:
        """Take up an alert from before a restart; None where no such rule is over received alerts, or it has another key."""
        compiled = self.rules.get(alert.rule)
        if compiled is None or not is_foreign(compiled) or set(alert.key) != set(compiled.rule.key):
            return None
        subject = self._subject(compiled, alert.key, alert.last_seen)
        subject.alert = alert
        return subject

    def take(self, words: Iterable[Received], now: datetime, slices: Slices) -> Steps[list[ForeignSubject]]:
        """Take the newest words, in whatever order they come; give the subjects of which they speak, in the order of evaluation."""
        found: dict[int, ForeignSubject] = {}
        for word in paced(words, slices, _WORD):
            if word is None:
                yield
                continue
            for compiled in self.rules.candidates(SOURCE_ALERTMANAGER, word.labels):
                subject = self._subject(compiled, {name: word.labels.get(name, "") for name in compiled.rule.key}, now)
                subject.learn(word)
                found[id(subject)] = subject
                if slices.full(_MEET):
                    yield
        return sorted(found.values(), key=lambda subject: subject.compiled.rank)

    def due(self, now: datetime, slices: Slices) -> Steps[list[ForeignSubject]]:
        """Give the subjects that time alone may do something to, and forget what was over long ago."""
        found = []
        for subject in paced(list(self._subjects.values()), slices, 1):
            if subject is None:
                yield
            elif subject.due(now):
                found.append(subject)
        if self._swept is None or now - self._swept >= _SWEPT_EVERY:
            self._swept = now
            yield from self._sweep(now, slices)
        return found

    def _sweep(self, now: datetime, slices: Slices) -> Steps[None]:
        for item in paced(list(self._subjects.items()), slices, 1):
            if item is None:
                yield
                continue
            identity, subject = item
            ended = max((word.ends_at or word.received_at for word in subject.resolved.values()), default=subject.answered)
            if subject.alert is None and not subject.going_on and now - ended >= REMEMBERED:
                del self._subjects[identity]

    def _subject(self, compiled: CompiledRule, key: Mapping[str, str], now: datetime) -> ForeignSubject:
        rule = compiled.rule
        identity = (rule.alert, fingerprint(rule.alert, key))
        found = self._subjects.get(identity)
        if found is None:
            target = key.get(rule.target_label, "")
            known = self.targets is None or target in self.targets
            found = ForeignSubject(compiled, identity[1], target, key, stale_after(compiled, None), now, known=known)
            self._subjects[identity] = found
        return found


def is_foreign(compiled: CompiledRule) -> bool:
    """Tell whether a rule is over received alerts."""
    return compiled.rule.source == SOURCE_ALERTMANAGER


def still_firing(subject: ForeignSubject, now: datetime) -> Verdict:
    """Tell whether the trouble goes on, by the newest words; None where they are too old to say."""
    sight = subject.sight(now)
    values: Mapping[str, float] = {}
    if sight.when is None:
        return Verdict(None, f"its sender has said nothing for longer than {subject.stale_after}", values)
    words = "its sender says that it fires" if sight.when else "its sender says that it is resolved"
    told = f", last at {sight.told_at.isoformat(timespec='seconds')}" if sight.told_at is not None else ""
    return Verdict(sight.when, words + told, values)


def verified(subject: ForeignSubject, since: datetime) -> Verdict:
    """Tell whether a change that ended at `since` helped: by `verify.when` on a later word, else by the sender's own `resolved`.

    A `resolved` that came while the playbook ran stands for what came after. Silence verifies nothing.
    """
    if subject.compiled.verify is not None:
        return measures.verified(subject, since)
    heard = (word.received_at for word in chain(subject.going_on.values(), subject.resolved.values()))
    firing = still_firing(subject, max([since, *heard]))
    return Verdict(None if firing.holds is None else not firing.holds, firing.reason, firing.values)


def _age(word: Received) -> tuple[datetime, bool, datetime]:
    return (word.starts_at, word.resolved, word.received_at)
