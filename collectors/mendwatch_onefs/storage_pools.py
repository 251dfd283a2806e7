"""Storage pools: how full node pools and tiers are, what ails them, and what belongs to none. From storagepool/*.

A tier is made of node pools, so each has metrics of its own, and the cluster's total is of node pools only: nothing is counted
twice. Usage is decimal text. Version 16 of the list is the lowest that is documented with used and usable bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of, quantity
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import Object, at, objects
from mendwatch_onefs.pool_metrics import (
    ALL,
    BALANCED,
    DISK_POOLS,
    FLAGS,
    IN_TIER,
    METRICS,
    NODEPOOL,
    NODEPOOLS,
    PROTECTION,
    SCHEMAS,
    TIER,
    UNHEALTHY,
    UNPROVISIONED_DRIVES,
    UNPROVISIONED_NODES,
    Kind,
    Usage,
)
from mendwatch_onefs.ratios import percent
from mendwatch_onefs.series import Finding, all_found, samples
from mendwatch_onefs.session import OneFSSession

RESOURCE = "storagepool/storagepools"
STATUS = "storagepool/status"
UNPROVISIONED = "storagepool/unprovisioned"
_KINDS = {"nodepool": NODEPOOL, "tier": TIER}
#: Prefixes of the fields of one medium.
_MEDIA = {"hdd": "hdd_", "ssd": "ssd_"}


class Pools(msgspec.Struct):
    """The answer of storagepool/storagepools: node pools and tiers in one list."""

    storagepools: list[Any]


class Status(msgspec.Struct):
    """The answer of storagepool/status: the disk pools that are not well."""

    unhealthy: Any = None


class Unprovisioned(msgspec.Struct):
    """The answer of storagepool/unprovisioned: what belongs to no pool."""

    unprovisioned: Any = None


class StoragePoolsCollector:
    """Reads the pools, what is unhealthy in them, and what belongs to none."""

    spec = CollectorSpec(
        "storage_pools",
        interval=300.0,
        timeout=60.0,
        metrics=METRICS,
        schemas=SCHEMAS,
        privileges=("ISI_PRIV_SMARTPOOLS",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch the three resources once; a release that lacks one gives the others."""
        pools = await session.offered(16, RESOURCE, Pools)
        status = await session.offered(1, STATUS, Status)
        loose = await session.offered(1, UNPROVISIONED, Unprovisioned)
        if pools is None and status is None and loose is None:
            raise Unsupported("this release has no storagepool resource")
        return reading_of(pools, status, loose, now)


def reading_of(pools: Pools | None, status: Status | None, loose: Unprovisioned | None, now: datetime) -> Reading:
    """Turn the answers into samples; None stands for a resource that this release has not."""
    drift = Drift()
    found = [_kind(pool, drift) for pool in pools.storagepools] if pools else []
    known = [pair for pair in found if pair is not None]
    whole = bool(pools) and len(known) == len(found)
    findings = (*_pools(known, drift), *_total(known if whole else ()), *_others(status, loose, drift))
    complete = all_found(SCHEMAS, findings) if whole else frozenset[str]()
    return Reading(samples(findings, now, RESOURCE, drift), complete=complete, drift=drift.counts)


def _kind(pool: Any, drift: Drift) -> tuple[Kind, Object] | None:  # noqa: ANN401 - foreign data
    """Give a pool with what it is; None and drift where its name or its kind is unknown."""
    kind = _KINDS.get(drift.word(f"{RESOURCE}: type", at(pool, "type"), _KINDS) or "")
    if kind is None or not name_of(at(pool, "name")):
        drift.odd(f"{RESOURCE}: name, type")
        return None
    return kind, pool


