"""What the rules of one schema want to know of each of its records, and how each of them is asked. Made once for a set of rules.

A record is put to its rules as numbers and texts by their places: first the fields that any condition names, then the derived
values. Simple conditions are Python functions of these (`quick`); all others are asked of CEL's library, for which the values are
made ready once per record. Nothing here knows a record.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mendwatch.alerting import quick
from mendwatch.alerting.conditions import Binder, Bound, Condition, Language
from mendwatch.alerting.derived import Derived, Joined, Peers, Window
from mendwatch.alerting.quick import Ask
from mendwatch.alerting.records import picker
from mendwatch.alerting.ruleset import CompiledRule, RuleSet
from mendwatch.alerting.slices import Slices, Steps, paced
from mendwatch.alerting.tree_reader import PREFIX
from mendwatch.alerting.windows import Feed, way
from mendwatch.model.rules import Join

#: Units of making a function of one condition.
_COMPILE = 300


@dataclass(frozen=True, slots=True)
class Slot:
    """One derived value among the numbers. `join` is the `with:` of its alias.

    `stale_after` is the longest that a rule which names it says, None where none says any.
    """

    derived: Derived
    join: Join | None
    stale_after: timedelta | None

    @property
    def feed(self) -> Feed | None:
        """What must be remembered for it, of the own records or of the joined ones."""
        return feed_of(self.derived) if isinstance(self.derived, Window) else None


def feed_of(window: Window) -> Feed:
    """Give what must be remembered for a window."""
    return Feed(window.field, window.seconds, way(window.function) if window.seconds else "")


@dataclass(frozen=True, slots=True)
class Matched:
    """The rules that concern some records together: how each is asked, and when.

    `slots` and `feeds` are what they need. `timely` are the places of those rules that can answer otherwise although nothing was
    read, and `joining` of those that join a schema, by its name.
    """

    asks: tuple[Ask, ...]
    slots: tuple[int, ...]
    feeds: tuple[Feed, ...]
    timely: tuple[int, ...]
    joining: Mapping[str, tuple[int, ...]]


@dataclass(slots=True)
class _Library:
    """The way to CEL's library, which has the values of one record ready for all conditions of one language."""

    binder: Binder
    labels: tuple[str, ...]
    pick: Callable[[Sequence[float]], Sequence[float]]
    _numbers: Sequence[float] | None = None
    _texts: Sequence[str | None] | None = None
    _bound: Bound | None = None

    def ask(self, condition: Condition) -> Ask:
        """Give the function that asks one condition."""
        return lambda numbers, texts: condition.holds(self.bound(numbers, texts))

    def bound(self, numbers: Sequence[float], texts: Sequence[str | None]) -> Bound:
        """Make ready what was not made ready a moment ago."""
        if self._bound is None or numbers is not self._numbers or texts is not self._texts:
            known = {label: text for label, text in zip(self.labels, texts, strict=True) if text is not None}
            self._bound = self.binder.bind(self.pick(numbers), self.binder.texts(known))
            self._numbers, self._texts = numbers, texts
        return self._bound


