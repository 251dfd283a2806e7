"""All subjects: found by source and labels, and by fingerprint. Memory only; no decisions.

A source is one collector's records of one schema on one target. Which rules concern a record is worked out once, when it is first
seen; what is not seen for long is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain

from mendwatch.alerting import records
from mendwatch.alerting.conditions import Binder
from mendwatch.alerting.records import Plan, Shape
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.slices import Slices, Steps, paced
from mendwatch.alerting.subjects import Entry, Form, Subject, fingerprint, stale_after
from mendwatch.model.alerts import Alert
from mendwatch.model.rules import NoData
from mendwatch.model.samples import Columns, Reading, RecordSchema
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec

#: How long a subject without an alert is remembered after its last record. Long enough for any interval; memory stays bounded.
REMEMBERED = timedelta(days=1)
_SWEPT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Poll:
    """One reading to be judged. `now` is when the poll began: data count as measured then, never later."""

    target: Target
    target_label: str
    spec: CollectorSpec
    reading: Reading
    now: datetime


@dataclass(slots=True, eq=False)
class Source:
    """The entries of one source, by the values of the schema's labels. `round` counts its readings."""

    schema: RecordSchema
    shape: Shape
    form: Form
    binder: Binder
    entries: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    plan: Plan = field(default_factory=lambda: Plan((), (), {}))
    round: int = 0

    def planned(self, columns: Sequence[Columns], slices: Slices) -> Steps[Plan]:
        """Give the plan for these columns; worked out when their layouts are first seen."""
        if not self.plan.fits(columns):
            self.plan = yield from records.planned(self.shape, columns, slices)
        return self.plan


