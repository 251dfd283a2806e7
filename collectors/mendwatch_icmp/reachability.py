"""Whether addresses answer, how fast and how steadily. A host that is silent is a finding, not a failure.

The values of the many are columns, because their series stay the same; what is rare (losses by reason) are samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, pairwise

from mendwatch.model.samples import Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_icmp.addresses import Endpoint
from mendwatch_icmp.asking import Answers, ask
from mendwatch_icmp.ledger import Tally
from mendwatch_icmp.options import MOST_ADDRESSES, IcmpOptions
from mendwatch_icmp.session import IcmpSession
from mendwatch_icmp.steps import columns_of, in_steps
from mendwatch_icmp.sweep import Plan, Surroundings
from mendwatch_icmp.wire import Address, key

LABELS = ("address", "name")
_ABSENT = "absent if nothing came back."


def _metric(name: str, text: str, unit: str = "", *more: str) -> MetricSpec:
    return MetricSpec(f"icmp_{name}", text, unit=unit, labels=(*LABELS, *more))


REACHABLE = _metric("reachable", "Whether at least one echo request of the last round was answered.")
LOSS = _metric("loss_ratio", "Share of the last round's echo requests without an answer; absent if none could be sent.", "ratio")
FASTEST = _metric("rtt_min_seconds", f"Shortest round trip of the last round; {_ABSENT}", "seconds")
AVERAGE = _metric("rtt_avg_seconds", f"Average round trip of the last round; {_ABSENT}", "seconds")
SLOWEST = _metric("rtt_max_seconds", f"Longest round trip of the last round; {_ABSENT}", "seconds")
MOSTLY = _metric(
    "rtt_p95_seconds", f"Round trip that 95 of 100 of the last round did not exceed, by nearest rank; {_ABSENT}", "seconds"
)
JITTER = _metric(
    "jitter_seconds",
    "Average difference of successive round trips of the last round; absent with less than two replies.",
    "seconds",
)
RESOLVED = _metric(
    "name_resolved", "Whether the name has an address of the wanted family; absent for what is an IP address itself."
)
#: In the order of a row.
COLUMNS = (REACHABLE, LOSS, FASTEST, AVERAGE, SLOWEST, MOSTLY, JITTER, RESOLVED)

LOST = _metric(
    "lost_requests", "Echo requests of the last round without an answer, by reason; absent where there are none.", "", "reason"
)
AVAILABLE = MetricSpec(
    "icmp_available",
    "Whether this machine lets the agent send echo requests: without, nothing is known of reachability.",
    labels=("family",),
)
DROPPED = MetricSpec(
    "icmp_dropped_replies",
    "Packets of the last round that this machine dropped for want of room: loss of its own making.",
    labels=("family",),
)
METRICS = (*COLUMNS, LOST, AVAILABLE, DROPPED)
SCHEMA = RecordSchema(
    "reachability", labels=LABELS, fields={spec.name.removeprefix("icmp_"): spec.name for spec in COLUMNS}, help="One address."
)

Row = tuple[float, float, float, float, float, float, float, float]
_NAN = math.nan
_SILENT = (_NAN,) * 5


class ReachabilityCollector:
    """Sends one round of echo requests to every address."""

    spec = CollectorSpec(
        "reachability", interval=15.0, timeout=60.0, metrics=METRICS, schemas=(SCHEMA,), budget=(len(COLUMNS) + 2) * MOST_ADDRESSES
    )

    async def collect(self, session: IcmpSession, now: datetime) -> Reading:
        """Resolve, ask and wait; raises nothing, because nothing that can happen is the failure of a poll."""
        known = await session.resolve()
        answers = await ask(
            [address for address in known.values() if address], plan_of(session.options), Surroundings(session.clock)
        )
        layouts = await session.layouts(self.spec.name, COLUMNS, lambda: [one.labels for one in session.endpoints])
        rows = await in_steps(lambda one: row_for(one, known, answers, is_name=session.is_name(one.address)), session.endpoints)
        lost = await in_steps(lambda one: losses_of(one, known, answers, now), session.endpoints)
        return reading_of(layouts, rows, [*machine_of(answers, now), *chain.from_iterable(lost)])


def plan_of(options: IcmpOptions) -> Plan:
    """Give the sweep that the options want."""
    return Plan(options.count, options.interval, options.timeout, options.rate)


def reading_of(layouts: Sequence[Layout], rows: Sequence[Row], samples: Iterable[Sample]) -> Reading:
    """Put a reading together. It is complete if every address has an answer to whether it is reachable."""
    complete = not any(math.isnan(row[0]) for row in rows)
    return Reading(tuple(samples), columns=columns_of(layouts, rows), complete=frozenset({SCHEMA.name} if complete else ()))


def row_for(one: Endpoint, known: Mapping[str, Address | None], answers: Answers, *, is_name: bool) -> Row:
    """Give the values of an address in the order of the columns; NaN is what is not known."""
    if one.address not in known:
        return (_NAN, _NAN, *_SILENT, _NAN)
    address = known[one.address]
    if address is None:
        return (0.0, _NAN, *_SILENT, 0.0)
    return (*row_of(answers.tallies.get(key(address))), 1.0 if is_name else _NAN)


def row_of(tally: Tally | None) -> tuple[float, float, float, float, float, float, float]:
    """Give reachable, loss, min, avg, max, p95 and jitter; NaN is what is not known."""
    if tally is None or not tally.wanted:
        return (_NAN, _NAN, *_SILENT)
    reachable, loss = float(bool(tally.answered)), (tally.wanted - tally.answered) / tally.wanted
    times = tally.times
    if not times:
        return (reachable, loss, *_SILENT)
    if len(times) == 1:
        return (reachable, loss, times[0], times[0], times[0], times[0], _NAN)
    average, jitter = sum(times) / len(times), sum(abs(b - a) for a, b in pairwise(times)) / (len(times) - 1)
    mostly = sorted(times)[math.ceil(len(times) * 0.95) - 1]
    return (reachable, loss, min(times), average, max(times), mostly, jitter)


def machine_of(answers: Answers, now: datetime) -> Iterator[Sample]:
    """Tell what this machine allowed and dropped."""
    for family, available in answers.available.items():
        yield Sample(AVAILABLE.name, float(available), (family,), now)
    for family, dropped in answers.dropped.items():
        yield Sample(DROPPED.name, float(dropped), (family,), now)


def losses_of(one: Endpoint, known: Mapping[str, Address | None], answers: Answers, now: datetime) -> list[Sample]:
    """Tell how many requests to an address were lost, by reason."""
    address = known.get(one.address)
    tally = answers.tallies.get(key(address)) if address else None
    if tally is None:
        return []
    return [Sample(LOST.name, float(lost), (*one.labels, reason.value), now) for reason, lost in tally.lost.items()]
