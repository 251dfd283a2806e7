"""The paths that are touched most. From statistics/summary/heat; off unless the option heat_top asks for it.

Paths are text that anybody may have written; they are labels, and only those of the hottest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import once
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary import PRIVILEGE, amounts, query, top

_RESOURCE = "statistics/summary/heat"
RATE = MetricSpec(
    "powerscale_heat_operations_per_second",
    f"Operations per second on one of the hottest paths, by event ({_RESOURCE}: operation_rate).",
    labels=("path", "event"),
)


class Heat(msgspec.Struct):
    """One event on one path; a path that could not be found is empty, its number is not."""

    path: Any = None
    lin: Any = None
    event_name: Any = None
    operation_rate: Any = None


class HeatSummary(msgspec.Struct):
    """The answer."""

    heat: list[Heat]


class HeatSummaryCollector:
    """Reads the heat map and gives its hottest paths; without the option heat_top it asks nothing."""

    spec = CollectorSpec("heat_summary", interval=60.0, timeout=25.0, metrics=(RATE,), privileges=(PRIVILEGE,))

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        most, drift = session.options.heat_top, Drift()
        if not most:
            return Reading()
        answer = await session.get(3, _RESOURCE, HeatSummary, query(session, totalby="path,lin,event_name"))
        return Reading(tuple(samples_of(answer.heat, most, now, drift)), drift=drift.counts)


def samples_of(heat: Iterable[Heat], most: int, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Give the hottest paths."""
    found = once(heat, _key)
    for labels, one in top(found.items(), lambda pair: pair[1].operation_rate, most):
        yield from amounts(one, {"operation_rate": (RATE, 1.0)}, labels, _RESOURCE, now, drift)


def _key(heat: Heat) -> tuple[str, str] | None:
    path, lin, event = name_of(heat.path), name_of(heat.lin), name_of(heat.event_name)
    where = path or (f"lin {lin}" if lin else None)
    return (where, event) if where and event else None