@dataclass(slots=True)
class Table:
    """Every source and every subject."""

    rules: RuleSet
    _sources: dict[tuple[object, ...], Source] = field(default_factory=dict)
    #: By rule and fingerprint: one mapping of all would hold the loop whenever it grows.
    _subjects: dict[str, dict[str, Subject]] = field(default_factory=dict)
    #: Those with an alert that no entry has, by target and schema: of before a restart, or not seen for long.
    _unseen: dict[tuple[str, str], dict[str, Subject]] = field(default_factory=dict)
    _swept: datetime | None = None

    def source(self, schema: RecordSchema, poll: Poll) -> Source:
        """Give the source of a schema's records in a poll."""
        target = poll.target
        identity = (poll.spec.name, schema.name, target.id, poll.target_label, *sorted(target.labels.items()))
        found = self._sources.get(identity)
        if found is None:
            found = self._sources[identity] = self._new_source(schema, poll)
        return found

    def entry(self, source: Source, subject: tuple[str, ...], poll: Poll) -> Entry:
        """Begin to remember a record."""
        labels = records.labels(source.schema, poll.target, poll.target_label, subject)
        entry = Entry(source.form, labels, source.binder.texts(labels), poll.now)
        matching = self.rules.candidates(source.schema.name, labels)
        keys = {names: {name: labels[name] for name in names} for names in {item.rule.key for item in matching}}
        entry.subjects = tuple(self._subject(item, keys[item.rule.key], poll) for item in matching)
        source.entries[subject] = entry
        return entry

    def get(self, rule: str, mark: str) -> Subject | None:
        """Give one subject."""
        return self._subjects.get(rule, {}).get(mark)

    def restore(self, alert: Alert) -> Subject | None:
        """Take up an alert from before a restart; None where its rule is gone or has another key."""
        compiled = self.rules.get(alert.rule)
        if compiled is None or set(alert.key) != set(compiled.rule.key):
            return None
        subject = Subject(compiled, alert.fingerprint, alert.target, alert.key, stale_after(compiled, None), alert.last_seen, alert)
        self._add(subject)
        self._unseen.setdefault((alert.target, compiled.rule.on), {})[alert.rule + alert.fingerprint] = subject
        return subject

    def __iter__(self) -> Iterator[Subject]:
        return chain.from_iterable(found.values() for found in self._subjects.values())

    def alarming(self) -> list[Subject]:
        """Give the subjects whose silence is trouble."""
        names = [rule.alert for rule in self.rules.rules if rule.no_data is NoData.FIRE]
        return [subject for name in names for subject in self._subjects.get(name, {}).values()]

    def absent(self, source: Source, poll: Poll, slices: Slices) -> Steps[list[Subject]]:
        """Forget every entry that a source's last reading, which was complete, did not have; give the subjects that are gone."""
        gone: list[Subject] = []
        for item in paced(list(source.entries.items()), slices, 1):
            if item is None:
                yield
            elif item[1].round != source.round:
                del source.entries[item[0]]
                gone += [subject for subject in item[1].subjects if self._release(subject, item[1])]
        # A rule's key has the target's label, so what only an alert tells of is of this target alone.
        for subject in list(self._unseen.get((poll.target.id, source.schema.name), {}).values()):
            self.drop(subject)
            gone.append(subject)
        return gone

    def drop(self, subject: Subject) -> None:
        """Forget a subject."""
        self._subjects.get(subject.compiled.rule.alert, {}).pop(subject.fingerprint, None)
        self._seen(subject)

    def sweep(self, now: datetime, slices: Slices) -> Steps[None]:
        """Forget what has not been seen for long and has no alert."""
        if self._swept is not None and now - self._swept < _SWEPT_EVERY:
            return
        self._swept = now
        for source in list(self._sources.values()):
            yield from self._sweep(source, now, slices)
        for found in list(self._subjects.values()):
            for subject in paced(list(found.values()), slices, 1):
                if subject is None:
                    yield
                elif subject.alert is None and not subject.owners:
                    self.drop(subject)

    def _sweep(self, source: Source, now: datetime, slices: Slices) -> Steps[None]:
        for item in paced(list(source.entries.items()), slices, 1):
            if item is None:
                yield
            elif now - item[1].polled_at >= REMEMBERED:
                del source.entries[item[0]]
                self._let_go(item[1])

    def _new_source(self, schema: RecordSchema, poll: Poll) -> Source:
        shape = Shape(schema, poll.spec.metrics)
        binder = self.rules.binder(schema.name)
        places = [shape.fields.index(name) for name in binder.fields]
        form = Form(schema.name, poll.target.id, shape.fields, records.picker(places), binder.bind)
        return Source(schema, shape, form, binder)

    def _subject(self, compiled: CompiledRule, key: Mapping[str, str], poll: Poll) -> Subject:
        mark = fingerprint(compiled.rule.alert, key)
        subject = self.get(compiled.rule.alert, mark)
        wait = stale_after(compiled, poll.spec.interval)
        if subject is None:
            subject = Subject(compiled, mark, poll.target.id, key, wait, poll.now)
            self._add(subject)
        subject.stale_after = wait
        subject.owners += 1
        self._seen(subject)
        return subject

    def _add(self, subject: Subject) -> None:
        self._subjects.setdefault(subject.compiled.rule.alert, {})[subject.fingerprint] = subject

    def _seen(self, subject: Subject) -> None:
        """Strike a subject off those that no entry has."""
        place = (subject.target, subject.compiled.rule.on)
        waiting = self._unseen.get(place)
        if waiting is not None:
            waiting.pop(subject.compiled.rule.alert + subject.fingerprint, None)
            if not waiting:
                del self._unseen[place]

    def _release(self, subject: Subject, entry: Entry) -> bool:
        """Take an entry from a subject; tells whether it was the last, and then forgets the subject."""
        subject.owners -= 1
        subject.entries = tuple(one for one in subject.entries if one is not entry) if subject.owners else subject.entries
        if subject.owners:
            return False
        self.drop(subject)
        return True

    def _let_go(self, entry: Entry) -> None:
        """Take an entry that was not seen for long from its subjects; an alert stays, whatever becomes of its data."""
        for subject in entry.subjects:
            subject.owners -= 1
            if not subject.owners and subject.alert is not None:
                place = (subject.target, subject.compiled.rule.on)
                self._unseen.setdefault(place, {})[subject.compiled.rule.alert + subject.fingerprint] = subject
