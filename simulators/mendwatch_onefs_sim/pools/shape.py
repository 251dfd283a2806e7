"""Pools as storagepool/* shows them: sizes as decimal text, percentages with four digits."""

from __future__ import annotations

from collections.abc import Iterable

from mendwatch_onefs_sim.pools.storage import TIER, Pool, Usage

Json = dict[str, object]
#: Identifiers of tiers follow those of node pools.
_TIER_ID = 100


def usage_json(usage: Usage) -> Json:
    """Give what is used: in whole, on hard disks (which is all here) and on flash (of which there is none)."""
    usable = usage.total - usage.spare
    sizes = {"total": usage.total, "usable": usable, "used": usage.used, "free": usage.free, "avail": usage.available}
    share = f"{100 * usage.used / usable:.4f}"
    return {
        **{f"{name}_bytes": str(size) for name, size in sizes.items()},
        **{f"{name}_hdd_bytes": str(size) for name, size in sizes.items()},
        **{f"{name}_ssd_bytes": "0" for name in sizes},
        "balanced": True,
        "pct_used": share,
        "pct_used_hdd": share,
        "pct_used_ssd": "0.00000",
        "virtual_hot_spare_bytes": str(usage.spare),
    }


def nodepool_json(pool: Pool, usage: Usage, flags: list[str]) -> Json:
    """Give a node pool, with what every list of them has."""
    return {
        "can_disable_l3": False,
        "can_enable_l3": False,
        "health_flags": flags,
        "id": pool.id,
        "l3": False,
        "l3_status": "storage",
        "lnns": list(pool.lnns),
        "manual": False,
        "name": pool.name,
        "node_type_ids": [pool.id],
        "protection_policy": "+2d:1n",
        "sjm_enabled": False,
        "tier": TIER,
        "transfer_limit_state": "default",
        "usage": usage_json(usage),
    }


def tier_json(pools: Iterable[Pool], usages: dict[str, Usage]) -> Json:
    """Give the one tier, which all node pools belong to."""
    every = list(pools)
    total = Usage(sum(usages[pool.name].total for pool in every), sum(usages[pool.name].used for pool in every))
    return {
        "children": [pool.name for pool in every],
        "id": _TIER_ID,
        "lnns": sorted(lnn for pool in every for lnn in pool.lnns),
        "name": TIER,
        "node_type_ids": [pool.id for pool in every],
        "transfer_limit_state": "default",
        "usage": usage_json(total),
    }
