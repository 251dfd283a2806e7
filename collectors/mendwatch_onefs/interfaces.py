"""Network interfaces as findings: status, speed, what they serve. From network/interfaces, which asks every node.

An interface that no pool uses and no cable reaches is as it should be, so `pools` stands beside `up` for rules to tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import node_label
from mendwatch_onefs.nested import Object, at, objects
from mendwatch_onefs.network_metrics import ADDRESSES, FEWEST_ADDRESSES, MOST_ADDRESSES, MTU, OWNED, SPEED, STATE, UP
from mendwatch_onefs.series import Finding

RESOURCE = "network/interfaces"
#: OneFS' words for an interface, and whether it carries packets with it.
_UP = {"up": True, "active": True, "no_carrier": False, "inactive": False, "disabled": False}
_UNKNOWN = {"unknown", "inconsistent"}
#: Types of owners that are pools, even if the answer does not name them.
_POOL_OWNERS = frozenset({"static", "dynamic", "externally_managed"})
#: Types of owners that are none.
_OTHER_OWNERS = ("smartconnect_service", "ipv6_link_local", "internal")
#: What makes the full name of a pool.
_PLACE = ("groupnet", "subnet", "pool")
#: The speed is in megabits; this is bytes of one.
_MEGABIT = 1_000_000 / 8


def interface_findings(interfaces: Sequence[Any], drift: Drift) -> Iterator[Finding]:
    """Give what each interface says; one without a node or a name is drift."""
    for interface in interfaces:
        labels = _labels(interface)
        if labels is None:
            drift.odd(f"{RESOURCE}: lnn, name")
        else:
            yield from _of_interface(labels, interface, drift)


def _labels(interface: Any) -> tuple[str, str] | None:  # noqa: ANN401 - foreign data
    node, name = node_label(at(interface, "lnn")), name_of(at(interface, "name"))
    return (node, name) if node and name else None


def _of_interface(labels: tuple[str, str], interface: Object, drift: Drift) -> Iterator[Finding]:
    status = drift.word(f"{RESOURCE}: status", interface.get("status"), {*_UP, *_UNKNOWN})
    if status:
        yield STATE, (*labels, status.replace(" ", "_")), 1.0
        yield UP, labels, _UP.get(status)
    speed = drift.quantity(f"{RESOURCE}: speed", interface.get("speed"))
    yield SPEED, labels, speed * _MEGABIT if speed else None
    yield MTU, labels, drift.quantity(f"{RESOURCE}: mtu", interface.get("mtu"))
    addresses, owners = interface.get("ip_addrs"), interface.get("owners")
    yield ADDRESSES, labels, float(len(addresses)) if isinstance(addresses, list) else None
    yield OWNED, labels, _pools(owners) if isinstance(owners, list) else None


def spread_findings(interfaces: Sequence[Any]) -> Iterator[Finding]:
    """Give the most and the fewest addresses that a node of each pool has; nothing at all where one interface is odd."""
    for pool, nodes in (_by_pool(interfaces) or {}).items():
        counts = [float(len(addresses)) for addresses in nodes.values()]
        yield MOST_ADDRESSES, (pool,), max(counts)
        yield FEWEST_ADDRESSES, (pool,), min(counts)


def _by_pool(interfaces: Sequence[Any]) -> dict[str, dict[str, set[str]]] | None:
    """Give the addresses of each node by pool; None where one interface does not tell everything."""
    found: dict[str, dict[str, set[str]]] = {}
    for interface in interfaces:
        labels, owners = _labels(interface), at(interface, "owners")
        if labels is None or not isinstance(owners, list):
            return None
        for owner in owners:
            if at(owner, "type") in _OTHER_OWNERS:
                continue
            place, addresses = [name_of(at(owner, name)) for name in _PLACE], _texts(at(owner, "ip_addrs"))
            if None in place or addresses is None:
                return None
            found.setdefault(".".join(map(str, place)), {}).setdefault(labels[0], set()).update(addresses)
    return found


def _texts(values: Any) -> list[str] | None:  # noqa: ANN401 - foreign data
    return values if isinstance(values, list) and all(isinstance(value, str) and value for value in values) else None


def _pools(owners: list[Any]) -> float | None:
    """Count the pools among the owners; the internal network and SmartConnect's own addresses are none."""
    named = {tuple(name_of(owner.get(name)) or "" for name in _PLACE) for owner in objects(owners)}
    lost = any(not name_of(owner.get("pool")) and owner.get("type") in {*_POOL_OWNERS, None} for owner in objects(owners))
    return None if lost or not all(isinstance(owner, dict) for owner in owners) else float(sum(bool(pool) for _, _, pool in named))
