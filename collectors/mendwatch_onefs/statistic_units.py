"""Units of statistics: what OneFS calls them, and how many make one base unit of a metric.

A key's unit comes from the cluster's own catalogue where that tells one, because it has changed with releases. A word
that nobody here knows gives no number: a wrong factor is worse than no metric.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Unit(Enum):
    """A unit of OneFS: the metric's base unit, and how many of OneFS' make one of it."""

    NONE = ("", 1)
    BYTES = ("bytes", 1)
    SECONDS = ("seconds", 1)
    MILLISECONDS = ("seconds", 1_000)
    MICROSECONDS = ("seconds", 1_000_000)
    RATIO = ("ratio", 1)
    PERCENT = ("ratio", 100)
    PERMIL = ("ratio", 1000)
    CENTS = ("", 100)

    @property
    def base(self) -> str:
        """The unit of the metric."""
        return self.value[0]

    @property
    def divisor(self) -> int:
        """How many make one of the base unit."""
        return self.value[1]

    def convert(self, value: float) -> float:
        """Give the value in the base unit."""
        return value / self.value[1] if self.value[1] != 1 else value


#: What the catalogue says, and what it is. A rate has the unit of what it counts.
WORDS: Mapping[str, Unit] = MappingProxyType(
    {
        "bytes": Unit.BYTES,
        "bytes per second": Unit.BYTES,
        "seconds": Unit.SECONDS,
        "epoch seconds": Unit.SECONDS,
        "milliseconds": Unit.MILLISECONDS,
        "microseconds": Unit.MICROSECONDS,
        "percent": Unit.PERCENT,
        "permil": Unit.PERMIL,
        "cents": Unit.CENTS,
        **dict.fromkeys(("operations", "operations per second", "packets per second", "errors per second"), Unit.NONE),
        **dict.fromkeys(("amps", "celsius", "meters", "rpms", "volts", "watts"), Unit.NONE),
    }
)
#: Words of the catalogue that tell nothing.
SILENT = frozenset({"", "none"})


def agreed(ours: Unit, told: str) -> Unit | None:
    """Give the unit to convert from: the catalogue's where it tells one of the same base, ours where it is silent, else None."""
    if told in SILENT:
        return ours
    theirs = WORDS.get(told)
    return theirs if theirs is not None and theirs.base == ours.base else None
