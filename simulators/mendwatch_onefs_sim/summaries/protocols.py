"""The operations of the protocols on each node, as the summary shows what the statistics hold: rates per second, microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from mendwatch_onefs_sim.statistics.families.operations import PROTOCOLS, STATISTIC, Entry, node_operations
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.summaries.rows import Row

#: What rows can be told apart by.
PARTS = ("node", "protocol", "class", "operation")
#: Words that stand for several protocols: those of clients from outside, and those of the cluster's own parts.
INTERNAL = frozenset({"irp", "jobd", "lsass_in", "lsass_out"})
_NAMES = {statistic: name for name, statistic in STATISTIC.items()}
#: Every protocol by the name that summaries have for it, with that of the statistics.
SHOWN: Mapping[str, str] = MappingProxyType({_NAMES.get(statistic, statistic): statistic for statistic in sorted(PROTOCOLS)})
EXTERNAL = frozenset(SHOWN) - INTERNAL
#: Seconds in which operations are counted.
_SAMPLE = 5


def rows(nodes: Iterable[NodeMoment], protocols: Iterable[str]) -> list[Row]:
    """Give a row for each operation of each of these protocols on each node; those that nobody used have rates of 0."""
    chosen = [(name, SHOWN[name]) for name in protocols]
    return [
        _row(now.node.lnn, name, entry) for now in nodes for name, statistic in chosen for entry in node_operations(now, statistic)
    ]


def _row(lnn: int, protocol: str, entry: Entry) -> Row:
    rate = entry["op_rate"]
    return {
        **spread("in", entry["in_avg"]),
        **spread("out", entry["out_avg"]),
        "class": entry["class_name"],
        "in": entry["in_rate"],
        "node": lnn,
        "operation": entry["op_name"],
        "operation_count": int(rate * _SAMPLE),
        "operation_rate": rate,
        "out": entry["out_rate"],
        "protocol": protocol,
        "time_avg": entry["time_avg"],
        "time_max": entry["time_max"],
        "time_min": entry["time_min"],
        "time_standard_dev": entry["time_avg"] / 2,
    }


def spread(name: str, average: float) -> Row:
    """Give the fields of a size around its average."""
    return {
        f"{name}_avg": average,
        f"{name}_max": average * 9,
        f"{name}_min": average / 5,
        f"{name}_standard_dev": average / 2,
    }
