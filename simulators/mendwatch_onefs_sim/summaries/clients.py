"""Who does how much: the operations of a node, divided among the clients that it serves. Together they do all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mendwatch_onefs_sim.statistics.families.operations import (
    STATISTIC,
    Entry,
    guest_operations,
    summed,
    usual_operations,
)
from mendwatch_onefs_sim.statistics.moments import NodeMoment
from mendwatch_onefs_sim.summaries.rows import Row
from mendwatch_onefs_sim.summaries.state import Client, Regular, Summaries

#: What rows can be told apart by.
PARTS = ("node", "protocol", "class", "local_addr", "remote_addr")
_IDS = {"root": 0, "nobody": 65_534, "alice": 2001, "bob": 2002, "monitor": 2003, "batch": 2004}
#: A user whom nobody knows by name.
_STRANGER = 2999
_SAMPLE = 5

#: Operations, bytes in and bytes out, all per second.
Amounts = tuple[float, float, float]


def rows(state: Summaries, nodes: Iterable[NodeMoment]) -> list[Row]:
    """Give a row for each client and class of operations, at the node that serves it."""
    return [row for now in nodes for row in (*_regulars(state, now), *_guests(now))]


def _regulars(state: Summaries, now: NodeMoment) -> Iterator[Row]:
    known: dict[str, list[Entry]] = {}
    for client in state.regulars.get(now.node.lnn, ()):
        if client.protocol not in known:
            known[client.protocol] = _classes(now, client.protocol)
        for entry in known[client.protocol]:
            rate, taken, given = (client.share * entry[field] for field in ("op_rate", "in_rate", "out_rate"))
            yield _row(now, client, entry, (rate, taken, given))


def _classes(now: NodeMoment, protocol: str) -> list[Entry]:
    """Give the usual operations of a protocol, class by class."""
    groups: dict[object, list[Entry]] = {}
    for entry in usual_operations(now, STATISTIC.get(protocol, protocol)):
        groups.setdefault(entry["class_name"], []).append(entry)
    return [group[0] if len(group) == 1 else summed(group) for group in groups.values()]


def _guests(now: NodeMoment) -> Iterator[Row]:
    for guest in now.guests:
        for entry in usual_operations(now, STATISTIC.get(guest.protocol, guest.protocol)):
            amounts = guest_operations(now, guest, entry)
            if amounts[0]:
                yield _row(now, guest, entry, amounts)


def _row(now: NodeMoment, client: Regular | Client, entry: Entry, amounts: Amounts) -> Row:
    rate, taken, given = amounts
    address = f"10.10.0.{now.node.lnn}"
    return {
        "class": entry["class_name"],
        "in": taken,
        **_sizes("in", taken / rate if rate else 0.0),
        "local_addr": address,
        "local_name": address,
        "node": now.node.lnn,
        "num_operations": int(rate * _SAMPLE),
        "operation_rate": rate,
        "out": given,
        **_sizes("out", given / rate if rate else 0.0),
        "protocol": client.protocol,
        "remote_addr": client.address,
        "remote_name": client.address,
        "time_avg": entry["time_avg"],
        "time_max": entry["time_max"],
        "time_min": entry["time_min"],
        "user": {"id": f"UID:{_IDS.get(client.user, _STRANGER)}", "name": client.user, "type": "user"},
    }


def _sizes(name: str, average: float) -> Row:
    return {f"{name}_avg": average, f"{name}_max": average, f"{name}_min": average}
