"""What the state of the cluster does to its figures, so that statistics never contradict what the other resources say.

A pure function of the state: an incident, a remediation and a test change the state alone, and the figures follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.network.fabric import UP
from mendwatch_onefs_sim.pools.storage import absent
from mendwatch_onefs_sim.statistics.keys import Value
from mendwatch_onefs_sim.statistics.steering import CLUSTER, Circumstances
from mendwatch_onefs_sim.summaries.state import Client
from mendwatch_onefs_sim.waves import fraction

if TYPE_CHECKING:
    from mendwatch_onefs_sim.cluster import Cluster

_HEALTHY, _ATTENTION, _DOWN = 0, 1, 2
_BAD = ("critical", "emergency")

#: The protocols that a service speaks, by the names that statistics and summaries have for them.
SPOKEN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "smb": frozenset({"smb1", "smb2", "cifs", "smb"}),
        "nfs": frozenset({"nfs", "nfs3", "nfs4", "nlm"}),
        "s3": frozenset({"s3"}),
    }
)
#: The share of a usual load that the clients of a service make.
_LOADS: Mapping[str, float] = MappingProxyType({"smb": 0.35, "nfs": 0.5, "s3": 0.05})
#: Names of one protocol: the summaries' first, then those that statistics have for it besides.
_ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType({"nfs3": ("nfs",), "smb1": ("cifs",)})


def circumstances(cluster: Cluster) -> Circumstances:
    """Give what the figures follow just now."""
    services = cluster.operations.services
    off = [name for name in SPOKEN if not services.on(name)]
    return Circumstances(
        paces={spoken: 0.0 for name in off for spoken in SPOKEN[name]},
        slowness=_by_alias(cluster.summaries.slowness),
        load=(1.0 - sum(_LOADS[name] for name in off)) * cluster.summaries.crowd,
        dark=_dark(cluster),
        slow_drives=_slow_drives(cluster),
        idle_drives=_idle_drives(cluster),
        guests=_guests(cluster),
        values=dict(_values(cluster)),
    )


def _by_alias(factors: Mapping[str, float]) -> dict[str, float]:
    return {alias: factor for name, factor in factors.items() for alias in (name, *_ALIASES.get(name, ()))}


def _dark(cluster: Cluster) -> dict[int, frozenset[str]]:
    """Give the interfaces that serve clients and have no link, by device id."""
    found: dict[int, set[str]] = {}
    for one in cluster.fabric.interfaces.values():
        if one.pool is not None and one.status != UP:
            found.setdefault(cluster.hardware.node(one.lnn).devid, set()).add(one.name)
    return {devid: frozenset(names) for devid, names in found.items()}


def _slow_drives(cluster: Cluster) -> dict[int, dict[int, float]]:
    found: dict[int, dict[int, float]] = {}
    for (lnn, bay), factor in cluster.summaries.slow_drives.items():
        found.setdefault(cluster.hardware.node(lnn).devid, {})[bay] = factor
    return found


def _idle_drives(cluster: Cluster) -> dict[int, frozenset[int]]:
    """Give the drives that do nothing, by their numbers from 0, of the nodes that have any."""
    gone = {lnn: absent(cluster.machines.of(lnn)) for lnn in cluster.machines.unwell}
    return {cluster.hardware.node(lnn).devid: frozenset(bay - 1 for bay in bays) for lnn, bays in gone.items() if bays}


def _guests(cluster: Cluster) -> dict[int, tuple[Client, ...]]:
    """Give each client that came besides the usual ones to a node that is up, with no more operations than it may do."""
    up, found = cluster.hardware.up, dict[int, tuple[Client, ...]]()
    for guest in cluster.summaries.guests if up else ():
        devid = up[int(fraction(cluster.hardware.seed, "guest", guest.address) * len(up))].devid
        held = replace(guest, rate=min(guest.rate, cluster.datasets.allowed(guest)))
        found[devid] = (*found.get(devid, ()), held)
    return found


def _values(cluster: Cluster) -> Iterator[tuple[tuple[str, int], Value]]:
    bad = [group for group in cluster.events.open_groups() if group.severity in _BAD]
    ailing = cluster.machines.unwell | {group.lnn for group in bad if group.about_node}
    for lnn in sorted(ailing):
        yield ("node.health", cluster.hardware.node(lnn).devid), _ATTENTION
    hung = any(cluster.conditions.of(node.lnn).hung for node in cluster.hardware.nodes)
    yield ("cluster.health", CLUSTER), _health(cluster.hardware.nodes, ailing=bool(ailing or bad or hung))
    if bad:
        yield ("cluster.alert.info", CLUSTER), _alerts(bad)


def _health(nodes: tuple[Node, ...], *, ailing: bool) -> int:
    up = sum(node.is_up for node in nodes)
    if up * 2 <= len(nodes):
        return _DOWN
    return _ATTENTION if ailing or up < len(nodes) else _HEALTHY


def _alerts(bad: list[EventGroup]) -> dict[str, object]:
    return {severity: sum(group.severity == severity for group in bad) for severity in _BAD}
