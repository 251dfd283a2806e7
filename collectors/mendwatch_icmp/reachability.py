"""Whether an address answers, how fast and how steadily. A host that is silent is a finding, not a failure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_icmp.pinger import Echoes
from mendwatch_icmp.session import IcmpSession

REACHABLE = MetricSpec("icmp_reachable", "Whether at least one echo request of the last round was answered.")
LOSS = MetricSpec("icmp_loss_ratio", "Share of the last round's echo requests without an answer.", unit="ratio")
FASTEST = MetricSpec("icmp_rtt_min_seconds", "Shortest round trip of the last round; absent if nothing came back.", unit="seconds")
AVERAGE = MetricSpec("icmp_rtt_avg_seconds", "Average round trip of the last round; absent if nothing came back.", unit="seconds")
SLOWEST = MetricSpec("icmp_rtt_max_seconds", "Longest round trip of the last round; absent if nothing came back.", unit="seconds")
JITTER = MetricSpec(
    "icmp_jitter_seconds", "Average difference of successive round trips; absent with less than two replies.", unit="seconds"
)
METRICS = (REACHABLE, LOSS, FASTEST, AVERAGE, SLOWEST, JITTER)
SCHEMA = RecordSchema(
    "reachability", labels=(), fields={spec.name.removeprefix("icmp_"): spec.name for spec in METRICS}, help="One address."
)


class ReachabilityCollector:
    """Sends one round of echo requests."""

    spec = CollectorSpec("reachability", interval=15.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,))

    async def collect(self, session: IcmpSession, now: datetime) -> Reading:
        """Ping once.

        Raises:
            TargetError: the name does not resolve, or ICMP is not available here.
        """
        return Reading(tuple(samples_of(await session.ping(), now)))


def samples_of(echoes: Echoes, now: datetime) -> Iterator[Sample]:
    """Turn a round into samples. A time that is not above 0 is a clock that jumped, and no time."""
    times = [seconds for seconds in echoes.times if seconds > 0]
    yield Sample(REACHABLE.name, float(bool(echoes.times)), time=now)
    yield Sample(LOSS.name, (echoes.wanted - len(echoes.times)) / echoes.wanted, time=now)
    if times:
        yield Sample(FASTEST.name, min(times), time=now)
        yield Sample(AVERAGE.name, sum(times) / len(times), time=now)
        yield Sample(SLOWEST.name, max(times), time=now)
    if len(times) > 1:
        yield Sample(JITTER.name, sum(abs(b - a) for a, b in pairwise(times)) / (len(times) - 1), time=now)
