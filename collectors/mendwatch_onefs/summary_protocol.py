"""File protocols as the cluster sees them: operations, bytes and latency. From statistics/summary/protocol.

Each operation of each protocol is told, and each protocol as a whole. Of a whole, the latency leaves out the operations that
wait for something to happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of, quantity
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import all_told, once, told
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary import MICROSECONDS, PRIVILEGE, WAITING, amounts, query

_RESOURCE = "statistics/summary/protocol"
_ONE, _WHOLE = ("protocol", "class", "operation"), ("protocol",)


def _spec(name: str, words: str, field: str, labels: tuple[str, ...]) -> MetricSpec:
    unit = "bytes" if "bytes" in name else "seconds" if name.endswith("latency_seconds") else ""
    return MetricSpec(f"powerscale_protocol_{name}", f"{words} ({_RESOURCE}: {field}).", unit=unit, labels=labels)


CALLS = _spec("operation_calls_per_second", "Calls of one operation per second", "operation_rate", _ONE)
CALLS_IN = _spec("operation_receive_bytes_per_second", "Bytes received per second with one operation", "in", _ONE)
CALLS_OUT = _spec("operation_transmit_bytes_per_second", "Bytes sent per second with one operation", "out", _ONE)
CALL_TIME = _spec("operation_latency_seconds", "Average time of one operation", "time_avg", _ONE)
RATE = _spec("operations_per_second", "Operations of the protocol per second", "operation_rate", _WHOLE)
IN = _spec("receive_bytes_per_second", "Bytes received per second with the protocol", "in", _WHOLE)
OUT = _spec("transmit_bytes_per_second", "Bytes sent per second with the protocol", "out", _WHOLE)
LATENCY = _spec(
    "latency_seconds", "Average time of the protocol's operations, without those that wait for a change", "time_avg", _WHOLE
)
_FIELDS = {"operation_rate": (CALLS, 1.0), "in_": (CALLS_IN, 1.0), "out": (CALLS_OUT, 1.0), "time_avg": (CALL_TIME, MICROSECONDS)}
_TOTALS = (RATE, IN, OUT, LATENCY)


class Operation(msgspec.Struct, rename={"in_": "in", "class_": "class"}):
    """One operation of one protocol; the rates are per second, the time is microseconds."""

    protocol: Any = None
    class_: Any = None
    operation: Any = None
    operation_rate: Any = None
    in_: Any = None
    out: Any = None
    time_avg: Any = None


class ProtocolSummary(msgspec.Struct):
    """The answer."""

    protocol: list[Operation]


class ProtocolSummaryCollector:
    """Reads the operations of every protocol, summed over the nodes by the cluster."""

    spec = CollectorSpec(
        "protocols_summary",
        interval=30.0,
        timeout=25.0,
        metrics=(*(spec for spec, _ in _FIELDS.values()), *_TOTALS),
        schemas=(
            RecordSchema(
                "protocol",
                _WHOLE,
                {spec.name.removeprefix("powerscale_protocol_"): spec.name for spec in _TOTALS},
                help="One file protocol on the whole cluster; absent while nobody uses it.",
            ),
        ),
        privileges=(PRIVILEGE,),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        drift = Drift()
        answer = await session.get(3, _RESOURCE, ProtocolSummary, query(session, totalby="protocol,class,operation"))
        samples = (*operations_of(answer.protocol, now, drift), *protocols_of(answer.protocol, now))
        named = (name_of(one.protocol) for one in answer.protocol)
        return Reading(samples, complete=all_told(self.spec.schemas[0], named, samples), drift=drift.counts)


def operations_of(operations: Iterable[Operation], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Give each operation; one that cannot be named gives nothing."""
    for labels, operation in once(operations, _key).items():
        yield from amounts(operation, _FIELDS, labels, _RESOURCE, now, drift)


def protocols_of(operations: Iterable[Operation], now: datetime) -> Iterator[Sample]:
    """Give each protocol as a whole; a sum of which one part is unknown is unknown, also where nobody knows whose part it is."""
    groups: dict[str, list[Operation]] = {}
    rows = list(operations)
    nameless = {name_of(one.protocol) for one in rows if _key(one) is None}
    for labels, operation in once(rows, _key).items():
        groups.setdefault(labels[0], []).append(operation)
    for protocol, group in groups.items():
        if nameless & {protocol, None}:
            continue
        for spec, field in ((RATE, "operation_rate"), (IN, "in_"), (OUT, "out")):
            yield from told(spec, _sum(quantity(getattr(one, field)) for one in group), now, protocol)
        yield from told(LATENCY, latency_of(group), now, protocol)


def latency_of(operations: Iterable[Operation]) -> float | None:
    """Give the average time in seconds, each operation weighted by its rate; None where a part is unknown or nothing happens."""
    pairs = [(quantity(one.operation_rate), quantity(one.time_avg)) for one in operations if name_of(one.operation) not in WAITING]
    calls = _sum(rate for rate, _ in pairs)
    spent = _sum(None if rate is None or time is None else rate * time for rate, time in pairs)
    return None if not calls or spent is None else spent / calls / MICROSECONDS


def _sum(values: Iterable[float | None]) -> float | None:
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _key(operation: Operation) -> tuple[str, str, str] | None:
    protocol, name = name_of(operation.protocol), name_of(operation.operation)
    return (protocol, name_of(operation.class_) or "", name) if protocol and name else None
