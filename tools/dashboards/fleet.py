"""The board to open first, at night: what is wrong, where, and how every cluster stands in one row."""

from __future__ import annotations

import looks
from boards import CLUSTER, Board, Row, link
from looks import Steps
from panels import Column, Look, Panel, Place, chart, number, table, timeline

_COUNT = Look("short", looks.ANY_IS_BAD)
_YES = Look("none", words=looks.GOOD)
_LEFT = Look("s", looks.LEFT, low=None)

#: What is wrong whoever looks at it: the words, the condition, and the label that names the part.
_PROBLEMS = (
    ("cluster does not answer", "powerscale_up == 0", ""),
    ("quorum is lost", "powerscale_cluster_quorum == 0", ""),
    ("node is down", "powerscale_node_up == 0", "node"),
    ("node is read-only", "powerscale_node_readonly == 1", "node"),
    ("power supply failed", "powerscale_node_power_supplies_failed > 0", "node"),
    ("NVRAM is not charged", "powerscale_node_nvram_charged == 0", "node"),
    ("system partition is above 90 %", "powerscale_node_partition_used_ratio > 0.9", "node"),
    ("drives are not well", "powerscale_node_disk_unhealthy > 0", "node"),
    ("file system is above 90 %", "powerscale_filesystem_used_ratio > 0.9", ""),
    ("node pool is above 90 %", "powerscale_node_pool_used_ratio > 0.9", "pool"),
    ("quota is above 90 %", "powerscale_quota_usage_bytes / powerscale_quota_hard_limit_bytes > 0.9", "path"),
    (
        "copy is older than its objective",
        "powerscale_synciq_policy_rpo_age_seconds > powerscale_synciq_policy_rpo_seconds",
        "policy",
    ),
    ("replication failed", "powerscale_synciq_policy_failed == 1", "policy"),
    ("snapshot is overdue for an hour", "powerscale_snapshot_schedule_overdue_seconds > 3600", "schedule"),
    ("health check did not pass", "powerscale_healthcheck_passed == 0", "checklist"),
    ("Job Engine is not connected", "powerscale_job_engine_connected == 0", ""),
    ("job is paused by a person", "powerscale_job_paused_by_user == 1", "job_type"),
    ("upgrade stopped with an error", "powerscale_upgrade_error == 1", ""),
    ("node is suspended in SmartConnect", "powerscale_network_pool_suspended_nodes > 0", "pool"),
    ("authentication provider is offline", "powerscale_auth_provider_online == 0", "provider"),
    ("certificate ends within 30 days", 'powerscale_certificate_remaining_seconds{store="server"} < 2592000', "name"),
    ("licence ends within 30 days", "powerscale_licence_remaining_seconds < 2592000", "licence"),
    ("clocks of nodes differ by 5 s", "powerscale_time_spread_seconds > 5", ""),
    ("collector fails", "powerscale_collector_success == 0", "collector"),
)


def _problems() -> str:
    """Give one query that has a row for each thing that is wrong."""
    found = []
    for words, condition, label in _PROBLEMS:
        named = f'label_replace({condition}, "which", "$1", "{label}", "(.*)")' if label else condition
        found.append(f'label_replace({named}, "problem", "{words}", "", "")')
    return "count by (cluster, problem, which) (\n  " + "\n  or ".join(found) + "\n)"


_FULL_IN = "powerscale_filesystem_available_bytes / (deriv(powerscale_filesystem_used_bytes[1d]) > 0)"
_CLUSTERS = (
    Column("Answers", "max by (cluster) (powerscale_up)", _YES),
    Column("Health", "max by (cluster) (powerscale_cluster_health)", Look("none", words=looks.HEALTH)),
    Column("Release", "max by (cluster, release) (powerscale_cluster_info)", labels=(("release", "Release"),)),
    Column("Quorum", "min by (cluster) (powerscale_cluster_quorum)", _YES),
    Column("Nodes", "count by (cluster) (powerscale_node_up)", Look("short")),
    Column("Nodes down", "sum by (cluster) (powerscale_node_up == bool 0)", _COUNT),
    Column("Critical events", 'sum by (cluster) (powerscale_events_open{severity=~"emergency|critical"})', _COUNT),
    Column("Warnings", 'sum by (cluster) (powerscale_events_open{severity="warning"})', Look("short", looks.ANY_IS_ODD)),
    Column("Used", "max by (cluster) (powerscale_filesystem_used_ratio)", Look("percentunit", looks.FULL), chart=True),
    Column("Full in", f"min by (cluster) ({_FULL_IN})", _LEFT),
    Column(
        "Worst quota",
        "max by (cluster) (powerscale_quota_usage_bytes / powerscale_quota_hard_limit_bytes)",
        Look("percentunit", looks.QUOTA),
    ),
    Column(
        "Worst copy, of its objective",
        "max by (cluster) (powerscale_synciq_policy_rpo_age_seconds / powerscale_synciq_policy_rpo_seconds)",
        Look("percentunit", looks.OBJECTIVE),
    ),
    Column(
        "First certificate ends in",
        'min by (cluster) (powerscale_certificate_remaining_seconds{store="server"}\n'
        "  or powerscale_api_certificate_remaining_seconds)",
        _LEFT,
    ),
    Column("First licence ends in", "min by (cluster) (powerscale_licence_remaining_seconds)", _LEFT),
    Column("Collectors failing", "sum by (cluster) (powerscale_collector_success == bool 0)", Look("short", looks.ANY_IS_ODD)),
)
_LINKS = tuple(
    (title, link(board, "cluster"))
    for title, board in (
        ("Performance", "powerscale-performance"),
        ("Nodes and drives", "powerscale-nodes"),
        ("Capacity and quotas", "powerscale-capacity"),
        ("Data protection", "powerscale-protection"),
        ("Services, network and security", "powerscale-services"),
    )
)


