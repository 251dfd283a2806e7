"""Work on many addresses in short steps, so that the event loop has its turn in between; and rows turned into columns."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from mendwatch.model.samples import Columns, Layout, MetricSpec

#: Items of one step: about a millisecond.
STEP = 250

_In = TypeVar("_In")
_Out = TypeVar("_Out")


async def in_steps(work: Callable[[_In], _Out], items: Sequence[_In]) -> list[_Out]:
    """Do the work for each item; results in their order."""
    done: list[_Out] = []
    for at in range(0, len(items), STEP):
        done.extend(map(work, items[at : at + STEP]))
        await asyncio.sleep(0)
    return done


async def layouts_of(metrics: Sequence[MetricSpec], labels: Sequence[tuple[str, ...]]) -> tuple[Layout, ...]:
    """Give one layout for each metric, all with the same series."""
    return tuple([await _layout(spec, labels) for spec in metrics])


async def _layout(spec: MetricSpec, labels: Sequence[tuple[str, ...]]) -> Layout:
    await asyncio.sleep(0)
    return Layout((spec.name, one) for one in labels)


def columns_of(layouts: Sequence[Layout], rows: Sequence[tuple[float, ...]]) -> tuple[Columns, ...]:
    """Turn rows, one for each series and with one value for each layout, into columns."""
    found = []
    for number, layout in enumerate(layouts):
        values = [row[number] for row in rows]
        found.append(Columns(layout, values, absent=sum(map(math.isnan, values))))
    return tuple(found)