def _pools(pools: Sequence[tuple[Kind, Object]], drift: Drift) -> Iterator[Finding]:
    for kind, pool in pools:
        labels, usage = (name_of(pool.get("name")) or "",), pool.get("usage")
        yield from _usage(kind.usage, labels, "", usage, drift)
        for medium, prefix in _MEDIA.items():
            total = quantity(at(usage, f"total_{prefix}bytes"))
            if total is None:
                yield kind.by_medium.used_ratio, (*labels, medium), None  # nobody knows whether the pool has it
            elif total:  # a medium that the pool has not is no medium with 0 bytes
                yield from _usage(kind.by_medium, (*labels, medium), prefix, usage, drift)
        yield from _health(kind, labels, pool, drift)
        yield from _words(kind, labels, pool)
        spare = drift.quantity(f"{RESOURCE}: usage.virtual_hot_spare_bytes", at(usage, "virtual_hot_spare_bytes"))
        yield kind.spare, labels, spare


def _words(kind: Kind, labels: tuple[str, ...], pool: Object) -> Iterator[Finding]:
    for spec, name in ((IN_TIER, "tier"), (PROTECTION, "protection_policy")):
        word = name_of(pool.get(name))
        if kind is NODEPOOL and word:
            yield spec, (*labels, word), 1.0


def _usage(found: Usage, labels: tuple[str, ...], prefix: str, usage: Any, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    for spec, field in found.sizes:
        name = field.format(prefix)
        yield spec, labels, drift.quantity(f"{RESOURCE}: usage.{name}", at(usage, name))
    share = f"pct_used_{prefix.rstrip('_')}" if prefix else "pct_used"
    yield found.used_ratio, labels, percent(f"{RESOURCE}: usage.{share}", at(usage, share), drift)


def _health(kind: Kind, labels: tuple[str, ...], pool: Object, drift: Drift) -> Iterator[Finding]:
    """Give each flag as 0 or 1. No list of flags says nothing; only an empty list says that all is well."""
    flags = pool.get("health_flags")
    if isinstance(flags, list):
        words = {drift.word(f"{RESOURCE}: health_flags", flag, FLAGS) for flag in flags}
        for word in (*FLAGS, *sorted(word for word in words if word and word not in FLAGS)):
            # A flag that cannot be read may be any of those that are not there.
            yield kind.flag, (*labels, word), 1.0 if word in words else None if None in words else 0.0
        yield kind.healthy, labels, float(not words)
    if kind is NODEPOOL:
        yield BALANCED, labels, drift.flag(f"{RESOURCE}: usage.balanced", at(pool, "usage", "balanced"))


def _total(pools: Sequence[tuple[Kind, Object]]) -> Iterator[Finding]:
    """Add up the node pools; a sum that lacks one of them would be wrong, so there is none then."""
    nodepools = [pool for kind, pool in pools if kind is NODEPOOL]
    names = {name_of(pool.get("name")) for pool in nodepools}
    if not nodepools or len(names) < len(nodepools):
        return
    yield NODEPOOLS, (), float(len(nodepools))
    for spec, field in ALL:
        name = field.format("")
        sizes = [quantity(at(pool, "usage", name)) for pool in nodepools]
        known = [size for size in sizes if size is not None]
        yield spec, (), sum(known) if len(known) == len(sizes) else None


def _others(status: Status | None, loose: Unprovisioned | None, drift: Drift) -> Iterator[Finding]:
    if status is not None and isinstance(status.unhealthy, list):
        yield DISK_POOLS, (), float(len(status.unhealthy))
        for pool in objects(status.unhealthy):
            yield from _ailments(pool, drift)
    for spec, name in ((UNPROVISIONED_NODES, "lnns"), (UNPROVISIONED_DRIVES, "drives")):
        entries = at(loose.unprovisioned, name) if loose else None
        yield spec, (), float(len(entries)) if isinstance(entries, list) else None


def _ailments(pool: Object, drift: Drift) -> Iterator[Finding]:
    name, flags = name_of(at(pool, "diskpool", "name")), pool.get("health_flags")
    for flag in flags if isinstance(flags, list) else ():
        word = drift.word(f"{STATUS}: unhealthy.health_flags", flag, FLAGS)
        if name and word:
            yield UNHEALTHY, (name, word), 1.0
