"""What people configured of the network, as findings: groupnets, subnets, pools, rules, zones, the DNS cache.

A list that this release has not is None and gives nothing; an empty one gives a count of 0.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any

from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import node_label
from mendwatch_onefs.nested import Object, at, objects
from mendwatch_onefs.network_metrics import (
    ALL_RULES,
    CACHE_ENTRIES,
    CACHE_TIMEOUT,
    DNS_CACHED,
    DNS_SERVERS,
    GROUPNETS,
    POOL_ADDRESSES,
    POOL_INFO,
    POOL_INTERFACES,
    POOLS,
    RULES,
    SERVICE_ADDRESSES,
    SUBNET_MTU,
    SUBNET_POOLS,
    SUBNETS,
    SUSPENDED,
    SUSPENDED_NODE,
    ZONE_INFO,
    ZONE_PROVIDERS,
    ZONES,
)
from mendwatch_onefs.series import Finding

Entries = Sequence[Any] | None


def groupnet_findings(groupnets: Entries, drift: Drift) -> Iterator[Finding]:
    """Give how many groupnets there are, and how each asks DNS."""
    yield GROUPNETS, (), _count(groupnets)
    for name, groupnet in _named(groupnets, "network/groupnets", drift):
        yield DNS_SERVERS, (name,), _count(groupnet.get("dns_servers"))
        yield DNS_CACHED, (name,), drift.flag("network/groupnets: dns_cache_enabled", groupnet.get("dns_cache_enabled"))


def subnet_findings(subnets: Entries, drift: Drift) -> Iterator[Finding]:
    """Give how many subnets there are, and what each has."""
    yield SUBNETS, (), _count(subnets)
    for name, subnet in _named(subnets, "network/subnets", drift):
        yield SUBNET_MTU, (name,), drift.quantity("network/subnets: mtu", subnet.get("mtu"))
        yield SUBNET_POOLS, (name,), _count(subnet.get("pools"))
        yield SERVICE_ADDRESSES, (name,), _addresses(subnet.get("sc_service_addrs"), "network/subnets: sc_service_addrs", drift)


def pool_findings(pools: Entries, drift: Drift) -> Iterator[Finding]:
    """Give how many network pools there are, what each has, and whom SmartConnect leaves out."""
    yield POOLS, (), _count(pools)
    for name, pool in _named(pools, "network/pools", drift):
        yield POOL_ADDRESSES, (name,), _addresses(pool.get("ranges"), "network/pools: ranges", drift)
        yield POOL_INTERFACES, (name,), _count(pool.get("ifaces"))
        yield RULES, (name,), _count(pool.get("rules"))
        yield POOL_INFO, (name, *_words(pool, "access_zone", "alloc_method", "sc_dns_zone", "rebalance_policy")), 1.0
        yield from _suspended(name, pool, drift)


def _suspended(name: str, pool: Object, drift: Drift) -> Iterator[Finding]:
    """Tell of each node of a pool whether SmartConnect leaves it out; where nobody knows all of those, of these alone."""
    nodes = pool.get("sc_suspended_nodes")
    if not isinstance(nodes, list):
        yield SUSPENDED_NODE, (name,), None  # nobody knows whether there is one
        return
    labels = [node_label(node) for node in nodes]
    if None in labels:
        drift.odd("network/pools: sc_suspended_nodes")
    else:
        yield SUSPENDED, (name,), float(len(set(labels)))
        yield from _used(name, pool, set(labels), drift)
    for label in filter(None, labels):
        yield SUSPENDED_NODE, (name, label), 1.0


def _used(name: str, pool: Object, left_out: set[str | None], drift: Drift) -> Iterator[Finding]:
    """Tell of the nodes that are in a pool and not left out."""
    found = [node_label(one.get("lnn")) for one in objects(pool.get("ifaces"))]
    if None in found or not isinstance(pool.get("ifaces"), list):
        drift.odd("network/pools: ifaces")
        yield SUSPENDED_NODE, (name,), None  # nobody knows whether there is one more
    yield from ((SUSPENDED_NODE, (name, str(label)), 0.0) for label in sorted(map(str, {*found} - {None, *left_out})))


def rule_findings(rules: Entries) -> Iterator[Finding]:
    """Give how many provisioning rules there are."""
    yield ALL_RULES, (), _count(rules)


def zone_findings(zones: Entries, drift: Drift) -> Iterator[Finding]:
    """Give how many access zones there are, and whom each asks who somebody is."""
    yield ZONES, (), _count(zones)
    for name, zone in _named(zones, "zones", drift):
        yield ZONE_PROVIDERS, (name,), _count(zone.get("auth_providers"))
        yield ZONE_INFO, (name, *_words(zone, "path", "groupnet")), 1.0


def cache_findings(settings: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    """Give the limits of the DNS cache; OneFS tells no statistics of it here."""
    for spec, name in ((CACHE_ENTRIES, "cache_entry_limit"), (CACHE_TIMEOUT, "dns_timeout")):
        yield spec, (), drift.quantity(f"network/dnscache: {name}", at(settings, name))


def _named(entries: Entries, resource: str, drift: Drift) -> Iterator[tuple[str, Object]]:
    """Give each entry with its id: its full name, which has those of its parents."""
    for entry in entries or ():
        name = name_of(at(entry, "id"))
        if name:
            yield name, entry
        else:
            drift.odd(f"{resource}: id")


def _words(entry: Object, *names: str) -> tuple[str, ...]:
    return tuple(name_of(entry.get(name)) or "" for name in names)


def _count(entries: Any) -> float | None:  # noqa: ANN401 - foreign data
    return float(len(entries)) if isinstance(entries, list) else None


def _addresses(ranges: Any, field: str, drift: Drift) -> float | None:  # noqa: ANN401 - foreign data
    """Count the addresses of ranges from low to high, both included; None where one range makes no sense."""
    if not isinstance(ranges, list):
        return None
    sizes = [_size(one) for one in objects(ranges)]
    known = [size for size in sizes if size is not None]
    if len(known) < len(ranges):
        drift.odd(field)
        return None
    return float(sum(known))


def _size(one: Object) -> int | None:
    try:
        low, high = (ipaddress.ip_address(name_of(one.get(name)) or "") for name in ("low", "high"))
    except ValueError:
        return None
    return int(high) - int(low) + 1 if low.version == high.version and int(low) <= int(high) else None
