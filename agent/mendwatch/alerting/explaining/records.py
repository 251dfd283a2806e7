"""One record of a subject, explained: what was measured, what was derived from what, and what each condition made of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from mendwatch.alerting.conditions import Condition
from mendwatch.alerting.derived import Derived, Joined, Peers, Window
from mendwatch.alerting.explaining.clocks import span
from mendwatch.alerting.explaining.nouns import Asked, Derivation, Seen
from mendwatch.alerting.explaining.parts import Parts
from mendwatch.alerting.panel import feed_of
from mendwatch.alerting.ruleset import CompiledRule
from mendwatch.alerting.subjects import Entry
from mendwatch.model.alerts import Record


def seen(compiled: CompiledRule, entry: Entry | None, record: Record, parts: Parts, now: datetime) -> Seen:
    """Explain one record; `entry` is where its windows are, None for what others sent."""
    bound = compiled.language.bind(record.values, record.labels, record.derived)
    asked = tuple(parts.ask(what, condition, compiled.language, bound) for what, condition in conditions(compiled))
    values = {name: value for name, value in record.values.items() if name in _names(compiled)}
    derived = tuple(_derivation(compiled, entry, one, record.derived, now) for one in _derived(compiled))
    return Seen(record.asked, record.time, values, derived, asked)


def conditions(compiled: CompiledRule) -> Iterator[tuple[str, Condition]]:
    """Give the conditions of a rule by their words."""
    for what, condition in (("when", compiled.when), ("clear", compiled.clear), ("verify", compiled.verify)):
        if condition is not None:
            yield what, condition


def answer(shown: Seen, what: str) -> Asked | None:
    """Give how one condition was answered."""
    return next((one for one in shown.conditions if one.what == what), None)


def _names(compiled: CompiledRule) -> frozenset[str]:
    return frozenset[str]().union(*(condition.names for _, condition in conditions(compiled)))


def _derived(compiled: CompiledRule) -> list[Derived]:
    found = {one.text: one for _, condition in conditions(compiled) for one in condition.derived}
    return list(found.values())


def _derivation(
    compiled: CompiledRule, entry: Entry | None, one: Derived, values: Mapping[str, float], now: datetime
) -> Derivation:
    if isinstance(one, Window):
        inputs = _joined(compiled, one.alias) if one.alias else _window(one, entry, now)
    elif isinstance(one, Joined):
        inputs = _joined(compiled, one.alias)
    elif isinstance(one, Peers):
        equal = f" with equal {', '.join(one.by)}" if one.by else ""
        inputs = f"records of {compiled.rule.on} on the same target{equal} for which {one.condition.text}"
    else:
        inputs = "the moment of the look, in seconds since 1970"
    return Derivation(one.text, values.get(one.text), inputs)


def _window(one: Window, entry: Entry | None, now: datetime) -> str:
    if entry is None:
        return "nothing is remembered of it"
    feed = feed_of(one)
    trail = entry.trails.get(feed)
    if trail is not None and trail.times:
        oldest, newest = (span(now - datetime.fromtimestamp(trail.times[at], UTC)) for at in (0, -1))
        return f"{len(trail.times)} points, the first {oldest} ago and the last {newest} ago"
    marks = entry.marks.get(feed)
    if marks is not None and marks.read == marks.read:
        return f"last read {span(now - datetime.fromtimestamp(marks.read, UTC))} ago"
    return f"no point of {one.field} yet"


def _joined(compiled: CompiledRule, alias: str) -> str:
    join = next(join for join in compiled.rule.joins if join.name == alias)
    return f"the newest record of {join.on} on the same target with equal {', '.join(join.equal)}"
