"""The cluster as one system: CPU, throughput by protocol, network and disk. From statistics/summary/system, the row of all nodes.

The rows of single nodes are left out: `statistics` has them, and a sum over both would count everything twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import text
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.giving import told
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary import PRIVILEGE, amounts, query

_RESOURCE = "statistics/summary/system"
_ALL = "all"
_PROTOCOLS = ("nfs", "smb", "s3", "hdfs", "http", "ftp")


def _spec(name: str, words: str, field: str, unit: str = "bytes", labels: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(f"powerscale_system_{name}", f"{words}, all nodes ({_RESOURCE}: {field}).", unit=unit, labels=labels)


CPU = _spec("cpu_ratio", "Share of CPU time that is used", "cpu", "ratio")
THROUGHPUT = _spec(
    "protocol_bytes_per_second",
    "Bytes per second of one family of protocols",
    "nfs, smb, s3, hdfs, http, ftp",
    labels=("protocol",),
)
TOTAL = _spec("throughput_bytes_per_second", "Bytes per second of all these protocols", "total")
NET_IN = _spec("net_receive_bytes_per_second", "Bytes per second received from the network", "net_in")
NET_OUT = _spec("net_transmit_bytes_per_second", "Bytes per second sent to the network", "net_out")
DISK_IN = _spec("disk_write_bytes_per_second", "Bytes per second written to disks; cached traffic never gets there", "disk_in")
DISK_OUT = _spec("disk_read_bytes_per_second", "Bytes per second read from disks; cached traffic never gets there", "disk_out")
_FIELDS = {
    "cpu": (CPU, 100.0),
    "total": (TOTAL, 1.0),
    "net_in": (NET_IN, 1.0),
    "net_out": (NET_OUT, 1.0),
    "disk_in": (DISK_IN, 1.0),
    "disk_out": (DISK_OUT, 1.0),
}


class System(msgspec.Struct):
    """One row; `node` is a number, or All."""

    node: Any = None
    cpu: Any = None
    nfs: Any = None
    smb: Any = None
    s3: Any = None
    hdfs: Any = None
    http: Any = None
    ftp: Any = None
    total: Any = None
    net_in: Any = None
    net_out: Any = None
    disk_in: Any = None
    disk_out: Any = None


class SystemSummary(msgspec.Struct):
    """The answer."""

    system: list[System]


class SystemSummaryCollector:
    """Reads the row of all nodes."""

    spec = CollectorSpec(
        "system_summary",
        interval=30.0,
        timeout=25.0,
        metrics=(*(spec for spec, _ in _FIELDS.values()), THROUGHPUT),
        schemas=(
            RecordSchema(
                "system",
                (),
                {spec.name.removeprefix("powerscale_system_"): spec.name for spec, _ in _FIELDS.values()},
                help="The whole cluster as one system.",
            ),
        ),
        privileges=(PRIVILEGE,),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch once."""
        drift = Drift()
        answer = await session.get(3, _RESOURCE, SystemSummary, query(session))
        return Reading(tuple(samples_of(answer.system, now, drift)), drift=drift.counts)


def samples_of(rows: Iterable[System], now: datetime, drift: Drift) -> Iterator[Sample]:
    """Give the row of all nodes; nothing where there is none."""
    found = next((row for row in rows if (text(row.node) or "").lower() == _ALL), None)
    if found is None:
        return
    yield from amounts(found, _FIELDS, (), _RESOURCE, now, drift)
    for protocol in _PROTOCOLS:
        yield from told(THROUGHPUT, drift.quantity(f"{_RESOURCE}: {protocol}", getattr(found, protocol)), now, protocol)
