"""Which files are touched most: a part of what the protocols do on a node, never more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from zlib import crc32

from mendwatch_onefs_sim.statistics.families.caches import events, visited
from mendwatch_onefs_sim.statistics.families.operations import usual_operations
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.summaries.rows import Row
from mendwatch_onefs_sim.summaries.state import Summaries

#: What a row is told apart by.
PARTS = ("node", "path", "lin", "event_name", "class_name")
_CLASSES: Mapping[str, str] = MappingProxyType(
    {"lookup": "namespace_read", "getattr": "namespace_read", "read": "read", "write": "write"}
)
_EVENTS = tuple(_CLASSES)
#: The protocols of the statistics whose operations touch files.
_FILES = ("nfs", "nfs4", "smb2")


def rows(state: Summaries, nodes: Iterable[NodeMoment]) -> list[Row]:
    """Give the heat map of each node; on one that does nothing, nothing is hot."""
    return [row for now in nodes for row in _of_node(state, now) if row["operation_rate"]]


def _of_node(state: Summaries, now: NodeMoment) -> Iterator[Row]:
    guests = [(path, event, rate) for event in ("write", "read") for path, rate in visited(now, event)]
    usual = [(path, event, share * _happening(now, event)) for path, event, share in state.heat]
    for path, event, rate in (*guests, *usual):
        yield {
            "class_name": _CLASSES.get(event, "other"),
            "event_name": event,
            "event_type": _EVENTS.index(event) if event in _EVENTS else len(_EVENTS),
            "lin": _lin(path),
            "node": now.node.lnn,
            "operation_rate": rate,
            "path": path,
        }


def _lin(path: str) -> str:
    """Give a file's number, the same on every node and for every event."""
    high, low = divmod(crc32(path.encode()), 2**16)
    return f"1:{high:04x}:{low:04x}"


def _happening(now: NodeMoment, event: str) -> float:
    """Give how often per second an event usually happens on a node: as often as clients ask, or by itself."""
    if event not in _CLASSES:
        return events(now, event)
    entries = [entry for protocol in _FILES for entry in usual_operations(now, protocol) if entry["op_name"] == event]
    return float(sum(entry["op_rate"] for entry in entries))