def _count(title: str, description: str, query: str, steps: Steps = looks.ANY_IS_BAD) -> Panel:
    return number(title, description, Look("short", steps), query)


_NOW = (
    _count(
        "Clusters that do not answer", "Clusters whose API did not answer when it was last asked.", "sum(powerscale_up == bool 0)"
    ),
    _count("Nodes down", "Nodes that the group of their cluster does not have.", "sum(powerscale_node_up == bool 0)"),
    _count(
        "Critical events",
        "Open event groups that are critical or an emergency.",
        'sum(powerscale_events_open{severity=~"emergency|critical"})',
    ),
    number(
        "Fullest cluster",
        "Used share of /ifs of the fullest cluster; above 90 % OneFS has little room to protect data again after a failure.",
        Look("percentunit", looks.FULL, high=1),
        "max(powerscale_filesystem_used_ratio)",
    ),
    number(
        "Fullest quota",
        "Used share of the hard limit of the fullest quota; at its limit writes fail.",
        Look("percentunit", looks.QUOTA),
        "max(powerscale_quota_usage_bytes / powerscale_quota_hard_limit_bytes)",
    ),
    _count("Alerts firing", "Alerts of mendwatch's own rules that fire now.", 'sum(mendwatch_alerts{state="firing"})'),
    _count(
        "Waiting for a person",
        "Remediations that are planned and wait for somebody's approval.",
        'sum(mendwatch_runs{state="pending"})',
        looks.ANY_IS_ODD,
    ),
    _count(
        "Collectors failing",
        "Collectors whose last poll failed: what they read is old or gone.",
        "sum(powerscale_collector_success == bool 0)",
        looks.ANY_IS_ODD,
    ),
)

BOARD = Board(
    "powerscale-overview",
    "PowerScale: fleet overview",
    "What is wrong in all Dell PowerScale clusters now, and one row for each of them. Open this first.",
    (CLUSTER,),
    (
        Row("Now", _NOW),
        Row(
            "What is wrong",
            (
                table(
                    "What is wrong now",
                    "Every condition that needs somebody, with the part that it is about. An empty table is a quiet night.",
                    {"cluster": "Cluster", "problem": "What is wrong", "which": "Which"},
                    (Column("Series", _problems(), Look("short")),),
                    ("Cluster", False),
                    Place(size=(24, 8), links=_LINKS, empty="nothing is wrong"),
                ),
            ),
        ),
        Row(
            "Clusters",
            (
                table(
                    "One row per cluster",
                    "How every cluster stands. Full in: what is still free, at the growth of the last day, if any. "
                    "The name of a cluster leads to its other dashboards.",
                    {"cluster": "Cluster"},
                    _CLUSTERS,
                    ("Cluster", False),
                    Place(size=(24, 8), links=_LINKS),
                ),
            ),
        ),
        Row(
            "Course",
            (
                chart(
                    "Used capacity, now and in a week",
                    "Used share of /ifs, and what it will be in a week if it grows as in the last day.",
                    Look("percentunit", looks.FULL),
                    ("powerscale_filesystem_used_ratio", "{{cluster}} now"),
                    ("clamp_min(predict_linear(powerscale_filesystem_used_ratio[1d], 604800), 0)", "{{cluster}} in a week"),
                ),
                chart(
                    "Open events",
                    "Event groups that are not resolved, by severity.",
                    Look("short"),
                    ('sum by (cluster, severity) (powerscale_events_open{severity!="information"})', "{{cluster}} {{severity}}"),
                ),
                chart(
                    "Busy CPU",
                    "Share of CPU time in use, all nodes of a cluster.",
                    Look("percentunit", looks.BUSY),
                    ("powerscale_system_cpu_ratio", "{{cluster}}"),
                ),
                chart(
                    "Throughput",
                    "Bytes per second of all protocols that clients speak.",
                    Look("Bps"),
                    ("powerscale_system_throughput_bytes_per_second", "{{cluster}}"),
                ),
                chart(
                    "Slowest protocol",
                    "Average time of an operation of each cluster's slowest protocol; clients notice from 10 ms on.",
                    Look("s", looks.LATENCY),
                    ("max by (cluster) (powerscale_protocol_latency_seconds)", "{{cluster}}"),
                ),
                timeline(
                    "Answers",
                    "Whether each cluster's API answered.",
                    Look("none", words=looks.GOOD),
                    ("powerscale_up", "{{cluster}}"),
                    size=(8, 8),
                ),
            ),
        ),
    ),
)
