"""The operations of the file protocols on each node, as pure functions of time; rates are per second, times microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.summaries.state import Summaries
from mendwatch_onefs_sim.waves import wave

#: Per protocol and operation: class, usual rate on a node, usual microseconds, bytes in, bytes out.
_OPERATIONS: Mapping[str, Mapping[str, tuple[str, float, float, int, int]]] = MappingProxyType(
    {
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
            "change_notify": ("file_state", 4.0, 31_000_000.0, 100, 120),
        },
        "s3": {"GetObject": ("read", 12.0, 9_000.0, 600, 4_194_304), "PutObject": ("write", 3.0, 22_000.0, 4_194_304, 300)},
    }
)
#: What rows can be told apart by.
PARTS = ("node", "protocol", "class", "operation")


def rows(state: Summaries, nodes: Iterable[Node], now: float) -> list[dict[str, Any]]:
    """Give a row for each operation of each protocol on each node."""
    return [
        _row(state, node, protocol, operation, now)
        for node in nodes
        for protocol, operations in _OPERATIONS.items()
        for operation in operations
    ]


def _row(state: Summaries, node: Node, protocol: str, operation: str, now: float) -> dict[str, Any]:
    group, usual, time, size_in, size_out = _OPERATIONS[protocol][operation]
    rate = state.paces.get(protocol, 1.0) * wave(state.seed, f"summary.{protocol}.{operation}.{node.lnn}", usual).at(now)
    taken = time * state.slowness.get(protocol, 1.0)
    return {
        **_spread("in", float(size_in)),
        **_spread("out", float(size_out)),
        **_spread("time", taken),
        "class": group,
        "in": rate * size_in,
        "node": node.lnn,
        "operation": operation,
        "operation_count": int(rate * 5),
        "operation_rate": rate,
        "out": rate * size_out,
        "protocol": protocol,
    }


def _spread(name: str, average: float) -> dict[str, float]:
    return {
        f"{name}_avg": average,
        f"{name}_max": average * 9,
        f"{name}_min": average / 5,
        f"{name}_standard_dev": average / 2,
    }


def totalled(rows: Iterable[Mapping[str, Any]], parts: Sequence[str], every: Sequence[str]) -> list[dict[str, Any]]:
    """Add up the rows that share `parts`; averages are weighted by the rate, and the other parts of `every` are gone."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[part] for part in parts), []).append(row)
    return [_total(group, [part for part in every if part not in parts]) for group in groups.values()]


def _total(group: Sequence[Mapping[str, Any]], gone: Sequence[str]) -> dict[str, Any]:
    rate = sum(row["operation_rate"] for row in group)
    sums = {name: sum(row[name] for row in group) for name in ("in", "out", "operation_rate")}
    averages = {
        name: sum(row[name] * row["operation_rate"] for row in group) / rate if rate else 0.0
        for name in group[0]
        if name.endswith("_avg")
    }
    hidden: dict[str, Any] = {name: None if name == "node" else "" for name in gone}
    return {**group[0], **sums, **averages, **hidden}
