"""Operations of the file protocols: the structured values of the protostats keys."""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment

#: Per protocol and operation: class, usual operations per second on a node, usual microseconds, bytes in, bytes out.
_OPERATIONS: Mapping[str, Mapping[str, tuple[str, float, float, int, int]]] = {
    "nfs3": {
        "read": ("read", 900.0, 850.0, 120, 65_536),
        "write": ("write", 420.0, 1900.0, 65_536, 140),
        "getattr": ("namespace_read", 2400.0, 90.0, 110, 112),
        "lookup": ("namespace_read", 760.0, 160.0, 130, 240),
    },
    "smb2": {
        "read": ("read", 640.0, 980.0, 120, 49_152),
        "write": ("write", 210.0, 2200.0, 49_152, 90),
        "create": ("create", 130.0, 1400.0, 380, 150),
        "change_notify": ("namespace_read", 4.0, 31_000_000.0, 100, 120),
    },
    "papi": {"GET": ("other", 2.0, 42_000.0, 900, 14_000), "PUT": ("other", 0.1, 60_000.0, 1_200, 200)},
}


def node_operations(now: NodeMoment, protocol: str) -> list[dict[str, object]]:
    """Give one node's operations of one protocol; times are microseconds, in and out bytes."""
    return [_entry(now, name, number, protocol) for number, name in enumerate(_OPERATIONS[protocol], start=1)]


def node_total(now: NodeMoment, protocol: str) -> list[dict[str, object]]:
    """Give one node's operations of one protocol as one entry, as the `.total` keys do."""
    return [{**_sum(tuple(node_operations(now, protocol))), "class_name": "", "op_id": 0, "op_name": "total"}]


def cluster_operations(now: ClusterMoment, protocol: str) -> list[dict[str, object]]:
    """Give the cluster's operations of one protocol: rates are sums over the nodes, averages are weighted."""
    nodes = [node_operations(node, protocol) for node in now.nodes]
    return [_sum(entries) for entries in zip(*nodes, strict=True)]


def _entry(now: NodeMoment, name: str, number: int, protocol: str) -> dict[str, object]:
    group, usual, time, size_in, size_out = _OPERATIONS[protocol][name]
    rate = usual * 2 * now.activity
    return {
        "class_name": group,
        "in_avg": float(size_in),
        "in_rate": rate * size_in,
        "op_count": int(usual * now.uptime),
        "op_id": number,
        "op_name": name,
        "op_rate": rate,
        "out_avg": float(size_out),
        "out_rate": rate * size_out,
        "time_avg": time * (0.6 + now.activity),
        "time_max": time * 9,
        "time_min": time / 5,
    }


def _sum(entries: tuple[dict[str, object], ...]) -> dict[str, object]:
    def total(field: str) -> float:
        return sum(float(str(entry[field])) for entry in entries)

    rate = total("op_rate")
    weighted = sum(float(str(entry["op_rate"])) * float(str(entry["time_avg"])) for entry in entries)
    sums = {field: total(field) for field in ("in_rate", "out_rate")}
    return {**entries[0], **sums, "op_rate": rate, "op_count": int(total("op_count")), "time_avg": weighted / rate}
