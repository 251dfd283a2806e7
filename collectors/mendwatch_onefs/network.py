"""The network: interfaces, groupnets, subnets, pools with SmartConnect, rules, the DNS cache, access zones.

From network/* and zones. A node that is down is missing among the interfaces, and the answer says so; pools and subnets are
configuration, which every node knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import BadAnswer, Unsupported
from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.interfaces import RESOURCE as INTERFACES
from mendwatch_onefs.interfaces import interface_findings, spread_findings
from mendwatch_onefs.network_metrics import INTERFACE_SCHEMA, METRICS, POOL_SCHEMA, SCHEMAS, SUSPENDED_SCHEMA
from mendwatch_onefs.network_settings import (
    cache_findings,
    groupnet_findings,
    pool_findings,
    rule_findings,
    subnet_findings,
    zone_findings,
)
from mendwatch_onefs.series import all_found, samples
from mendwatch_onefs.session import OneFSSession

#: Lists: the lowest version that is documented with the fields, and the field that has the entries.
LISTS: Mapping[str, tuple[int, str]] = {
    INTERFACES: (16, "interfaces"),
    "network/groupnets": (10, "groupnets"),
    "network/subnets": (16, "subnets"),
    "network/pools": (16, "pools"),
    "network/rules": (3, "rules"),
    "zones": (3, "zones"),
}
DNS_CACHE = "network/dnscache"


class NetworkPage(msgspec.Struct):
    """One page of any of the lists; the one field that it has is the list."""

    interfaces: list[Any] | None = None
    groupnets: list[Any] | None = None
    subnets: list[Any] | None = None
    pools: list[Any] | None = None
    rules: list[Any] | None = None
    zones: list[Any] | None = None
    errors: Any = None
    resume: Any = None


class DnsCache(msgspec.Struct):
    """The answer of network/dnscache."""

    settings: Any = None


class Network(msgspec.Struct):
    """Everything that was read: each list in whole, without those that this release has not; `errors` are of the interfaces."""

    lists: dict[str, list[Any]]
    cache: Any = None
    errors: Any = None


class NetworkCollector:
    """Reads every list of the network, and the settings of the DNS cache."""

    spec = CollectorSpec(
        "network",
        interval=120.0,
        timeout=110.0,
        metrics=METRICS,
        schemas=SCHEMAS,
        budget=20_000,
        privileges=("ISI_PRIV_NETWORK", "ISI_PRIV_AUTH"),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch each once."""
        found = Network({})
        for resource in LISTS:
            await _read(session, resource, found)
        cache = await session.offered(3, DNS_CACHE, DnsCache)
        found.cache = cache.settings if cache else None
        if not found.lists and cache is None:
            raise Unsupported("this release has no network resources")
        return reading_of(found, now)


async def _read(session: OneFSSession, resource: str, found: Network) -> None:
    """Read one whole list into what was found; a release that lacks it leaves it out.

    Raises:
        BadAnswer: a page has no such list, which is not the same as an empty one.
    """
    version, name = LISTS[resource]
    entries: list[Any] = []
    try:
        async for page in session.pages(version, resource, NetworkPage, {}):
            part = getattr(page, name)
            if part is None:
                raise BadAnswer(f"GET {resource}: the answer has no {name}")
            entries += part
            found.errors = found.errors or page.errors
    except Unsupported:
        return
    found.lists[resource] = entries


def reading_of(found: Network, now: datetime) -> Reading:
    """Turn what was read into samples."""
    drift = Drift()
    lists = found.lists
    findings = (
        *interface_findings(lists.get(INTERFACES, []), drift),
        *spread_findings(lists.get(INTERFACES, [])),
        *groupnet_findings(lists.get("network/groupnets"), drift),
        *subnet_findings(lists.get("network/subnets"), drift),
        *pool_findings(lists.get("network/pools"), drift),
        *rule_findings(lists.get("network/rules")),
        *zone_findings(lists.get("zones"), drift),
        *cache_findings(found.cache, drift),
    )
    complete = _complete(found, drift) & all_found(SCHEMAS, findings)
    return Reading(samples(findings, now, "network", drift), complete=complete, drift=drift.counts)


def _complete(found: Network, drift: Drift) -> frozenset[str]:
    """Name the records of which all are here: nothing was odd, and for interfaces every node answered."""
    if drift.counts:
        return frozenset()
    names = {POOL_SCHEMA.name, SUSPENDED_SCHEMA.name} if "network/pools" in found.lists else set()
    return frozenset(names | ({INTERFACE_SCHEMA.name} if INTERFACES in found.lists and not found.errors else set()))
