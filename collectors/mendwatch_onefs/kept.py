"""Many series as columns: the names are made once, and kept as long as the things that they name stay the same.

All metrics here have the same series, so that making the names of a hundred thousand takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from mendwatch.clock import turn
from mendwatch.model.samples import Columns, Layout, MetricSpec

#: The one NaN, so that absent numbers are counted by identity.
ABSENT = float("nan")

Key = tuple[str, ...]


@dataclass(slots=True)
class Kept:
    """The layout that was given last, and the label values that it is for."""

    keys: list[Key] = field(default_factory=list)
    layout: Layout = field(default_factory=lambda: Layout(()))


def layout_of(specs: Sequence[MetricSpec], keys: Sequence[Key]) -> Layout:
    """Give the heads of all series, metric by metric, each in the order of the keys."""
    return Layout.alike([spec.name for spec in specs], keys)


async def columns_of(
    specs: Sequence[MetricSpec], keys: list[Key], numbers: Sequence[Sequence[float]], kept: Kept
) -> tuple[Columns, ...]:
    """Give the numbers (a list for each metric, in the order of the keys) under the kept layout; none where there are no keys.

    Every absent number must be ABSENT itself.
    """
    if not keys:
        return ()
    if keys != kept.keys:
        kept.layout = layout_of(specs, keys)
        kept.keys = keys
        await turn()
    values = list(chain.from_iterable(numbers))
    await turn()
    return (Columns(kept.layout, values, absent=values.count(ABSENT)),)
