"""Operations of the protocols: the structured values of the protostats keys.

A cluster's entry adds up those of its nodes; an average is weighted by the operations behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.summaries.state import SHARES, Client

Entry = dict[str, Any]
#: Class, usual operations per second on a node, usual microseconds, bytes in, bytes out.
Operation = tuple[str, float, float, int, int]

_NFS: Mapping[str, Operation] = {
    "read": ("read", 900.0, 850.0, 120, 32_768),
    "write": ("write", 420.0, 1900.0, 32_768, 140),
    "getattr": ("namespace_read", 2400.0, 90.0, 110, 112),
    "lookup": ("namespace_read", 760.0, 160.0, 130, 240),
}
_SMB: Mapping[str, Operation] = {
    "read": ("read", 640.0, 980.0, 120, 32_768),
    "write": ("write", 210.0, 2200.0, 32_768, 90),
    "create": ("create", 130.0, 1400.0, 380, 150),
    "change_notify": ("namespace_read", 4.0, 31_000_000.0, 100, 120),
}

#: By protocol and operation. A protocol that nobody uses has its operations too, at 0 per second.
PROTOCOLS: Mapping[str, Mapping[str, Operation]] = MappingProxyType(
    {
        "cifs": {name: (group, 0.0, time, sent, received) for name, (group, _, time, sent, received) in _SMB.items()},
        "ftp": {"read": ("read", 0.0, 900.0, 100, 65_536)},
        "hdfs": {"read": ("read", 0.0, 1200.0, 100, 65_536)},
        "http": {"GET": ("read", 3.0, 4000.0, 800, 9_000)},
        "irp": {"read": ("read", 40.0, 300.0, 100, 32_768), "write": ("write", 20.0, 500.0, 32_768, 100)},
        "jobd": {"lock": ("file_state", 5.0, 200.0, 0, 0)},
        "lsass_in": {"auth": ("session_state", 6.0, 3_000.0, 500, 600)},
        "lsass_out": {"ldap_search": ("other", 2.0, 12_000.0, 400, 2_000)},
        "nfs": _NFS,
        "nfs4": {**_NFS, "open": ("file_state", 180.0, 700.0, 300, 320)},
        "nlm": {"lock": ("file_state", 0.5, 400.0, 200, 60)},
        "papi": {"GET": ("other", 2.0, 42_000.0, 900, 14_000), "PUT": ("other", 0.1, 60_000.0, 1_200, 200)},
        "s3": {"GetObject": ("read", 12.0, 9_000.0, 600, 1_048_576), "PutObject": ("write", 3.0, 22_000.0, 1_048_576, 300)},
        "siq": {"write": ("write", 12.0, 3_000.0, 131_072, 90)},
        "smb2": _SMB,
    }
)

#: The names that statistics have for protocols which summaries call otherwise.
STATISTIC: Mapping[str, str] = MappingProxyType({"nfs3": "nfs", "smb1": "cifs"})
#: What summaries tell and no key of the statistics does.
UNKEYED = frozenset({"s3"})

_TOTAL: Entry = {"class_name": "", "op_id": 0, "op_name": "total"}


def node_operations(now: NodeMoment, protocol: str) -> list[Entry]:
    """Give one node's operations of one protocol; times are microseconds, in and out bytes."""
    usual = usual_operations(now, protocol)
    guests = [guest for guest in now.guests if STATISTIC.get(guest.protocol, guest.protocol) == protocol]
    return [_visited(now, entry, guests) for entry in usual] if guests else usual


def usual_operations(now: NodeMoment, protocol: str) -> list[Entry]:
    """Give one node's operations of one protocol without those of guests."""
    return [_entry(now, name, number, protocol) for number, name in enumerate(PROTOCOLS[protocol], start=1)]


def guest_operations(now: NodeMoment, guest: Client, entry: Entry) -> tuple[float, float, float]:
    """Give what a guest adds to an operation: operations, bytes in and bytes out, all per second."""
    rate = now.visits(guest) * SHARES.get(str(entry["op_name"]), 0.0)
    sent = entry["op_name"] == "write"
    return rate, rate * (guest.size if sent else guest.request), rate * (guest.request if sent else guest.size)


def _visited(now: NodeMoment, entry: Entry, guests: Sequence[Client]) -> Entry:
    added = [guest_operations(now, guest, entry) for guest in guests]
    usual = (entry["op_rate"], entry["in_rate"], entry["out_rate"])
    rate, taken, given = (sum(parts) for parts in zip(usual, *added, strict=True))
    averages = {"in_avg": taken / rate, "out_avg": given / rate} if rate else {}
    return {**entry, **averages, "op_rate": rate, "in_rate": taken, "out_rate": given}


def node_total(now: NodeMoment, protocol: str) -> list[Entry]:
    """Give one node's operations of one protocol as one entry, as the `.total` keys do."""
    return [{**summed(node_operations(now, protocol)), **_TOTAL}]


def cluster_operations(now: ClusterMoment, protocol: str) -> list[Entry]:
    """Give the cluster's operations of one protocol."""
    nodes = [node_operations(node, protocol) for node in now.nodes]
    return [summed(entries) for entries in zip(*nodes, strict=True)]


def cluster_total(now: ClusterMoment, protocol: str) -> list[Entry]:
    """Give the cluster's operations of one protocol as one entry."""
    return [{**summed(cluster_operations(now, protocol)), **_TOTAL}]


def _entry(now: NodeMoment, name: str, number: int, protocol: str) -> Entry:
    group, usual, time, size_in, size_out = PROTOCOLS[protocol][name]
    rate = usual * 2 * now.demand * now.pace(protocol)
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
        "time_avg": time * (0.6 + now.demand) * now.slowness.get(protocol, 1.0),
        "time_max": time * 9,
        "time_min": time / 5,
    }


def summed(entries: Sequence[Entry]) -> Entry:
    """Add entries up: rates and counts are summed, averages weighted by the operations behind them."""
    rates = [entry["op_rate"] for entry in entries]
    rate = sum(rates)
    weights = [one / rate for one in rates] if rate else [1 / len(entries)] * len(entries)
    averages = {
        field: sum(weight * entry[field] for weight, entry in zip(weights, entries, strict=True))
        for field in ("time_avg", "in_avg", "out_avg")
    }
    return {
        **entries[0],
        **averages,
        "in_rate": sum(entry["in_rate"] for entry in entries),
        "op_count": sum(entry["op_count"] for entry in entries),
        "op_rate": rate,
        "out_rate": sum(entry["out_rate"] for entry in entries),
        "time_max": max(entry["time_max"] for entry in entries),
        "time_min": min(entry["time_min"] for entry in entries),
    }
