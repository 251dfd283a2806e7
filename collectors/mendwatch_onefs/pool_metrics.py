"""What the storage_pools collector can give: the declarations of its metrics, and the records that rules are written against."""

from __future__ import annotations

from dataclasses import dataclass

from mendwatch.model.samples import MetricSpec, RecordSchema

#: OneFS' flags for what ails a pool.
FLAGS = ("underprovisioned", "missing_drives", "devices_down", "devices_smartfailed", "waiting_repair")

#: Sizes of a pool: the ending of the metric, what it is, and the field, whose gap takes the medium.
_SIZES = (
    ("size_bytes", "Bytes of all drives", "total_{}bytes"),
    ("usable_bytes", "Bytes of all drives without the reserve for hot spares", "usable_{}bytes"),
    ("used_bytes", "Bytes in use", "used_{}bytes"),
    ("free_bytes", "Bytes that are free", "free_{}bytes"),
    ("available_bytes", "Bytes that are free without the reserve for hot spares", "avail_{}bytes"),
)


@dataclass(frozen=True, slots=True)
class Usage:
    """The metrics of what is used of something; each size with the field that has it."""

    sizes: tuple[tuple[MetricSpec, str], ...]
    used_ratio: MetricSpec

    @property
    def metrics(self) -> tuple[MetricSpec, ...]:
        """Every metric."""
        return (*(spec for spec, _ in self.sizes), self.used_ratio)


@dataclass(frozen=True, slots=True)
class Kind:
    """The metrics of one kind of pool: on all its drives, by medium, and how it is."""

    usage: Usage
    by_medium: Usage
    spare: MetricSpec
    flag: MetricSpec
    healthy: MetricSpec

    @property
    def metrics(self) -> tuple[MetricSpec, ...]:
        """Every metric of the kind."""
        return (*self.usage.metrics, *self.by_medium.metrics, self.spare, self.flag, self.healthy)


def _spec(name: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(f"powerscale_{name}", f"{words} ({field}).", unit=unit, labels=labels)


def _kind(word: str, label: str) -> Kind:
    def spec(name: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
        return _spec(f"{word}_{name}", f"{words} of a {label}", f"storagepool/storagepools: {field}", unit, (label, *labels))

    def usage(prefix: str, words: str, medium: str, labels: tuple[str, ...] = ()) -> Usage:
        sizes = tuple(
            (spec(f"{prefix}{name}", f"{what}{words}", f"usage.{field.format(medium)}", "bytes", labels), field)
            for name, what, field in _SIZES
        )
        share = f"usage.pct_used{'_' if medium else ''}{medium.rstrip('_')}"
        return Usage(sizes, spec(f"{prefix}used_ratio", f"Share of the usable bytes in use{words}", share, "ratio", labels))

    return Kind(
        usage("", "", ""),
        usage("media_", " on one medium (hdd, ssd)", "*_", ("media",)),
        spare=spec("virtual_hot_spare_bytes", "Bytes reserved for hot spares", "usage.virtual_hot_spare_bytes", "bytes"),
        flag=spec("health_flag", "Whether OneFS says this of the health", "health_flags", labels=("flag",)),
        healthy=spec("healthy", "Whether OneFS says nothing bad of the health", "health_flags"),
    )


NODEPOOL = _kind("node_pool", "pool")
TIER = _kind("tier", "tier")

BALANCED = _spec(
    "node_pool_balanced",
    "Whether the usage of a node pool is balanced",
    "storagepool/storagepools: usage.balanced",
    labels=("pool",),
)
IN_TIER = _spec("node_pool_in_tier", "Always 1; the tier of a node pool", "storagepool/storagepools: tier", labels=("pool", "tier"))
PROTECTION = _spec(
    "node_pool_protection",
    "Always 1; the protection that a node pool asks for",
    "storagepool/storagepools: protection_policy",
    labels=("pool", "policy"),
)
NODEPOOLS = _spec("node_pools", "Node pools of the cluster", "storagepool/storagepools")
ALL = tuple(
    (
        _spec(
            f"node_pools_{name}",
            f"{words}, of all node pools together",
            f"storagepool/storagepools: usage.{field.format('')}",
            "bytes",
        ),
        field,
    )
    for name, words, field in _SIZES
)
DISK_POOLS = _spec("disk_pools_unhealthy", "Disk pools that are not well", "storagepool/status: unhealthy")
UNHEALTHY = _spec(
    "disk_pool_health_flag",
    "Always 1; what ails a disk pool that is not well",
    "storagepool/status: unhealthy.health_flags",
    labels=("pool", "flag"),
)
UNPROVISIONED_NODES = _spec("unprovisioned_nodes", "Nodes that belong to no pool", "storagepool/unprovisioned: lnns")
UNPROVISIONED_DRIVES = _spec("unprovisioned_drives", "Drives that belong to no pool", "storagepool/unprovisioned: drives")

METRICS = (
    *NODEPOOL.metrics,
    *TIER.metrics,
    BALANCED,
    IN_TIER,
    PROTECTION,
    NODEPOOLS,
    *(spec for spec, _ in ALL),
    DISK_POOLS,
    UNHEALTHY,
    UNPROVISIONED_NODES,
    UNPROVISIONED_DRIVES,
)


def _names(prefix: str, *specs: MetricSpec) -> dict[str, str]:
    return {spec.name.removeprefix(prefix): spec.name for spec in specs}


SCHEMAS = (
    RecordSchema(
        "storage_pool",
        ("pool",),
        _names("powerscale_node_pool_", *NODEPOOL.usage.metrics, NODEPOOL.spare, NODEPOOL.healthy, BALANCED),
        help="One node pool: how full it is and how it is.",
    ),
    RecordSchema(
        "storage_pool_media",
        ("pool", "media"),
        _names("powerscale_node_pool_media_", *NODEPOOL.by_medium.metrics),
        help="How full the hard disks or the flash of one node pool are.",
    ),
    RecordSchema(
        "storage_tier",
        ("tier",),
        _names("powerscale_tier_", *TIER.usage.metrics, TIER.healthy),
        help="One tier, which is made of node pools: how full it is and how it is.",
    ),
)
