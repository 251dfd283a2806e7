"""What numbers are measured in: the units of fields, of literals such as `5GiB`, and what arithmetic makes of them.

A unit is the powers of bytes, seconds and degrees. A number without any of these is a count, a ratio, or a share that somebody
wrote as `90%`; a moment is seconds since 1970, which is no duration; an amount is a literal of bytes, which people also
write for so many bytes per second. None is the unit of a plain number: it fits anything. Pure.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal

from mendwatch.config.durations import parse_duration
from mendwatch.model.samples import MetricSpec

PLAIN, COUNT, RATIO, SHARE, MOMENT, AMOUNT = "", "count", "ratio", "share", "moment", "amount"

_WORDS = ("bytes", "seconds", "celsius")
_LITERAL = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(%|[a-zA-Z][a-zA-Z0-9]*)")
_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_BYTES = {"B": 1} | {f"{letter}iB": 1024**power for power, letter in enumerate("KMGTPE", 1)}
_BYTES |= {f"{letter}B": 1000**power for power, letter in enumerate("KMGTPE", 1)} | {"kB": 1000}

#: Endings of names in order: the first that fits says the unit.
_ENDINGS: tuple[tuple[str, tuple[int, int, int], str], ...] = (
    ("bytes_per_second", (1, -1, 0), PLAIN),
    ("per_second", (0, -1, 0), PLAIN),
    ("timestamp_seconds", (0, 1, 0), MOMENT),
    ("seconds", (0, 1, 0), PLAIN),
    ("bytes", (1, 0, 0), PLAIN),
    ("ratio", (0, 0, 0), RATIO),
    ("celsius", (0, 0, 1), PLAIN),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """The powers of bytes, seconds and degrees; `kind` tells numbers of no power apart, and moments from durations."""

    powers: tuple[int, int, int] = (0, 0, 0)
    kind: str = PLAIN

    def __str__(self) -> str:
        """Name it as a person would, after `in`."""
        if self.kind not in {PLAIN, AMOUNT}:
            return {COUNT: "units", RATIO: "parts of a whole", SHARE: "per cent", MOMENT: "seconds since 1970"}[self.kind]
        above = " ".join(_power(word, power) for word, power in zip(_WORDS, self.powers, strict=True) if power > 0)
        below = " ".join(
            _power(word.removesuffix("s"), -power) for word, power in zip(_WORDS, self.powers, strict=True) if power < 0
        )
        return f"{above or 'times'} per {below}" if below else above

    @property
    def measures(self) -> bool:
        """Whether it has any power."""
        return any(self.powers)


def _power(word: str, power: int) -> str:
    return word if power == 1 else f"{word}^{power}"


BYTES, SECONDS, NUMBER, INSTANT = Unit((1, 0, 0)), Unit((0, 1, 0)), Unit(kind=COUNT), Unit((0, 1, 0), MOMENT)
FRACTION, SPEED = Unit(kind=RATIO), Unit((1, -1, 0))
_PER_SECOND = Unit((0, -1, 0))


def of_metric(metric: MetricSpec) -> Unit:
    """Give a metric's unit: what its name ends in, else what it declares, else it is a count."""
    for word in (metric.name.removesuffix("_total"), metric.unit):
        for ending, powers, kind in _ENDINGS:
            if word == ending or word.endswith(f"_{ending}"):
                return Unit(powers, kind)
    return NUMBER


def literal(text: str) -> tuple[float, Unit] | None:
    """Give what a number with a unit means, in base units; None where the unit is none, or the number too large."""
    if _DURATION.fullmatch(text):
        try:
            return parse_duration(text).total_seconds(), SECONDS
        except ValueError:
            return None
    found = _LITERAL.fullmatch(text)
    if found is None:
        return None
    factor = Decimal("0.01") if found[2] == "%" else _BYTES.get(found[2])
    value = float(Decimal(found[1]) * factor) if factor is not None else math.inf
    if not math.isfinite(value):
        return None
    return value, Unit(kind=SHARE) if found[2] == "%" else Unit(BYTES.powers, AMOUNT)


def fit(left: Unit | None, right: Unit | None) -> bool:
    """Tell whether two numbers can be compared: both measure the same, and no share is held against a count."""
    if left is None or right is None:
        return True
    kinds = {left.kind, right.kind}
    if AMOUNT in kinds and {left.powers, right.powers} <= {BYTES.powers, SPEED.powers}:
        return True
    return left.powers == right.powers and (len(kinds) == 1 or (MOMENT not in kinds and kinds != {COUNT, SHARE}))


def add(left: Unit | None, right: Unit | None) -> Unit | None:
    """Give the unit of a sum; a moment and a duration make a moment."""
    if left is None or right is None:
        return left or right
    return next((unit for unit in (left, right) if unit.kind in {MOMENT, COUNT}), left if left.kind != AMOUNT else right)


def addable(left: Unit | None, right: Unit | None) -> bool:
    """Tell whether two numbers can be added: they fit, or one is a moment and the other how much later."""
    if left is None or right is None:
        return True
    if MOMENT in {left.kind, right.kind}:
        return left.powers == right.powers and left.kind != right.kind
    return fit(left, right)


def subtractable(left: Unit | None, right: Unit | None) -> bool:
    """Tell whether one number can be taken from another: two moments too, but no moment from a duration."""
    if left is None or right is None or (left.kind == right.kind == MOMENT):
        return True
    return right.kind != MOMENT and addable(left, right)


def subtract(left: Unit | None, right: Unit | None) -> Unit | None:
    """Give the unit of a difference; between two moments is a duration, and a plain number may be either."""
    if left is None or right is None:
        return _but_moment(left or right)
    return SECONDS if left.kind == right.kind == MOMENT else add(left, right)


def multiply(left: Unit | None, right: Unit | None) -> Unit | None:
    """Give the unit of a product; a plain number is only a factor."""
    if left is None or right is None:
        return _but_moment(left or right)
    return _combined(left, right, 1)


def divide(left: Unit | None, right: Unit | None) -> Unit | None:
    """Give the unit of a quotient; what a plain number is divided by says nothing."""
    if right is None:
        return _but_moment(left)
    return None if left is None else _combined(left, right, -1)


def per_second(unit: Unit | None) -> Unit | None:
    """Give the unit of how fast a number changes."""
    if unit is None:
        return None
    return _combined(unit, _PER_SECOND, 1) if unit.kind != MOMENT else FRACTION


def difference(unit: Unit | None) -> Unit | None:
    """Give the unit of how much a number changed."""
    return subtract(unit, unit)


def _but_moment(unit: Unit | None) -> Unit | None:
    return None if unit is not None and unit.kind == MOMENT else unit


def _combined(left: Unit, right: Unit, sign: int) -> Unit | None:
    if MOMENT in {left.kind, right.kind}:
        return None
    a, b, c = (one + sign * other for one, other in zip(left.powers, right.powers, strict=True))
    if a or b or c:
        return Unit((a, b, c))
    counts = [unit.kind == COUNT for unit in (left, right)]
    return NUMBER if (any(counts) if sign > 0 else counts == [True, False] and right.kind in {RATIO, SHARE}) else FRACTION
