"""The kinds of events that the cluster knows: number, symbolic name, category, and what people read. A table.

Clusters tell their own table, so numbers and names that nobody outside has written down are made up here, each in its category.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Number, name and description of every category.
CATEGORIES: tuple[tuple[int, str, str], ...] = (
    (100_000_000, "SYS_DISK_EVENTS", "System disk events"),
    (200_000_000, "NODE_STATUS_EVENTS", "Node status events"),
    (300_000_000, "REBOOT_EVENTS", "Reboot events"),
    (400_000_000, "SW_EVENTS", "Software events"),
    (500_000_000, "QUOTA_EVENTS", "Quota events"),
    (600_000_000, "SNAP_EVENTS", "Snapshot events"),
    (700_000_000, "WINNET_EVENTS", "Windows networking events"),
    (800_000_000, "FILESYS_EVENTS", "Filesystem events"),
    (900_000_000, "HW_EVENTS", "Hardware events"),
    (1_100_000_000, "CPOOL_EVENTS", "CloudPools events"),
)
#: Categories whose events are about one node.
NODE_CATEGORIES = frozenset({100_000_000, 200_000_000, 300_000_000, 900_000_000})
_CATEGORY = 100_000_000
_CLOUD = 1_100_000_000

#: Symbolic name and description of each kind, by its number.
KINDS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        100_010_011: ("SYS_DISK_SMARTFAIL", "The drive in bay {bay} of node {lnn} has failed and is being removed"),
        100_010_001: ("SYS_DISK_VARFULL", "The /var partition is near capacity (>{val:.1f}% used)"),
        200_010_001: ("NODE_STATUS_OFFLINE", "Node {lnn} is offline"),
        200_010_006: ("NODE_STATUS_READONLY", "Node {lnn} is in read-only mode"),
        300_010_001: ("REBOOT_PANIC", "Node {lnn} restarted without being told to"),
        400_040_009: ("SW_SIQ_POLICY_FAILED", "SyncIQ policy {policy} failed"),
        400_040_020: ("SW_SIQ_RPO_EXCEEDED", "SyncIQ policy {policy} has exceeded its recovery point objective"),
        400_050_004: ("SW_CELOG_HEARTBEAT", "CELOG heartbeat self-test"),
        400_060_004: ("SW_JOBENG_STALLED", "Job Engine: {job} does not make progress"),
        400_070_001: ("SW_LICENSE_EXPIRING", "The license of {license} ends in {days} days"),
        400_080_001: ("SW_CERTIFICATE_EXPIRING", "Certificate {name} ends in {days} days"),
        400_090_001: ("SW_UPGRADE_FAILED", "The upgrade to OneFS {release} has stopped with an error"),
        400_100_001: ("SW_HEALTHCHECK_FAILED", "HealthCheck item {item} did not pass"),
        500_010_001: ("QUOTA_THRESHOLD_VIOLATION", "SmartQuotas threshold violation"),
        500_010_002: ("QUOTA_NOTIFY_FAILED", "SmartQuotas notification failed"),
        500_010_003: ("QUOTA_CONFIG_ERROR", "SmartQuotas configuration error"),
        600_010_001: ("SNAP_CREATE_FAILED", "Snapshot creation failed"),
        600_010_002: ("SNAP_DELETE_FAILED", "Snapshot deletion failed"),
        600_010_003: ("SNAP_LOCK_REMOVE_FAILED", "Removal of a snapshot lock failed"),
        600_010_005: ("SNAP_RESERVE_FULL", "The snapshot reserve space is nearly full"),
        700_010_001: ("TIME_SKEW", "The clocks of the cluster and of its authentication provider differ"),
        700_010_003: ("TIME_CONNECTIVITY_LOST", "No time server answers"),
        700_030_002: ("AD_DOMAIN_UNREACHABLE", "Domain {domain} cannot be reached"),
        800_010_002: ("FILESYS_FULL", "The file system is nearly full"),
        800_020_001: ("FILESYS_QUORUM_LOST", "The cluster has lost its quorum: {down} of {all} nodes are down"),
        900_010_001: ("HW_SYSTEM_FAULT", "A hardware component reports a fault"),
        900_010_002: ("HW_SYSTEM_POWER_SUPPLY", "Power supply {supply} of node {lnn} has failed"),
        900_010_004: ("HW_SYSTEM_BATTERY", "The battery of the NVRAM of node {lnn} has failed its test"),
        900_010_008: ("HW_SYSTEM_DRIVE_SLOW", "The drive in bay {bay} of node {lnn} is slow"),
        930_100_006: ("HW_NETWORK_LINK_DOWN", "Interface {interface} of node {lnn} has no link"),
        930_100_005: ("HW_INFINIBAND_LINK_DOWN", "An internal network link is down"),
        1_100_000_001: ("CPOOL_ACCOUNT_UNREACHABLE", "A CloudPools account cannot be reached"),
    }
)


def category_of(code: int) -> int:
    """Give the category of a kind, which stands in front of its number."""
    return _CLOUD if code >= _CLOUD else code // _CATEGORY * _CATEGORY


def definition_json(code: int) -> dict[str, object]:
    """Give a kind as `event/eventgroup-definitions` shows it."""
    name, description = KINDS[code]
    return {
        "category": str(category_of(code)),
        "channels": [],
        "description": description,
        "id": str(code),
        "name": name,
        "no_ignore": False,
        "node": category_of(code) in NODE_CATEGORIES,
        "rules": [],
        "suppressed": False,
        "ui_name": description.split(" (")[0],
    }


def category_json(category: tuple[int, str, str]) -> dict[str, object]:
    """Give a category as `event/categories` shows it."""
    number, name, description = category
    return {"id": str(number), "id_name": name, "name": description}
