"""Whom SmartConnect sends clients to: the nodes of each network pool that its DNS gives out, and those that it cannot.

From network/pools and the status of each. The configuration, which `network` reads, says who should serve; this says who does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import node_label
from mendwatch_onefs.giving import listed, needs_one
from mendwatch_onefs.nested import at, objects
from mendwatch_onefs.series import Finding, all_found, samples
from mendwatch_onefs.session import OneFSSession

POOLS, STATUS = "network/pools", "network/pools: status"
#: Most pools whose status is asked for, one request each.
MOST = 100
#: What makes a pool's path, and joined by dots its full name.
_PLACE = ("groupnet", "subnet", "name")
_IP_STATES = frozenset({"usable", "none_usable", "none_configured"})
_POOL = ("pool",)


def _spec(name: str, words: str, field: str, labels: tuple[str, ...] = _POOL) -> MetricSpec:
    return MetricSpec(f"powerscale_smartconnect_{name}", f"{words} ({STATUS}.{field}).", labels=labels)


NODES = _spec("nodes", "Nodes of a network pool", "total_configured_nodes")
RESOLVABLE = _spec("nodes_resolvable", "Nodes of a network pool that DNS gives to clients", "sc_dns_overview.resolvable")
ATTENTION = _spec("nodes_needing_attention", "Nodes of a network pool that DNS gives to nobody", "sc_dns_overview.needs_attention")
NODE_RESOLVABLE = _spec(
    "node_resolvable",
    "Whether DNS gives a node to clients; only of nodes that need attention",
    "nodes.sc_dns_resolvable",
    (*_POOL, "node"),
)
NODE_STATE = _spec(
    "node_ip_state", "Always 1; how the addresses of a node are that needs attention", "nodes.ip_status", (*_POOL, "node", "state")
)
TRUNCATED = MetricSpec(
    "powerscale_smartconnect_pools_truncated", f"Whether there are more network pools than are asked for their status ({POOLS})."
)
_OF_POOL = (NODES, RESOLVABLE, ATTENTION)
SCHEMA = RecordSchema(
    "smartconnect_pool",
    _POOL,
    {spec.name.removeprefix("powerscale_smartconnect_"): spec.name for spec in _OF_POOL},
    help="One network pool by its full name (groupnet.subnet.pool), as SmartConnect serves it.",
)


class PoolPage(msgspec.Struct):
    """One page of the list of pools."""

    pools: list[Any]
    resume: Any = None


class PoolStatus(msgspec.Struct):
    """The answer about one pool; its nodes are those that need attention."""

    status: Any = None


class SmartConnectCollector:
    """Reads the list of pools, and the status of each."""

    spec = CollectorSpec(
        "smartconnect",
        interval=120.0,
        timeout=110.0,
        metrics=(*_OF_POOL, NODE_RESOLVABLE, NODE_STATE, TRUNCATED),
        schemas=(SCHEMA,),
        privileges=("ISI_PRIV_NETWORK",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Ask for the pools, and then for each.

        Raises:
            TargetError: of the type that says when to try again.
        """
        drift = Drift()
        pools = await listed(session, 16, POOLS, PoolPage, lambda page: page.pools, {})
        needs_one("SmartConnect", pools)
        places = places_of(pools or [], drift)
        found: dict[str, Any] = {}
        for name, path in list(places.items())[:MOST]:
            answer = await session.offered(15, path, PoolStatus)
            if answer is not None:
                found[name] = answer.status
        if places:
            needs_one("SmartConnect", found or None)
        return reading_of(found, len(places), now, drift)


def places_of(pools: list[Any], drift: Drift) -> Mapping[str, str]:
    """Give where the status of each pool is, by the pool's full name."""
    found: dict[str, str] = {}
    for pool in pools:
        words = [name_of(at(pool, part)) for part in _PLACE]
        if any(word is None or "/" in word for word in words):
            drift.odd(f"{POOLS}: groupnet, subnet, name")
            continue
        groupnet, subnet, name = (str(word) for word in words)
        found[f"{groupnet}.{subnet}.{name}"] = f"network/groupnets/{groupnet}/subnets/{subnet}/pools/{name}/status"
    return found


def reading_of(found: Mapping[str, Any], pools: int, now: datetime, drift: Drift) -> Reading:
    """Turn the status of each pool into samples; `pools` is how many there are."""
    findings = [finding for name, status in found.items() for finding in _of_pool(name, status, drift)]
    given = samples([*findings, (TRUNCATED, (), float(pools > MOST))], now, STATUS, drift)
    whole = len(found) == pools and not drift.counts
    return Reading(given, complete=all_found((SCHEMA,), findings) if whole else frozenset(), drift=drift.counts)


def _of_pool(pool: str, status: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    for spec, *path in (
        (NODES, "total_configured_nodes"),
        (RESOLVABLE, "sc_dns_overview", "resolvable"),
        (ATTENTION, "sc_dns_overview", "needs_attention"),
    ):
        yield spec, (pool,), drift.whole(f"{STATUS}.{path[-1]}", at(status, *path))
    for node in objects(at(status, "nodes")):
        label = node_label(node.get("lnn"))
        if label is None:
            drift.odd(f"{STATUS}.nodes.lnn")
            continue
        yield NODE_RESOLVABLE, (pool, label), drift.flag(f"{STATUS}.nodes.sc_dns_resolvable", node.get("sc_dns_resolvable"))
        state = drift.word(f"{STATUS}.nodes.ip_status", node.get("ip_status"), _IP_STATES)
        if state:
            yield NODE_STATE, (pool, label, state.replace(" ", "_")), 1.0
