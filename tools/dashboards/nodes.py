"""Nodes and drives: which of them is not well, and which part of it."""

from __future__ import annotations

import looks
from boards import CLUSTER, NODE, Board, Row
from panels import Column, Look, Panel, Place, bars, chart, number, table, timeline

_WELL = "all are well"


def _count(title: str, description: str, query: str) -> Panel:
    return number(title, description, Look("short", looks.ANY_IS_BAD), query, size=(4, 4))


def _most(title: str, description: str, look: Look, metric: str, legend: str = "{{cluster}} {{node}}/{{bay}}") -> Panel:
    """Show the ten that have most of something."""
    return chart(title, description, look, (f"topk(10, {metric}{{$node}})", legend))


_NOW = (
    _count("Nodes down", "Nodes that the group of their cluster does not have.", "sum(powerscale_node_up{$node} == bool 0)"),
    _count("Read-only nodes", "Nodes in read-only mode, for whatever reason.", "sum(powerscale_node_readonly{$node})"),
    _count("Failed power supplies", "Power supplies that failed.", "sum(powerscale_node_power_supplies_failed{$node})"),
    _count(
        "Uncharged NVRAM",
        "Nodes whose journal is not protected by a charged battery: OneFS makes them read-only.",
        "sum(powerscale_node_nvram_charged{$node} == bool 0)",
    ),
    _count(
        "Drives not well",
        "Drives and bays that are not well, as the nodes count them.",
        "sum(powerscale_node_disk_unhealthy{$node})",
    ),
    _count(
        "Nodes being removed",
        "Nodes that are smartfailed or dead.",
        "sum(powerscale_node_smartfailed{$node} or powerscale_node_dead{$node})",
    ),
)


def _each(name: str, metric: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, node) ({metric}{{$node}})", look)


_YES, _BAD, _ODD = (Look("none", words=words) for words in (looks.GOOD, looks.BAD, looks.ODD))
_NODES = (
    _each("Up", "powerscale_node_up", _YES),
    _each("Health", "powerscale_node_health", Look("none", words=looks.HEALTH)),
    Column(
        "Product",
        "max by (cluster, node, product, serial, release) (powerscale_node_info{$node})",
        labels=(("product", "Product"), ("serial", "Serial number"), ("release", "Release")),
    ),
    _each("Uptime", "powerscale_node_uptime_seconds", Look("s", ((None, "orange"), (3600, "green")))),
    _each("Read-only", "powerscale_node_readonly", _BAD),
    _each("Failed power supplies", "powerscale_node_power_supplies_failed", Look("short", looks.ANY_IS_BAD)),
    _each("NVRAM charged", "powerscale_node_nvram_charged", _YES),
    _each("CPU speed", "powerscale_node_cpu_speed_limit_ratio", Look("percentunit", ((None, "red"), (1, "green")), high=1)),
    _each("Drives not well", "powerscale_node_disk_unhealthy", Look("short", looks.ANY_IS_BAD)),
    _each("Smartfailed", "powerscale_node_smartfailed", _BAD),
    _each("Service light", "powerscale_node_service_light", _ODD),
    Column(
        "Hottest sensor",
        "max by (cluster, node) (powerscale_node_temperature_celsius{$node})",
        Look("celsius", looks.TEMPERATURE),
    ),
)
_PARTS = """count by (cluster, node, part, which, state) (
  label_replace(label_replace(powerscale_node_power_supply_state{$node, state!="good"},
    "part", "power supply", "", ""), "which", "$1", "supply", "(.*)")
  or label_replace(label_replace(powerscale_node_battery_state{$node, state!="good"},
    "part", "battery", "", ""), "which", "$1", "battery", "(.*)")
  or label_replace(powerscale_node_nvram_charge{$node, state!="green"}, "part", "NVRAM charge", "", "")
  or label_replace(label_replace(powerscale_drive_state{$node, state!="healthy"},
    "part", "drive", "", ""), "which", "bay $1", "bay", "(.*)")
)"""
_BROKEN = """count by (cluster, node, bay, state, media, model, serial, firmware) (
  powerscale_drive_state{$node, state!="healthy"}
  * on (cluster, node, bay) group_left (media, model, serial, firmware) powerscale_drive_info{$node}
)"""

