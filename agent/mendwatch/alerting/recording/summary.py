"""What a backtest found, as it is told: what fired, a line for each rule, and how two sets of rules differ. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mendwatch.alerting.recording.tally import Asked, Episode, Tally


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """One rule: how often it fired, for how many subjects, for how many seconds in all, and how often it flapped."""

    rule: str
    fired: int
    subjects: int
    seconds: float
    flapped: int
    asked: int
    withheld: int


@dataclass(frozen=True, slots=True)
class Found:
    """What rules did from `since` to `until`; `samples` and `readings` are what they were shown."""

    since: datetime
    until: datetime
    samples: int
    readings: int
    rules: tuple[RuleSummary, ...]
    episodes: tuple[Episode, ...]
    asked: tuple[Asked, ...]
    withheld: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that two sets do not do alike: times and seconds that it fired, None where a set does not have it."""

    rule: str
    fired_before: int | None
    fired_after: int | None
    seconds_before: float | None
    seconds_after: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """What was looked at."""

    since: datetime
    until: datetime
    samples: int
    readings: int


def found(tally: Tally, span: Span, only: Collection[str] = ()) -> Found:
    """Give what is told of a life: what still was at its beginning or came later, of these rules (none: of all)."""
    names = [rule.alert for rule in tally.rules.rules if not only or rule.alert in only]
    wanted = frozenset(names)
    episodes = [one for one in tally.episodes if one.rule in wanted and (one.until is None or one.until >= span.since)]
    asked = [one for one in tally.asked if one.rule in wanted and one.at >= span.since]
    withheld = [one for one in tally.withheld if one.rule in wanted and one.at >= span.since]
    lines = tuple(_summary(name, span, episodes, asked, withheld) for name in names)
    return Found(span.since, span.until, span.samples, span.readings, lines, tuple(episodes), tuple(asked), tuple(withheld))


def differences(before: Found, after: Found) -> tuple[Difference, ...]:
    """Tell which rules differ in when they fired, those that only one set has among them."""
    old, new = ({line.rule: line for line in side.rules} for side in (before, after))
    both = old.keys() & new.keys()
    names = [name for name in {**old, **new} if name not in both or _times(before, name) != _times(after, name)]
    return tuple(_difference(name, old.get(name), new.get(name)) for name in names)


def _summary(name: str, span: Span, episodes: Iterable[Episode], asked: Sequence[Asked], withheld: Sequence[Asked]) -> RuleSummary:
    mine = [one for one in episodes if one.rule == name]
    return RuleSummary(
        name,
        len(mine),
        len({tuple(sorted(one.key.items())) for one in mine}),
        sum(one.seconds(span.until) for one in mine),
        sum(one.flapped for one in mine),
        sum(one.rule == name for one in asked),
        sum(one.rule == name for one in withheld),
    )


def _difference(name: str, before: RuleSummary | None, after: RuleSummary | None) -> Difference:
    return Difference(
        name,
        before.fired if before else None,
        after.fired if after else None,
        before.seconds if before else None,
        after.seconds if after else None,
    )


def _times(side: Found, name: str) -> set[tuple[object, ...]]:
    mine = (one for one in side.episodes if one.rule == name)
    return {(tuple(sorted(one.key.items())), one.fired_at, one.until) for one in mine}
