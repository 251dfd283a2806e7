"""What follows from one more word on an alert that others judge: pure, and shared by both stores.

Peers repeat each other, retries come late, and an older word may overtake a newer one. So for each beginning the newest status is
kept, and `resolved` is final for all beginnings up to its end: peers that heard of one alert at different moments name different
beginnings, and only one of these is ever resolved by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from mendwatch.errors import Refused
from mendwatch.model.received import Received

#: How many beginnings of one alert are kept; late words on older ones change nothing.
BEGINNINGS = 8
#: Alerts that are not resolved, beyond which no more are taken; and resolved ones, beyond which the oldest are forgotten.
MOST_OPEN, MOST_RESOLVED = 50_000, 100_000


class Result(StrEnum):
    """What a word was."""

    FIRING = "firing"  # a new alert, or a new beginning of one
    RESOLVED = "resolved"
    REPEATED = "repeated"  # nothing that was not known
    LATE = "late"  # overtaken by a newer word


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was taken: how many words of each result, and how each alert that they speak of stands now."""

    results: Mapping[Result, int]
    standing: Sequence[Received]


@dataclass(slots=True)
class Register:
    """The rows of some alerts while words are taken; `rows` has all that are known of each `mark`."""

    rows: dict[str, tuple[Received, ...]]
    results: Counter[Result] = field(default_factory=Counter)
    _standing: dict[str, Received] = field(default_factory=dict)

    def take(self, words: Sequence[Received]) -> None:
        """Take words in their order."""
        for word in words:
            self.rows[word.mark], result = taken(self.rows.get(word.mark, ()), word)
            self.results[result] += 1
        self._standing.update({word.mark: standing(self.rows[word.mark]) for word in words})

    def receipt(self) -> Receipt:
        """Give what was taken."""
        return Receipt(dict(self.results), list(self._standing.values()))


def taken(kept: Sequence[Received], word: Received) -> tuple[tuple[Received, ...], Result]:
    """Give the rows of an alert after one more word, oldest beginning first."""
    by_start = {row.starts_at: row for row in kept}
    result = _resolved(by_start, word) if word.resolved else _fires(by_start, word)
    rows = sorted(by_start.values(), key=lambda row: row.starts_at)
    return tuple(rows[-BEGINNINGS:]), result


def check_open(many: int) -> None:
    """Refuse a message that would leave more alerts open than are taken.

    Raises:
        Refused: nothing of the message is kept; to forget an older alert instead would break a promise.
    """
    if many > MOST_OPEN:
        hint = "Send fewer alerts here by a route of its own, and look why so many fire."
        raise Refused(f"more than {MOST_OPEN} received alerts would be open", hint=hint)


def standing(rows: Sequence[Received]) -> Received:
    """Tell how an alert stands: its newest beginning counts, and whoever says of any open one that it fires vouches for it."""
    newest = max(rows, key=lambda row: row.starts_at)
    if newest.resolved:
        return newest
    last = max((row for row in rows if not row.resolved), key=lambda row: row.received_at)
    return replace(last, starts_at=newest.starts_at)


def _fires(by_start: dict[datetime, Received], word: Received) -> Result:
    if any(row.starts_at <= word.starts_at and _ends_after(row, word) for row in by_start.values() if row.resolved):
        return Result.LATE
    same = by_start.get(word.starts_at)
    if same is None:
        by_start[word.starts_at] = word
        return Result.FIRING
    if word.received_at > same.received_at:
        by_start[word.starts_at] = word
    return Result.REPEATED


def _resolved(by_start: dict[datetime, Received], word: Received) -> Result:
    same = by_start.get(word.starts_at)
    if same is not None and same.resolved:
        return Result.REPEATED
    newer = [row for row in by_start.values() if row.starts_at > word.starts_at and not _ends_after(word, row)]
    closed = [row for row in by_start.values() if not row.resolved and _ends_after(word, row)]
    for row in closed:
        by_start[row.starts_at] = replace(row, resolved=True, ends_at=word.ends_at, received_at=word.received_at)
    by_start[word.starts_at] = word
    return Result.LATE if newer and not closed else Result.RESOLVED


def _ends_after(resolved: Received, other: Received) -> bool:
    """Tell whether an alert was resolved at or after the other's beginning."""
    return resolved.ends_at is not None and resolved.ends_at >= other.starts_at