BOARD = Board(
    "powerscale-nodes",
    "PowerScale: nodes and drives",
    "State and hardware of every node, its sensors and system partitions; drives that are not well, the busiest and the slowest.",
    (CLUSTER, NODE),
    (
        Row("Now", _NOW),
        Row(
            "Nodes",
            (
                table(
                    "Nodes",
                    "One row per node. A node that just started, throttles its CPUs or has its service light on stands out.",
                    {"cluster": "Cluster", "node": "Node"},
                    _NODES,
                    ("Node", False),
                ),
                table(
                    "Parts that are not well",
                    "Power supplies, batteries, NVRAM and drives in any state but good, in OneFS' own words.",
                    {"cluster": "Cluster", "node": "Node", "part": "Part", "which": "Which", "state": "State"},
                    (Column("Parts", _PARTS, Look("short")),),
                    ("Node", False),
                    Place(size=(12, 8), empty=_WELL),
                ),
                timeline(
                    "Nodes in the group",
                    "Whether the cluster's group has each node.",
                    Look("none", words=looks.GOOD),
                    ("powerscale_node_up{$node}", "{{cluster}} {{node}}"),
                ),
            ),
        ),
        Row(
            "Sensors and system partitions",
            (
                _most(
                    "Hottest sensors",
                    "The ten highest temperatures.",
                    Look("celsius", looks.TEMPERATURE),
                    "powerscale_node_temperature_celsius",
                    "{{cluster}} {{node}} {{sensor}}",
                ),
                chart(
                    "Slowest fans",
                    "The ten slowest fans; one that stands still is broken.",
                    Look("rotrpm"),
                    ("bottomk(10, powerscale_node_fan_rotations_per_minute{$node})", "{{cluster}} {{node}} {{sensor}}"),
                ),
                bars(
                    "Fullest system partitions",
                    "The fifteen fullest partitions of the nodes' own system; a full /var stops services.",
                    Look("percentunit", looks.FULL, high=1),
                    ("topk(15, powerscale_node_partition_used_ratio{$node})", "{{cluster}} {{node}} {{mount_point}}"),
                ),
            ),
        ),
        Row(
            "Drives",
            (
                table(
                    "Drives that are not well",
                    "What to order and where it is.",
                    {
                        "cluster": "Cluster",
                        "node": "Node",
                        "bay": "Bay",
                        "state": "State",
                        "media": "Medium",
                        "model": "Model",
                        "serial": "Serial number",
                        "firmware": "Firmware",
                    },
                    (
                        Column(
                            "Drives",
                            _BROKEN,
                            Look("short"),
                        ),
                    ),
                    ("Node", False),
                    Place(size=(16, 8), empty=_WELL),
                ),
                chart(
                    "Drives by state",
                    "Bays by the state of what is in them.",
                    Look("short"),
                    ("sum by (cluster, state, media) (powerscale_node_drives{$node})", "{{cluster}} {{media}} {{state}}"),
                ),
                _most(
                    "Busiest drives",
                    "The ten drives that are busy most of the time.",
                    Look("percentunit", looks.DISK_BUSY, high=1),
                    "powerscale_drive_busy_ratio",
                ),
                _most(
                    "Slowest drives",
                    "The ten drives whose operations take longest. One far above its neighbours is about to fail.",
                    Look("s", looks.DISK_LATENCY),
                    "powerscale_drive_access_latency_seconds",
                ),
                _most(
                    "Longest queues",
                    "The ten drives whose requests wait longest in the I/O scheduler.",
                    Look("s", looks.DISK_LATENCY),
                    "powerscale_drive_queue_latency_seconds",
                ),
                _most(
                    "Slow accesses",
                    "The ten drives with most operations per second that take long.",
                    Look("ops", ((None, "green"), (1, "orange"), (5, "red"))),
                    "powerscale_drive_slow_accesses_per_second",
                ),
                _most(
                    "Fullest drives",
                    "The ten fullest drives; one far above its neighbours waits for AutoBalance.",
                    Look("percentunit", looks.FULL, high=1),
                    "powerscale_drive_used_ratio",
                ),
                table(
                    "Firmware of drives",
                    "Drives by model and firmware; where a newer one is offered, it is named.",
                    {"cluster": "Cluster", "model": "Model", "firmware": "Firmware", "desired": "Offered"},
                    (
                        Column(
                            "Drives",
                            "sum by (cluster, model, firmware, desired) (powerscale_node_drives_firmware{$node})",
                            Look("short"),
                        ),
                    ),
                    ("Model", False),
                    Place(size=(8, 8)),
                ),
            ),
        ),
    ),
)
