"""All subjects: found by source and labels, and by fingerprint. Memory only; no decisions.

A source is one collector's records of one schema on one target. Which rules concern a record is worked out once, when it is first
seen; what is not seen for long is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from mendwatch.alerting import records
from mendwatch.alerting.gathering import gathered
from mendwatch.alerting.gauges import Gauge, Gauges, Shelf, Shelved
from mendwatch.alerting.occurrences import Occurrences
from mendwatch.alerting.panel import Panel
from mendwatch.alerting.records import Look, Plan, Shape
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.slices import Slices, Steps, paced
from mendwatch.alerting.subjects import INTERVALS, Entry, Form, Subject, fingerprint, stale_after
from mendwatch.alerting.windows import Feed, Marks, Trail
from mendwatch.model.alerts import Alert
from mendwatch.model.rules import NoData
from mendwatch.model.samples import Columns, Reading, RecordSchema
from mendwatch.model.targets import Target
from mendwatch.provider import CollectorSpec

#: How long a subject without an alert is remembered after its last record. Long enough for any interval; memory stays bounded.
REMEMBERED = timedelta(days=1)
#: Gives the newest points of a series since a moment, oldest first, as (epoch seconds, value); none where it is not kept.
Recall = Callable[[Target, str, tuple[str, ...], datetime], Iterable[tuple[float, float]]]
_SWEPT_EVERY = timedelta(minutes=10)
#: Units of freeing an entry or a subject.
_FREE = 5


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
    """The entries of one source, by the values of the schema's labels.

    `round` counts its readings, and `complete` tells whether the last had all subjects. `gauges` give the derived values, in the
    order of the panel's slots; `shelves` are by the labels that others join. `events` are those that hold, where the schema is of
    events. `inherited` are the entries of before a reload, for their windows.
    """

    schema: RecordSchema
    shape: Shape
    form: Form
    interval: float
    gauges: tuple[Gauge, ...] = ()
    entries: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    shelves: dict[tuple[str, ...], Shelf] = field(default_factory=dict)
    inherited: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    plan: Plan = field(default_factory=lambda: Plan((), (), {}))
    round: int = 0
    complete: bool = False
    events: Occurrences | None = None

    @property
    def panel(self) -> Panel:
        """What is asked of its records."""
        return self.form.panel

    @property
    def weighs(self) -> bool:
        """Whether more counts than each record by itself: rules derive values, or others join the records."""
        return bool(self.gauges or self.panel.joined_by)

    def shelf(self, labels: tuple[str, ...]) -> Shelf:
        """Give the entries by some labels; filed when somebody first asks."""
        found = self.shelves.get(labels)
        if found is None:
            found = self.shelves[labels] = Shelf(labels)
            for entry in self.entries.values():
                found.add(entry)
        return found

    def add(self, subject: tuple[str, ...], entry: Entry) -> None:
        """Take up an entry."""
        self.entries[subject] = entry
        for shelf in self.shelves.values():
            shelf.add(entry)

    def remove(self, subject: tuple[str, ...]) -> None:
        """Forget an entry."""
        entry = self.entries.pop(subject)
        for shelf in self.shelves.values():
            shelf.remove(entry)

    def planned(self, columns: Sequence[Columns], slices: Slices) -> Steps[Plan]:
        """Give the plan for these columns; worked out when their layouts are first seen."""
        if not self.plan.fits(columns):
            self.plan = yield from records.planned(self.shape, columns, slices)
        return self.plan

    def looks(self, poll: Poll, slices: Slices) -> Steps[Iterator[Look]]:
        """Give a look at every subject of a reading."""
        plan = yield from self.planned(poll.reading.columns, slices)
        looks = yield from gathered(self.shape, plan, poll.reading, poll.now, slices)
        return looks if self.events is None else chain(looks, self.events.looks(poll.reading, poll.now))


@dataclass(slots=True)
class Table:
    """Every source and every subject. `recall` fills windows from the history."""

    rules: RuleSet
    recall: Recall | None = None
    _panels: dict[str, Panel] = field(default_factory=dict)
    _by_schema: dict[tuple[str, str], list[Source]] = field(default_factory=dict)
    _heritage: dict[tuple[object, ...], dict[tuple[str, ...], Entry]] = field(default_factory=dict)
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
            found.inherited = self._heritage.pop(identity, {})
        return found

    def entry(self, source: Source, subject: tuple[str, ...], poll: Poll) -> Entry:
        """Begin to remember a record."""
        labels = records.labels(source.schema, poll.target, poll.target_label, subject)
        entry = Entry(source.form, labels, source.panel.texts(labels), poll.now)
        matching = self.rules.candidates(source.schema.name, labels)
        entry.matched = source.panel.matched(matching)
        self._begin_windows(source, subject, entry, poll)
        keys = {names: {name: labels[name] for name in names} for names in {item.rule.key for item in matching}}
        entry.subjects = tuple(self._subject(item, keys[item.rule.key], poll) for item in matching)
        source.add(subject, entry)
        return entry

    def dependants(self, source: Source) -> list[Source]:
        """Give the sources on the same target whose rules join the records of a source."""
        names, target = source.panel.joined_by, source.form.target
        return [other for name in sorted(names) for other in self._by_schema.get((target, name), ())]

    def inherit(self, before: Table, now: datetime, slices: Slices) -> Steps[None]:
        """Take over what another table remembers of numbers over time; for new rules, whose windows may be the same."""
        for identity, source in before._sources.items():
            heritage = self._heritage[identity] = dict[tuple[str, ...], Entry]()
            for item in paced([*source.inherited.items(), *source.entries.items()], slices, 1):
                if item is None:
                    yield
                elif now - item[1].polled_at < REMEMBERED and (item[1].trails or item[1].marks):
                    heritage[item[0]] = item[1]

    def adopt(self, before: Subject, alert: Alert | None) -> Subject | None:
        """Take up a subject of another table with its clocks; None where no rule of this one knows it. Its records come again."""
        compiled = self.rules.get(before.compiled.rule.alert)
        if compiled is None or set(before.key) != set(compiled.rule.key):
            return None
        wait = before.stale_after if compiled.rule.stale_after is None else compiled.rule.stale_after
        subject = Subject(compiled, before.fingerprint, before.target, before.key, wait, before.answered, alert)
        self._add(subject)
        if alert is not None:
            self._unseen.setdefault((alert.target, compiled.rule.on), {})[alert.rule + alert.fingerprint] = subject
        return subject

    def emptied(self, slices: Slices) -> Steps[None]:
        """Let go of everything, little by little: to free it all at once would hold the loop."""
        held: list[dict[Any, Any]] = [*self._subjects.values()]
        held += [entries for source in self._sources.values() for entries in (source.entries, source.inherited)]
        for mapping in held:
            while mapping:
                mapping.popitem()
                if slices.full(_FREE):
                    yield

    def of_rule(self, rule: str) -> list[Subject]:
        """Give every subject of a rule."""
        return list(self._subjects.get(rule, {}).values())

    def of_schema(self, schema: str) -> list[Source]:
        """Give every source of a schema."""
        return [source for source in self._sources.values() if source.schema.name == schema]

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
                source.remove(item[0])
                gone += [subject for subject in item[1].subjects if self._release(subject, item[1])]
        source.inherited.clear()  # what was there has taken up its windows, and all else is gone
        # A rule's key has the target's label, so what only an alert tells of is of this target alone.
        for subject in self.unseen(poll.target.id, source.schema.name):
            self.drop(subject)
            gone.append(subject)
        return gone

    def unseen(self, target: str, schema: str) -> list[Subject]:
        """Give the subjects with an alert that no entry has."""
        return list(self._unseen.get((target, schema), {}).values())

    def forget(self, source: Source, labels: tuple[str, ...]) -> None:
        """Forget an entry."""
        entry = source.entries[labels]
        source.remove(labels)
        for subject in entry.subjects:
            self._release(subject, entry)

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
                elif subject.alert is None and not subject.owners and now - subject.answered >= REMEMBERED:
                    self.drop(subject)

    def _sweep(self, source: Source, now: datetime, slices: Slices) -> Steps[None]:
        for item in paced(list(source.entries.items()), slices, 1):
            if item is None:
                yield
            elif now - item[1].polled_at >= REMEMBERED:
                source.remove(item[0])
                self._let_go(item[1])
        for item in paced(list(source.inherited.items()), slices, 1):
            if item is None:
                yield
            elif now - item[1].polled_at >= REMEMBERED:
                del source.inherited[item[0]]

    def _new_source(self, schema: RecordSchema, poll: Poll) -> Source:
        shape, panel = Shape(schema, poll.spec.metrics), self._panel(schema.name)
        places = {name: at for at, name in enumerate(shape.fields)}
        pick = records.picker([places[name] for name in panel.fields])
        form = Form(schema.name, poll.target.id, shape.fields, places, pick, panel)
        gauges = Gauges(poll.spec.interval, self._shelves)
        source = Source(schema, shape, form, poll.spec.interval, tuple(gauges.gauge(slot) for slot in panel.slots))
        source.events = Occurrences(schema) if schema.events else None
        self._by_schema.setdefault((poll.target.id, schema.name), []).append(source)
        return source

    def _panel(self, schema: str) -> Panel:
        if schema not in self._panels:
            self._panels[schema] = Panel(self.rules, schema)
        return self._panels[schema]

    def _shelves(self, target: str, schema: str, labels: tuple[str, ...]) -> Iterator[Shelved]:
        for source in self._by_schema.get((target, schema), ()):
            yield Shelved(source.shelf(labels), INTERVALS * source.interval, source.round if source.complete else None)

    def _begin_windows(self, source: Source, subject: tuple[str, ...], entry: Entry, poll: Poll) -> None:
        """Make the windows that the entry's rules need: as they were before a reload, else from the history, else empty."""
        feeds = entry.matched.feeds
        if not feeds:
            return
        before = source.inherited.pop(subject, None)
        for feed in feeds:
            if not feed.seconds:
                entry.marks[feed] = (before.marks.get(feed) if before else None) or Marks(poll.now.timestamp())
                continue
            trail = before.trails.get(feed) if before else None
            reaches = trail is not None and trail.reaches(poll.now.timestamp())
            entry.trails[feed] = trail if trail is not None and reaches else self._recalled(source, subject, feed, poll)

    def _recalled(self, source: Source, subject: tuple[str, ...], feed: Feed, poll: Poll) -> Trail:
        trail = Trail(feed.seconds, feed.way)
        if self.recall is not None:
            metric, labels = source.shape.series(feed.field, subject)
            for time, value in self.recall(poll.target, metric, labels, poll.now - timedelta(seconds=feed.seconds)):
                trail.add(time, value)
        return trail

    def _subject(self, compiled: CompiledRule, key: Mapping[str, str], poll: Poll) -> Subject:
        mark = fingerprint(compiled.rule.alert, key)
        subject = self.get(compiled.rule.alert, mark)
        wait = stale_after(compiled, poll.spec.interval)
        if subject is None:
            subject = Subject(compiled, mark, poll.target.id, key, wait, poll.now)
            self._add(subject)
        subject.stale_after = wait
        subject.owners += 1
        for entry in subject.entries:
            entry.calm = False  # it does not speak for the subject alone any more
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
