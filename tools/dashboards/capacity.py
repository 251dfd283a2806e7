"""Capacity and quotas: how full, how fast it fills, when it is full, and what could be given back."""

from __future__ import annotations

import looks
from boards import CLUSTER, Board, Row, Window
from panels import Column, Look, Panel, Place, areas, bars, chart, number, table, timeline

_LEFT = Look("s", looks.LEFT, low=None)
_SHARE = Look("percentunit", looks.FULL, high=1)
_QUOTA = Look("percentunit", looks.QUOTA)
_GROWS = "does not grow"


def _full_in(available: str, used: str) -> str:
    """Give how long what is left lasts at the growth of the chosen window; nothing where it does not grow."""
    return f"{available} / (deriv({used}[$window]) > 0)"


_RATIO = "powerscale_quota_usage_bytes / powerscale_quota_hard_limit_bytes"
_FULLEST = f"topk(25, {_RATIO})"
_KEYS = "and on (cluster, path, type)"
_ROOM = "clamp_min(powerscale_quota_hard_limit_bytes - powerscale_quota_usage_bytes, 0)"


def _of_fullest(name: str, expr: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, path, type) (({expr}) {_KEYS} {_FULLEST})", look)


_QUOTAS = (
    Column("Used", f"max by (cluster, path, type) ({_FULLEST})", _QUOTA, chart=True),
    _of_fullest("Usage", "powerscale_quota_usage_bytes", Look("bytes")),
    _of_fullest("Hard limit", "powerscale_quota_hard_limit_bytes", Look("bytes")),
    _of_fullest("Growth per second", "deriv(powerscale_quota_usage_bytes[$window])", Look("Bps", low=None)),
    _of_fullest("Full in", _full_in(_ROOM, "powerscale_quota_usage_bytes"), _LEFT),
    _of_fullest("Soft limit was hit", "powerscale_quota_soft_exceeded", Look("none", words=looks.ODD)),
    _of_fullest("Enforced", "powerscale_quota_enforced", Look("none", words=looks.CHOSEN)),
)


def _pool(name: str, expr: str, look: Look, *, chart: bool = False) -> Column:
    return Column(name, f"max by (cluster, pool) ({expr})", look, chart=chart)


_POOLS = (
    _pool("Used", "powerscale_node_pool_used_ratio", _SHARE, chart=True),
    _pool("Usable", "powerscale_node_pool_usable_bytes", Look("bytes")),
    _pool("Available", "powerscale_node_pool_available_bytes", Look("bytes")),
    _pool("Full in", _full_in("powerscale_node_pool_available_bytes", "powerscale_node_pool_used_bytes"), _LEFT),
    _pool("Hot spares", "powerscale_node_pool_virtual_hot_spare_bytes", Look("bytes")),
    _pool("Well", "powerscale_node_pool_healthy", Look("none", words=looks.GOOD)),
    _pool("Balanced", "powerscale_node_pool_balanced", Look("none", words=looks.GOOD)),
    Column("Protection", "max by (cluster, pool, policy) (powerscale_node_pool_protection)", labels=(("policy", "Protection"),)),
)


def _number(title: str, description: str, look: Look, query: str) -> Panel:
    return number(title, description, look, query, size=(4, 4))


