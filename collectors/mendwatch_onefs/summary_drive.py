"""How busy every drive is and how long it takes. From statistics/summary/drive, all drives of all nodes.

A large cluster has nine thousand drives, so their numbers are columns whose names are made once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.clock import turn
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import whole
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.kept import ABSENT, Kept, Key, columns_of
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.summary import MILLISECONDS, PRIVILEGE, query

_RESOURCE = "statistics/summary/drive"
_LABELS = ("node", "bay")
_PERCENT = 100.0
#: Drives that are worked on before others have their turn.
_AT_ONCE = 1000
_MOST = float(2**64)


def _spec(name: str, words: str, key: str, unit: str = "") -> MetricSpec:
    return MetricSpec(f"powerscale_drive_{name}", f"{words} ({_RESOURCE}: {key}).", unit=unit, labels=_LABELS)


#: OneFS' field, its metric, and what it is divided by.
FIELDS: tuple[tuple[str, MetricSpec, float], ...] = (
    ("busy", _spec("busy_ratio", "Share of time that the drive is busy", "busy", "ratio"), _PERCENT),
    (
        "access_latency",
        _spec("access_latency_seconds", "Average time of an operation", "access_latency, in milliseconds", "seconds"),
        MILLISECONDS,
    ),
    (
        "iosched_latency",
        _spec("queue_latency_seconds", "Average time in the I/O scheduler", "iosched_latency, in milliseconds", "seconds"),
        MILLISECONDS,
    ),
    ("access_slow", _spec("slow_accesses_per_second", "Operations per second that take long", "access_slow"), 1.0),
    ("bytes_in", _spec("write_bytes_per_second", "Bytes per second written to the drive", "bytes_in", "bytes"), 1.0),
    ("bytes_out", _spec("read_bytes_per_second", "Bytes per second read from the drive", "bytes_out", "bytes"), 1.0),
    ("xfers_in", _spec("writes_per_second", "Writes per second", "xfers_in"), 1.0),
    ("xfers_out", _spec("reads_per_second", "Reads per second", "xfers_out"), 1.0),
    ("used_bytes_percent", _spec("used_ratio", "Used share of the drive", "used_bytes_percent", "ratio"), _PERCENT),
)
METRICS = tuple(spec for _, spec, _ in FIELDS)


class Drive(msgspec.Struct, gc=False):
    """One drive; `drive_id` is the logical number of the node and the bay, such as 3:12."""

    drive_id: Any = None
    busy: Any = None
    access_latency: Any = None
    iosched_latency: Any = None
    access_slow: Any = None
    bytes_in: Any = None
    bytes_out: Any = None
    xfers_in: Any = None
    xfers_out: Any = None
    used_bytes_percent: Any = None


class DriveSummary(msgspec.Struct):
    """The answer."""

    drive: list[Drive]


@dataclass(slots=True)
class DrivesMemory:
    """What is kept of one cluster between two polls."""

    kept: Kept = field(default_factory=Kept)


class DriveSummaryCollector:
    """Reads the performance of every drive."""

    spec = CollectorSpec(
        "drives_summary",
        interval=60.0,
        timeout=60.0,
        metrics=METRICS,
        schemas=(
            RecordSchema(
                "drive_performance",
                _LABELS,
                {spec.name.removeprefix("powerscale_drive_"): spec.name for spec in METRICS},
                help="One drive: how busy it is and how long it takes.",
            ),
        ),
        budget=100_000,
        privileges=(PRIVILEGE,),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:  # noqa: ARG002 - the core's time serves
        """Fetch once."""
        answer = await session.get(3, _RESOURCE, DriveSummary, query(session, nodes="all"))
        drift, rows = Drift(), DriveRows()
        for start in range(0, len(answer.drive), _AT_ONCE):
            await turn()
            rows.add(answer.drive[start : start + _AT_ONCE], drift)
        await turn()
        columns = await columns_of(METRICS, list(rows.keys), rows.columns, session.memory(DrivesMemory).kept)
        return Reading(columns=columns, drift=drift.counts)


class DriveRows:
    """The numbers of all drives, a column for each metric."""

    def __init__(self) -> None:
        self.keys: dict[Key, None] = {}
        self.columns: list[list[float]] = [[] for _ in FIELDS]

    def add(self, drives: Sequence[Drive], drift: Drift) -> None:
        """Take some drives; of two with one place the first is believed."""
        fresh = []
        for drive in drives:
            key = place_of(drive.drive_id)
            if key is None or key in self.keys:
                drift.odd(f"{_RESOURCE}: drive_id")
            else:
                self.keys[key] = None
                fresh.append(drive)
        for (name, _, divisor), column in zip(FIELDS, self.columns, strict=True):
            column.extend(_numbers(name, [getattr(drive, name) for drive in fresh], divisor, drift))


def place_of(raw: Any) -> Key | None:  # noqa: ANN401 - foreign data
    """Give node and bay; None for anything that is not two whole numbers with a colon."""
    node, colon, bay = raw.partition(":") if isinstance(raw, str) else ("", "", "")
    if not colon or not (node.isascii() and node.isdecimal() and bay.isascii() and bay.isdecimal()) or not whole(node):
        return None
    return node, bay


def _numbers(name: str, values: Sequence[Any], divisor: float, drift: Drift) -> list[float]:
    return [
        value / divisor
        if type(value) in (float, int) and 0 <= value < _MOST
        else ABSENT
        if value is None
        else _odd(name, value, divisor, drift)
        for value in values
    ]


def _odd(name: str, value: Any, divisor: float, drift: Drift) -> float:  # noqa: ANN401 - foreign data
    found = drift.quantity(f"{_RESOURCE}: {name}", value)
    return ABSENT if found is None else found / divisor
