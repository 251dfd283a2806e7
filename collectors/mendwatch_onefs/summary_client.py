"""The clients that work the cluster hardest. From statistics/summary/client, the top ones only: others have no series.

Addresses are not resolved (`numeric`): a name server that is slow would hold up the statistics of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of, quantity
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import once, told
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary import MICROSECONDS, PRIVILEGE, amounts, query, top

_RESOURCE = "statistics/summary/client"
_LABELS = ("client", "protocol")


def _spec(name: str, words: str, field: str, unit: str = "") -> MetricSpec:
    help_ = f"{words}, of the clients with most operations ({_RESOURCE}: {field})."
    return MetricSpec(f"powerscale_client_{name}", help_, unit=unit, labels=_LABELS)


RATE = _spec("operations_per_second", "Operations per second", "operation_rate")
IN = _spec("in_bytes_per_second", "Bytes per second that the client sends", "in", "bytes")
OUT = _spec("out_bytes_per_second", "Bytes per second that the client gets", "out", "bytes")
LATENCY = _spec("latency_seconds", "Average time of an operation", "time_avg", "seconds")
ACTIVE = MetricSpec("powerscale_clients_active", f"Client addresses with any operation ({_RESOURCE}: remote_addr).")
_FIELDS = {"operation_rate": (RATE, 1.0), "in_": (IN, 1.0), "out": (OUT, 1.0), "time_avg": (LATENCY, MICROSECONDS)}


class Client(msgspec.Struct, rename={"in_": "in"}):
    """What one address does with one protocol; the rates are per second, the time is microseconds."""

    remote_addr: Any = None
    protocol: Any = None
    operation_rate: Any = None
    in_: Any = None
    out: Any = None
    time_avg: Any = None


class ClientSummary(msgspec.Struct):
    """The answer."""

    client: list[Client]


class ClientSummaryCollector:
    """Reads all clients and gives the top ones; the option client_top says how many, 0 asks nothing."""

    spec = CollectorSpec(
        "clients_summary",
        interval=60.0,
        timeout=25.0,
        metrics=(*(spec for spec, _ in _FIELDS.values()), ACTIVE),
        schemas=(
            RecordSchema(
                "client",
                _LABELS,
                {spec.name.removeprefix("powerscale_client_"): spec.name for spec, _ in _FIELDS.values()},
                help="One of the clients with most operations, with one protocol.",
            ),
        ),
        privileges=(PRIVILEGE,),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        most, drift = session.options.client_top, Drift()
        if not most:
            return Reading()
        asked = query(session, totalby="remote_addr,protocol", numeric="true")
        answer = await session.get(3, _RESOURCE, ClientSummary, asked)
        samples = tuple(samples_of(answer.client, most, now, drift))
        return Reading(samples, complete=frozenset({"client"} if _certain(answer.client) else ()), drift=drift.counts)


def _certain(clients: Iterable[Client]) -> bool:
    """Tell whether it is certain who is among the top: everybody has a name and a rate."""
    return all(name_of(one.remote_addr) and name_of(one.protocol) and quantity(one.operation_rate) is not None for one in clients)


def samples_of(clients: Sequence[Client], most: int, now: datetime, drift: Drift) -> Iterator[Sample]:
    """Give the top clients, and how many there are."""
    found = once(clients, _key)
    named = all(_key(client) for client in clients)
    yield from told(ACTIVE, len({address for address, _ in found}) if named else None, now)
    for labels, client in top(found.items(), lambda pair: pair[1].operation_rate, most):
        yield from amounts(client, _FIELDS, labels, _RESOURCE, now, drift)


def _key(client: Client) -> tuple[str, str] | None:
    address = name_of(client.remote_addr)
    return (address, name_of(client.protocol) or "") if address else None
