"""The whole system in one row, and each node in its own: the very figures that the keys of cluster and node have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.statistics.families.network import outside
from mendwatch_onefs_sim.statistics.families.operations import Entry, node_operations
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.summaries.rows import Row

#: The columns of protocols, with the protocols of the statistics that each shows.
FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"nfs": ("nfs", "nfs4"), "smb": ("cifs", "smb2"), "s3": ("s3",), "hdfs": ("hdfs",), "http": ("http",), "ftp": ("ftp",)}
)
_IDLE_PERMIL = 1000

Measure = Callable[[Entry], float]


def rows(now: ClusterMoment, *, as_operations: bool = False) -> list[Row]:
    """Give the row of all nodes of a moment, then one for each; protocols in bytes per second, or in operations."""
    measure = _operations if as_operations else _bytes
    every = [_node(node, measure) for node in now.nodes]
    sums = {name: sum(row[name] for row in every) for name in (every[0] if every else ()) if name not in {"cpu", "node"}}
    return [{**sums, "cpu": _used(now.cpu), "node": "All"}, *every] if every else []


def _node(now: NodeMoment, measure: Measure) -> Row:
    families = {
        name: sum(measure(entry) for protocol in protocols for entry in node_operations(now, protocol))
        for name, protocols in FAMILIES.items()
    }
    return {
        **families,
        "cpu": _used(now.cpu),
        "disk_in": now.rate("disk_in"),
        "disk_out": now.rate("disk_out"),
        "net_in": outside(now, "in"),
        "net_out": outside(now, "out"),
        "node": str(now.node.lnn),
        "total": sum(families.values()),
    }


def _used(cpu: Mapping[str, int]) -> float:
    """Give the share of CPU time that is used, in percent."""
    return (_IDLE_PERMIL - cpu["idle"]) / 10


def _bytes(entry: Entry) -> float:
    return float(entry["in_rate"] + entry["out_rate"])


def _operations(entry: Entry) -> float:
    return float(entry["op_rate"])