class Panel:
    """All that is asked of the records of one schema.

    `fields` come first among the numbers of a record, then `slots`; `labels` are its texts. `joined_by` are the schemas whose rules
    join this one, and `joined_feeds` what they want to be remembered. `counts` are the places of slots that count records, and
    `timely` tells whether any rule can answer otherwise although nothing was read.
    """

    def __init__(self, rules: RuleSet, schema: str) -> None:
        concerned = [item for item in rules.compiled if item.rule.on == schema]
        named = {name for item in concerned for condition in _asked(item) for name in condition.names}
        self.fields = tuple(name for name in (concerned[0].known.schema.fields if concerned else ()) if name in named)
        self.labels = tuple(name for name in (concerned[0].known.labels if concerned else ()) if name in named)
        self._slots: dict[tuple[Language, str], Slot] = {}
        for item in concerned:
            self._name_slots(item)
        self.slots = tuple(self._slots.values())
        self._places = {identity: len(self.fields) + at for at, identity in enumerate(self._slots)}
        found = ((at, language, slot.derived) for at, ((language, _), slot) in enumerate(self._slots.items()))
        self._peers = {at: (language, derived) for at, language, derived in found if isinstance(derived, Peers)}
        self.counts = tuple(self._peers)
        self.joined_by = frozenset(item.rule.on for item in rules.compiled for join in item.rule.joins if join.on == schema)
        self.joined_feeds = _joined_feeds(rules, schema)
        self._libraries = {language: self._library(language, concerned) for language in {item.language for item in concerned}}
        self._asks: dict[Condition, Ask] = {}
        self._matched: dict[tuple[str, ...], Matched] = {}
        self._unprepared: Sequence[CompiledRule] = concerned
        self.timely = any(item.when.timely for item in concerned)

    def prepare(self, slices: Slices) -> Steps[None]:
        """Work out how every rule is asked, once and in slices: for many it takes a while, in which nobody may wait."""
        waiting, self._unprepared = self._unprepared, ()
        for item in paced(waiting, slices, _COMPILE):
            if item is None:
                yield
            else:
                self.ask(item.language, item.when)

    def texts(self, labels: Mapping[str, str]) -> tuple[str | None, ...]:
        """Give the texts of a record by their places; None where it has none that a condition can hold."""
        known: dict[str, float | str] = {}
        for library in self._libraries.values():
            known |= library.binder.texts(labels)
        return tuple(labels[name] if PREFIX + name in known else None for name in self.labels)

    def matched(self, rules: Sequence[CompiledRule]) -> Matched:
        """Give how these rules are asked; worked out once for any rules that concern a record together."""
        names = tuple(item.rule.alert for item in rules)
        found = self._matched.get(names)
        if found is None:
            found = self._matched[names] = self._match(rules)
        return found

    def ask(self, language: Language, condition: Condition) -> Ask:
        """Give how one condition is asked; worked out once."""
        found = self._asks.get(condition)
        if found is None:
            numbers = {name: at for at, name in enumerate(self.fields)}
            numbers |= {name: self._places[language, text] for name, text in condition.inputs.items()}
            texts = {name: at for at, name in enumerate(self.labels)}
            found = quick.compiled(condition.tree, numbers, texts) or self._libraries[language].ask(condition)
            self._asks[condition] = found
        return found

    def counter(self, place: int) -> tuple[Ask, tuple[str, ...]]:
        """Give the question by which a slot counts, and the labels that must be equal."""
        language, peers = self._peers[place]
        return self.ask(language, peers.condition), peers.by

    def derived(self, compiled: CompiledRule, numbers: Sequence[float]) -> dict[str, float]:
        """Give the derived values that a rule names, by their texts; what has no value is left out."""
        texts = {one.text for one in derived_of(compiled)} if len(numbers) > len(self.fields) else ()
        found = {text: numbers[self._places[compiled.language, text]] for text in texts}
        return {text: value for text, value in found.items() if math.isfinite(value)}

    def _name_slots(self, item: CompiledRule) -> None:
        joins = {join.name: join for join in item.rule.joins}
        for one in derived_of(item):
            identity = (item.language, one.text)
            before = self._slots.get(identity)
            known = [wait for wait in (item.rule.stale_after, before.stale_after if before else None) if wait is not None]
            join = joins.get(one.alias) if isinstance(one, Window | Joined) else None
            self._slots[identity] = Slot(one, join, max(known, default=None))

    def _library(self, language: Language, concerned: Iterable[CompiledRule]) -> _Library:
        binder = language.binder_of([one for item in concerned if item.language is language for one in _asked(item)])
        places = [self.fields.index(name) for name in binder.fields]
        places += [self._places[language, one.text] for one in binder.derived]
        return _Library(binder, self.labels, picker(places))

    def _match(self, rules: Sequence[CompiledRule]) -> Matched:
        joining: dict[str, list[int]] = {}
        slots: set[int] = set()
        for at, item in enumerate(rules):
            slots |= {self._places[item.language, one.text] - len(self.fields) for one in derived_of(item)}
            for schema in {join.on for join in item.rule.joins}:
                joining.setdefault(schema, []).append(at)
        own = {self.slots[at].feed for at in slots if self.slots[at].join is None} | {*self.joined_feeds}
        return Matched(
            asks=tuple(self.ask(item.language, item.when) for item in rules),
            slots=tuple(sorted(slots)),
            feeds=tuple(feed for feed in own if feed is not None),
            timely=tuple(at for at, item in enumerate(rules) if item.when.timely),
            joining={schema: tuple(places) for schema, places in joining.items()},
        )


def _asked(item: CompiledRule) -> list[Condition]:
    """Give all conditions that are asked of a record when it is read: the rule's own, and those by which it counts."""
    own = [condition for condition in (item.when, item.clear) if condition is not None]
    return own + [one.condition for one in derived_of(item) if isinstance(one, Peers)]


def derived_of(item: CompiledRule) -> list[Derived]:
    """Give every derived value that a rule names anywhere."""
    conditions = [item.when, item.clear, item.verify, *item.variables.values()]
    return [one for condition in conditions if condition is not None for one in condition.derived]


def _joined_feeds(rules: RuleSet, schema: str) -> tuple[Feed, ...]:
    found: dict[Feed, None] = {}
    for item in rules.compiled:
        joins = {join.name for join in item.rule.joins if join.on == schema}
        for one in derived_of(item) if joins else ():
            if isinstance(one, Window) and one.alias in joins:
                found[feed_of(one)] = None
    return tuple(found)
