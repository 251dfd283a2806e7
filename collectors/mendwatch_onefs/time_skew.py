"""How far the nodes' clocks are from the agent's and from each other. From cluster/time, which tells whole seconds.

A node that says 12:00:07 means anything from there to 12:00:08, and the answer was under way for a while: the middle of both is
taken, and half of what is unknown is published beside it. It must not know how a clock is set right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.clock import Clock
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import Parts, parts_of
from mendwatch_onefs.series import Finding, samples
from mendwatch_onefs.session import OneFSSession

RESOURCE = "cluster/time"
#: What a clock that tells whole seconds leaves open, and its middle.
_GRAIN = 1.0

SKEW = MetricSpec(
    "powerscale_node_time_skew_seconds",
    "Seconds that a node's clock is ahead of the agent's, good to powerscale_time_uncertainty_seconds (cluster/time: nodes.time).",
    unit="seconds",
    labels=("node",),
)
SPREAD = MetricSpec(
    "powerscale_time_spread_seconds",
    "Seconds between the clocks that differ most, of the nodes that answered, good to a second (cluster/time: nodes.time).",
    unit="seconds",
)
UNCERTAINTY = MetricSpec(
    "powerscale_time_uncertainty_seconds",
    "Seconds by which the skew may be wrong: half the round trip and half a second (cluster/time).",
    unit="seconds",
)
METRICS = (SKEW, SPREAD, UNCERTAINTY)

SCHEMAS = (
    RecordSchema("node_time", ("node",), {"skew_seconds": SKEW.name}, help="The clock of one node, compared with the agent's."),
    RecordSchema(
        "cluster_time",
        (),
        {"spread_seconds": SPREAD.name, "uncertainty_seconds": UNCERTAINTY.name},
        help="The clocks of all nodes, compared with each other.",
    ),
)


class NodeTime(msgspec.Struct):
    """One node's part of the answer."""

    lnn: Any = None
    error: Any = None
    errors: Any = None
    status: Any = None
    time: Any = None


class Times(msgspec.Struct):
    """The answer of cluster/time."""

    nodes: list[NodeTime]
    errors: Any = None


@dataclass(frozen=True, slots=True)
class Trip:
    """When a question was sent, and how many seconds it took until the answer was there."""

    sent: datetime
    seconds: float

    @property
    def middle(self) -> float:
        """The epoch second at which the answer was made, as well as one can know."""
        return self.sent.timestamp() + self.seconds / 2


class TimeSkewCollector:
    """Reads cluster/time, and what time it is here."""

    spec = CollectorSpec(
        "time_skew",
        interval=300.0,
        timeout=30.0,
        metrics=METRICS,
        schemas=SCHEMAS,
        privileges=("ISI_PRIV_SYS_TIME",),
    )

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once; the session is made ready before, so that a login is not taken for a slow answer."""
        await session.latest()
        sent, started = self._clock.now(), self._clock.monotonic()
        answer = await session.get(3, RESOURCE, Times)
        return reading_of(answer, Trip(sent, self._clock.monotonic() - started), now)


def reading_of(answer: Times, trip: Trip, now: datetime) -> Reading:
    """Turn the answer into samples."""
    drift = Drift()
    parts = parts_of(answer.nodes, answer.errors, RESOURCE, drift)
    times = _times(parts, drift)
    found = samples(_findings(times, trip, whole=not drift.counts), now, RESOURCE, drift)
    complete = frozenset({SCHEMAS[0].name} if parts.whole and len(times) == len(parts.answered) else ())
    return Reading(found, complete=complete, drift=drift.counts)


def _times(parts: Parts[NodeTime], drift: Drift) -> Mapping[int, float]:
    told = {lnn: drift.moment(f"{RESOURCE}: nodes.time", part.time) for lnn, part in parts.answered.items()}
    return {lnn: time.timestamp() for lnn, time in told.items() if time is not None}


def _findings(times: Mapping[int, float], trip: Trip, *, whole: bool) -> Iterator[Finding]:
    """Give the skew of each node; the spread only where every answer made sense, because it would be too small without one."""
    for lnn, time in times.items():
        yield SKEW, (str(lnn),), time + _GRAIN / 2 - trip.middle
    if times:
        yield SPREAD, (), max(times.values()) - min(times.values()) if whole else None
        yield UNCERTAINTY, (), (_GRAIN + trip.seconds) / 2
