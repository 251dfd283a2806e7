"""Performance by layer: what clients feel, then the file system, CPU, network and disks below it, then what our polls cost."""

from __future__ import annotations

import looks
from boards import CLUSTER, NODE, Board, Row
from panels import Look, Panel, areas, chart

_RATE = Look("ops")
_BYTES = Look("Bps")
_ERRORS = """topk(10, powerscale_node_net_external_receive_errors_per_second{$node}
  + powerscale_node_net_external_transmit_errors_per_second{$node})"""
_SHARE = Look("percentunit", looks.BUSY, high=1)


def _both(title: str, description: str, received: str, sent: str) -> Panel:
    """Show one metric that comes in and its counterpart that goes out, of the chosen nodes of each cluster."""
    words = ("received", "sent") if "net" in received else ("read", "written")
    pairs = ((received, words[0]), (sent, words[1]))
    queries = [(f"sum by (cluster) ({metric}{{$node}})", f"{{{{cluster}}}} {word}") for metric, word in pairs]
    return chart(title, description, _BYTES if "bytes" in received else _RATE, *queries)


_CLIENTS = (
    chart(
        "Operations by protocol",
        "Operations per second of each protocol, all nodes.",
        _RATE,
        ("powerscale_protocol_operations_per_second", "{{cluster}} {{protocol}}"),
    ),
    chart(
        "Latency by protocol",
        "Average time of an operation, without those that wait for a change. Clients notice from 10 ms on.",
        Look("s", looks.LATENCY),
        ("powerscale_protocol_latency_seconds", "{{cluster}} {{protocol}}"),
    ),
    chart(
        "Throughput by protocol",
        "Bytes per second that each protocol receives from clients and sends to them, all nodes.",
        _BYTES,
        ("powerscale_protocol_receive_bytes_per_second", "{{cluster}} {{protocol}} received"),
        ("powerscale_protocol_transmit_bytes_per_second", "{{cluster}} {{protocol}} sent"),
    ),
    chart(
        "Slowest operations",
        "The ten kinds of operation that take longest, of those that happen at least once a second.",
        Look("s", looks.LATENCY),
        (
            "topk(10, powerscale_protocol_operation_latency_seconds and powerscale_protocol_operation_calls_per_second >= 1)",
            "{{cluster}} {{protocol}} {{operation}}",
        ),
    ),
    chart(
        "Busiest clients",
        "The ten clients with most operations.",
        _RATE,
        ("topk(10, powerscale_client_operations_per_second)", "{{cluster}} {{client}} {{protocol}}"),
    ),
    chart(
        "Clients that wait longest",
        "The ten busy clients whose operations take longest.",
        Look("s", looks.LATENCY),
        ("topk(10, powerscale_client_latency_seconds)", "{{cluster}} {{client}} {{protocol}}"),
    ),
    chart(
        "Active clients by protocol",
        "Clients of the chosen nodes that asked something lately.",
        Look("short"),
        ("sum by (cluster, protocol) (powerscale_node_clients_active{$node}) > 0", "{{cluster}} {{protocol}}"),
    ),
    chart(
        "Hottest paths",
        "The ten paths with most operations, by event. Off until the option heat_top asks for the heat map.",
        Look("ops", empty="off: see the option heat_top"),
        ("topk(10, powerscale_heat_operations_per_second)", "{{cluster}} {{event}} {{path}}"),
    ),
    chart(
        "Busiest workloads",
        "The ten workloads of performance datasets with most operations. Off until workload_datasets names a dataset.",
        Look("ops", empty="off: see the option workload_datasets"),
        ("topk(10, powerscale_workload_operations_per_second)", "{{cluster}} {{dataset}} {{workload}}"),
    ),
)
_FILES = (
    _both(
        "Throughput of /ifs",
        "Bytes per second that are read from and written to /ifs through the chosen nodes, cached or not.",
        "powerscale_node_ifs_read_bytes_per_second",
        "powerscale_node_ifs_write_bytes_per_second",
    ),
    _both(
        "Operations of /ifs",
        "Operations per second on /ifs through the chosen nodes.",
        "powerscale_node_ifs_read_operations_per_second",
        "powerscale_node_ifs_write_operations_per_second",
    ),
    areas(
        "CPU by what it does",
        "Share of CPU time, average of the chosen nodes.",
        _SHARE,
        ("avg by (cluster) (powerscale_node_cpu_user_ratio{$node})", "{{cluster}} programs"),
        ("avg by (cluster) (powerscale_node_cpu_nice_ratio{$node})", "{{cluster}} programs of low priority"),
        ("avg by (cluster) (powerscale_node_cpu_system_ratio{$node})", "{{cluster}} kernel"),
        ("avg by (cluster) (powerscale_node_cpu_interrupt_ratio{$node})", "{{cluster}} interrupts"),
    ),
    chart(
        "Busiest nodes",
        "The ten nodes with the highest share of CPU time in use.",
        _SHARE,
        ("topk(10, 1 - powerscale_node_cpu_idle_ratio{$node})", "{{cluster}} {{node}}"),
    ),
    chart(
        "Load per core",
        "The ten nodes with the highest load of the last minute, of each core; above 1 programs wait for a core.",
        Look("short", ((None, "green"), (1, "orange"), (2, "red"))),
        ("topk(10, powerscale_node_load1{$node} / powerscale_node_cpu_cores{$node})", "{{cluster}} {{node}}"),
    ),
)
_WIRES = (
    _both(
        "External network",
        "Bytes per second at the external interfaces of the chosen nodes.",
        "powerscale_node_net_external_receive_bytes_per_second",
        "powerscale_node_net_external_transmit_bytes_per_second",
    ),
    chart(
        "Network errors",
        "The ten nodes with most errors per second at external interfaces; any that lasts is a cable, an optic or a switch.",
        Look("short", ((None, "green"), (1, "orange"), (10, "red"))),
        (
            _ERRORS,
            "{{cluster}} {{node}}",
        ),
    ),
    _both(
        "Disk throughput",
        "Bytes per second at the disks of the chosen nodes; cached traffic never gets there.",
        "powerscale_node_disk_read_bytes_per_second",
        "powerscale_node_disk_write_bytes_per_second",
    ),
    chart(
        "Busiest disks by node",
        "The ten nodes whose disks are busy most of the time.",
        Look("percentunit", looks.DISK_BUSY, high=1),
        ("topk(10, powerscale_node_disk_busy_ratio{$node})", "{{cluster}} {{node}}"),
    ),
    chart(
        "Disk latency by node",
        "The five nodes whose disks take longest, and the five whose requests wait longest in the I/O scheduler.",
        Look("s", looks.DISK_LATENCY),
        ("topk(5, powerscale_node_disk_access_latency_seconds{$node})", "{{cluster}} {{node}} access"),
        ("topk(5, powerscale_node_disk_queue_latency_seconds{$node})", "{{cluster}} {{node}} queue"),
    ),
)
_OURS = (
    chart(
        "Operations of the platform API",
        "Requests per second that each node's API serves, ours and those of other people and programs.",
        _RATE,
        ('powerscale_node_protocol_operations_per_second{protocol="papi", $node}', "{{cluster}} {{node}}"),
    ),
    chart(
        "Our polls",
        "Polls of mendwatch per second and target, by result.",
        Look("cps"),
        ('sum by (target, result) (rate(mendwatch_polls_total{target=~"$cluster"}[$__rate_interval]))', "{{target}} {{result}}"),
    ),
    chart(
        "Slowest collectors",
        "The ten collectors whose last poll took longest; what grows here, the cluster's API feels.",
        Look("s"),
        ("topk(10, powerscale_collector_duration_seconds)", "{{cluster}} {{collector}}"),
    ),
)

BOARD = Board(
    "powerscale-performance",
    "PowerScale: performance",
    "Rates and latencies by layer: protocols and clients, file system and CPU, network and disks, and what our own polls cost.",
    (CLUSTER, NODE),
    (
        Row("What clients feel", _CLIENTS),
        Row("File system and CPU", _FILES),
        Row("Network and disks", _WIRES),
        Row("What our polls cost", _OURS),
    ),
)