_NOW = (
    _number("Used", "Used share of /ifs, of the fullest cluster.", _SHARE, "max(powerscale_filesystem_used_ratio)"),
    _number(
        "Available",
        "Bytes of /ifs that may still be written, all clusters.",
        Look("bytes"),
        "sum(powerscale_filesystem_available_bytes)",
    ),
    _number(
        "Full in",
        "How long the space of the first cluster to fill lasts, at the growth of the chosen window.",
        Look("s", looks.LEFT, empty=_GROWS),
        f"min({_full_in('powerscale_filesystem_available_bytes', 'powerscale_filesystem_used_bytes')})",
    ),
    _number(
        "Inodes used",
        "Used share of the inodes of /ifs, of the cluster with the fewest left.",
        _SHARE,
        "max(1 - powerscale_filesystem_inodes_free / powerscale_filesystem_inodes)",
    ),
    _number(
        "Quotas above 95 %",
        "Quotas that have used more than 95 % of their hard limit.",
        Look("short", looks.ANY_IS_BAD),
        f"sum({_RATIO} > bool 0.95)",
    ),
    _number(
        "Quotas not ready",
        "Quotas whose accounting is not accurate: a QuotaScan job is awaited.",
        Look("short", looks.ANY_IS_ODD),
        "sum(powerscale_quota_ready == bool 0)",
    ),
)
_GROWTH = (
    chart(
        "Capacity",
        "Size of /ifs, bytes in use, and bytes that may still be written.",
        Look("bytes"),
        ("powerscale_filesystem_used_bytes", "{{cluster}} used"),
        ("powerscale_filesystem_available_bytes", "{{cluster}} available"),
        ("powerscale_filesystem_size_bytes", "{{cluster}} size"),
    ),
    chart(
        "Used share, now and in 7 and 30 days",
        "Used share of /ifs, and what it will be if it grows as in the chosen window.",
        Look("percentunit", looks.FULL),
        ("powerscale_filesystem_used_ratio", "{{cluster}} now"),
        ("clamp_min(predict_linear(powerscale_filesystem_used_ratio[$window], 604800), 0)", "{{cluster}} in 7 days"),
        ("clamp_min(predict_linear(powerscale_filesystem_used_ratio[$window], 2592000), 0)", "{{cluster}} in 30 days"),
    ),
    chart(
        "Growth",
        "Bytes per second by which /ifs grows, over the chosen window; below 0 it shrinks.",
        Look("Bps", low=None),
        ("deriv(powerscale_filesystem_used_bytes[$window])", "{{cluster}}"),
    ),
    table(
        "Node pools",
        "One row per node pool: a full pool spills into another one, or stops writes.",
        {"cluster": "Cluster", "pool": "Node pool"},
        _POOLS,
        ("Used", True),
        Place(size=(16, 8)),
    ),
    chart(
        "Tiers",
        "Used share of each tier.",
        _SHARE,
        ("powerscale_tier_used_ratio", "{{cluster}} {{tier}}"),
    ),
    bars(
        "Media",
        "Used share of the hard disks and of the flash of each node pool.",
        _SHARE,
        ("powerscale_node_pool_media_used_ratio", "{{cluster}} {{pool}} {{media}}"),
    ),
    timeline(
        "Where data goes",
        "Whether FilePool policies, CloudPools pools and cloud accounts are in a good state.",
        Look("none", words=looks.GOOD),
        ("powerscale_file_pool_policy_ok", "{{cluster}} policy {{policy}}"),
        ("powerscale_cloud_pool_ok", "{{cluster}} cloud pool {{pool}}"),
        ("powerscale_cloud_account_ok", "{{cluster}} cloud account {{account}}"),
        size=(16, 8),
    ),
)
_LIMITS = (
    table(
        "Quotas nearest their hard limits",
        "The 25 fullest quotas that have a hard limit. Full in: at the growth of the chosen window, if any.",
        {"cluster": "Cluster", "path": "Path", "type": "Type"},
        _QUOTAS,
        ("Used", True),
        Place(size=(24, 10)),
    ),
    chart(
        "Fullest quotas",
        "Used share of the hard limit, of the ten fullest quotas.",
        _QUOTA,
        (f"topk(10, {_RATIO})", "{{cluster}} {{path}}"),
        size=(8, 8),
    ),
    chart(
        "Quotas that grow fastest",
        "The ten quotas whose usage grows fastest, over the chosen window.",
        Look("Bps"),
        ("topk(10, deriv(powerscale_quota_usage_bytes[$window]))", "{{cluster}} {{path}}"),
        size=(8, 8),
    ),
    chart(
        "Quotas by type",
        "How many quotas there are, read or not: which types are read is the option quota_types.",
        Look("short"),
        ("powerscale_quotas", "{{cluster}} {{type}}"),
        size=(8, 8),
    ),
)
_SAVED = (
    areas(
        "Snapshots",
        "Bytes that snapshots hold: those that are kept, and those that wait for the SnapshotDelete job.",
        Look("bytes"),
        ("powerscale_snapshots_active_bytes", "{{cluster}} kept"),
        ("powerscale_snapshots_deleting_bytes", "{{cluster}} being deleted"),
    ),
    chart(
        "Share of snapshots",
        "Share of the bytes in use that snapshots hold.",
        Look("percentunit", ((None, "green"), (0.2, "orange"), (0.4, "red")), high=1),
        ("powerscale_snapshots_bytes / powerscale_filesystem_used_bytes", "{{cluster}}"),
    ),
    chart(
        "Saved by deduplication",
        "Physical bytes that deduplication saved, as the cluster estimates, and what it was applied to.",
        Look("bytes"),
        ("powerscale_dedupe_estimated_saved_bytes", "{{cluster}} saved"),
        ("powerscale_dedupe_estimated_physical_bytes", "{{cluster}} deduplicated"),
    ),
)

BOARD = Board(
    "powerscale-capacity",
    "PowerScale: capacity and quotas",
    "How full clusters, pools, tiers and quotas are, how fast they fill and until when, and what snapshots and deduplication hold.",
    (CLUSTER, Window()),
    (
        Row("Now", _NOW),
        Row("Growth and pools", _GROWTH),
        Row("Quotas", _LIMITS),
        Row("Snapshots and deduplication", _SAVED),
    ),
    since="now-7d",
    refresh="5m",
)
