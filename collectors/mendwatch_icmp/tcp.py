"""Whether ports accept connections, and how soon. It does nothing for a target whose options name no port."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from mendwatch.model.samples import Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_icmp.addresses import Endpoint
from mendwatch_icmp.connections import Connection, Door, bounded, connect
from mendwatch_icmp.options import MOST_ADDRESSES
from mendwatch_icmp.session import IcmpSession
from mendwatch_icmp.steps import columns_of
from mendwatch_icmp.wire import Address

LABELS = ("address", "name", "port")
CONNECTED = MetricSpec("icmp_tcp_connected", "Whether the port accepted a TCP connection.", labels=LABELS)
SECONDS = MetricSpec(
    "icmp_tcp_connect_seconds", "Time until the TCP connection stood; absent if it did not.", unit="seconds", labels=LABELS
)
FAILURE = MetricSpec(
    "icmp_tcp_failure", "Why there was no TCP connection, as 1 for the present reason alone.", labels=(*LABELS, "reason")
)
COLUMNS = (CONNECTED, SECONDS)
SCHEMA = RecordSchema("tcp_port", LABELS, {"connected": CONNECTED.name, "connect_seconds": SECONDS.name}, "One port.")


class TcpCollector:
    """Connects to every port of the option `tcp`, and hangs up."""

    spec = CollectorSpec(
        "tcp", interval=30.0, timeout=60.0, metrics=(*COLUMNS, FAILURE), schemas=(SCHEMA,), budget=3 * MOST_ADDRESSES
    )

    async def collect(self, session: IcmpSession, now: datetime) -> Reading:
        """Connect to all; what fails is a finding."""
        options = session.options
        if not options.tcp:
            return Reading()
        doors = doors_of(session.endpoints, options.tcp, await session.resolve())
        work = partial(connect, patience=options.connect_timeout, clock=session.clock)
        found = dict(zip(doors, await bounded(work, doors, options.connections), strict=True))
        layouts = await session.layouts(self.spec.name, COLUMNS, lambda: labels_of(session.endpoints, options.tcp))
        return reading_of(layouts, {door.labels: one for door, one in found.items()}, now)


def doors_of(endpoints: Sequence[Endpoint], ports: Sequence[int], known: Mapping[str, Address | None]) -> list[Door]:
    """Give every port of every address that is known by now."""
    return [Door(one, port, known[one.address]) for one in endpoints if one.address in known for port in ports]


def labels_of(endpoints: Sequence[Endpoint], ports: Sequence[int]) -> list[tuple[str, ...]]:
    """Give the label values of all ports."""
    return [(*one.labels, str(port)) for one in endpoints for port in ports]


def reading_of(layouts: Sequence[Layout], found: Mapping[tuple[str, ...], Connection], now: datetime) -> Reading:
    """Turn connections, by their labels, into columns and samples."""
    rows = [_row(found.get(labels)) for labels in layouts[0].labels]
    complete = not any(math.isnan(row[0]) for row in rows)
    return Reading(
        tuple(_failures(found, now)), columns=columns_of(layouts, rows), complete=frozenset({SCHEMA.name} if complete else ())
    )


def _row(one: Connection | None) -> tuple[float, float]:
    if one is None or (one.seconds is None and one.failure is None):
        return (math.nan, math.nan)
    return (0.0, math.nan) if one.seconds is None else (1.0, one.seconds)


def _failures(found: Mapping[tuple[str, ...], Connection], now: datetime) -> Iterator[Sample]:
    for labels, one in found.items():
        if one.failure is not None:
            yield Sample(FAILURE.name, 1.0, (*labels, one.failure.value), now)
