"""What the collectors of statistics/summary/* share: how they ask, how they choose the top ones, and units.

Latencies of these resources are microseconds, except those of drives, which are milliseconds as `isi statistics drive` prints
them. Minima, maxima and deviations are not read: they are those of the newest sample only, and nothing can be made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from heapq import nlargest
from typing import Any, TypeVar

from mendwatch.model.samples import MetricSpec, Sample
from mendwatch_onefs.decoding import quantity
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import patience
from mendwatch_onefs.giving import told
from mendwatch_onefs.session import OneFSSession

I = TypeVar("I")  # noqa: E741 - an item

PRIVILEGE = "ISI_PRIV_STATISTICS"
MICROSECONDS, MILLISECONDS = 1_000_000.0, 1000.0
#: Operations that last until something happens: their time is no latency, and spoils every average that they are in.
WAITING = frozenset({"change_notify", "read_directory_change"})


def query(session: OneFSSession, **more: str) -> Mapping[str, str]:
    """Give the arguments of a summary: without the nodes that do not answer, in time."""
    return {"degraded": "true", **patience(session), **more}


def top(items: Iterable[I], rate: Callable[[I], Any], most: int) -> list[I]:
    """Give the items with the highest rates, the highest first; those whose rate is unknown come last."""
    return nlargest(most, items, key=lambda item: _or_none(quantity(rate(item))))


def _or_none(rate: float | None) -> float:
    return -1.0 if rate is None else rate


def amounts(
    item: object, fields: Mapping[str, tuple[MetricSpec, float]], labels: tuple[str, ...], where: str, now: datetime, drift: Drift
) -> Iterator[Sample]:
    """Give the samples of an item's fields, each with its metric and what it is divided by."""
    for field, (spec, divisor) in fields.items():
        value = drift.quantity(f"{where}: {field}", getattr(item, field))
        yield from told(spec, None if value is None else value / divisor, now, *labels)
