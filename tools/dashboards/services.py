"""Services, network and security: what clients reach the cluster by, who lets them in, and what ends soon."""

from __future__ import annotations

import looks
from boards import CLUSTER, NODE, Board, Row
from panels import Column, Look, Place, bars, chart, table, timeline

_YES = Look("none", words=looks.GOOD)
_LEFT = Look("s", looks.LEFT, low=None)
_USE = """topk(10, (
  powerscale_node_net_external_transmit_bytes_per_second{$node} > powerscale_node_net_external_receive_bytes_per_second{$node}
  or powerscale_node_net_external_receive_bytes_per_second{$node}
) / on (cluster, node) sum by (cluster, node) (
  powerscale_interface_speed_bytes_per_second{$node} and powerscale_interface_up{$node} == 1
))"""
_NO_PING = "no target of the provider icmp"


def _pool(name: str, metric: str, look: Look) -> Column:
    return Column(name, f"max by (cluster, pool) ({metric})", look)


_POOLS = (
    Column(
        "Zone",
        "max by (cluster, pool, access_zone, alloc_method, dns_zone) (powerscale_network_pool_info)",
        labels=(("access_zone", "Access zone"), ("alloc_method", "Allocation"), ("dns_zone", "SmartConnect zone")),
    ),
    _pool("Addresses", "powerscale_network_pool_addresses", Look("short")),
    _pool("Interfaces", "powerscale_network_pool_interfaces", Look("short", ((None, "red"), (1, "green")))),
    _pool("Nodes that DNS gives", "powerscale_smartconnect_nodes_resolvable", Look("short", ((None, "red"), (1, "green")))),
    _pool("Nodes needing attention", "powerscale_smartconnect_nodes_needing_attention", Look("short", looks.ANY_IS_ODD)),
    _pool("Suspended nodes", "powerscale_network_pool_suspended_nodes", Look("short", looks.ANY_IS_ODD)),
)
_PROVIDERS = (
    Column(
        "State",
        "max by (cluster, provider, provider_type, groupnet, state) (powerscale_auth_provider_state)",
        labels=(("state", "State"),),
    ),
    Column("Online", "max by (cluster, provider, provider_type, groupnet) (powerscale_auth_provider_online)", _YES),
    Column(
        "Servers",
        "max by (cluster, provider, provider_type, groupnet) (powerscale_auth_provider_connections)",
        Look("short", ((None, "red"), (1, "green"))),
    ),
)
_SETTINGS = (
    Column(
        "Time servers", "max by (cluster) (powerscale_ntp_servers)", Look("short", ((None, "red"), (1, "orange"), (2, "green")))
    ),
    Column("Clocks differ by", "max by (cluster) (powerscale_time_spread_seconds)", Look("s", ((None, "green"), (5, "red")))),
    Column("SMB 1", "max by (cluster) (powerscale_smb_version_1_enabled)", Look("none", words=looks.BAD)),
    Column("S3 buckets", "max by (cluster) (powerscale_s3_buckets)", Look("short")),
    Column("Repairs itself", "max by (cluster) (powerscale_repair_automatic)", Look("none", words=looks.CHOSEN)),
)
_CLIENTS = (
    timeline(
        "Services",
        "Whether each service is switched on for the whole cluster. One that somebody switched off is not broken.",
        Look("none", words=(looks.Word(0, "off", "orange"), looks.Word(1, "on", "green"))),
        ("powerscale_service_enabled", "{{cluster}} {{service}}"),
        size=(8, 8),
    ),
    table(
        "Services of nodes that do not run",
        "Services on single nodes in any state but running, in the node's own word.",
        {"cluster": "Cluster", "node": "Node", "service": "Service", "state": "State"},
        (
            Column(
                "Services",
                'count by (cluster, node, service, state) (powerscale_node_service_state{$node, state!="running"})',
                Look("short"),
            ),
        ),
        ("Service", False),
        Place(size=(8, 8), empty="all run"),
    ),
    chart(
        "Sessions and locks",
        "Open SMB sessions of the chosen nodes, hosts that the NFS lock manager knows, and locks held over NFS.",
        Look("short"),
        ("sum by (cluster) (powerscale_smb_sessions{$node})", "{{cluster}} SMB sessions"),
        ("powerscale_nfs_lock_sessions", "{{cluster}} NFS hosts"),
        ("powerscale_nfs_locks", "{{cluster}} NFS locks"),
    ),
    chart(
        "Open files",
        "Files that SMB sessions hold open on each of the chosen nodes.",
        Look("short"),
        ("topk(10, powerscale_smb_session_open_files{$node})", "{{cluster}} {{node}}"),
    ),
    chart(
        "Hosts that do not reclaim their locks",
        "Hosts that the NFS lock manager could not tell to reclaim their locks: they are gone, their locks are not.",
        Look("short", looks.ANY_IS_ODD),
        ("powerscale_nfs_lock_sessions_failing", "{{cluster}}"),
    ),
    table(
        "Authentication providers",
        "Who the cluster asks who somebody is. One that is offline locks its people out.",
        {"cluster": "Cluster", "provider": "Provider", "provider_type": "Type", "groupnet": "Groupnet"},
        _PROVIDERS,
        ("Provider", False),
        Place(size=(8, 8)),
    ),
)
_NETWORK = (
    table(
        "Network pools",
        "How clients reach each cluster: pools, their addresses and interfaces, and nodes that SmartConnect leaves out.",
        {"cluster": "Cluster", "pool": "Pool"},
        _POOLS,
        ("Suspended nodes", True),
        Place(size=(14, 8)),
    ),
    timeline(
        "Interfaces",
        "Whether each interface of the chosen nodes is up, of those that serve a network pool.",
        _YES,
        ("powerscale_interface_up{$node} and powerscale_interface_pools{$node} > 0", "{{cluster}} {{node}} {{interface}}"),
        size=(10, 8),
    ),
    bars(
        "Use of external links",
        "What is sent or received, whichever is more, as a share of the speed of the external links that are up; the ten fullest.",
        Look("percentunit", looks.BUSY, high=1),
        (
            _USE,
            "{{cluster}} {{node}}",
        ),
    ),
    chart(
        "Time skew",
        "Seconds that each node's clock is ahead of the agent's. Kerberos refuses more than five minutes, people notice sooner.",
        Look("s", looks.SKEW, low=None),
        ("powerscale_node_time_skew_seconds{$node}", "{{cluster}} {{node}}"),
    ),
    table(
        "Settings worth knowing",
        "What somebody set up and few look at: time servers, the spread of clocks, the unsafe first version of SMB, S3, repairs.",
        {"cluster": "Cluster"},
        _SETTINGS,
        ("Cluster", False),
        Place(size=(8, 8)),
    ),
)
_ENDS = (
    table(
        "Certificates",
        "Installed certificates, those that end first at the top; those of SyncIQ, and the one that the API shows.",
        {"cluster": "Cluster", "store": "Store", "name": "Name"},
        (
            Column(
                "Ends in",
                "min by (cluster, store, name) (powerscale_certificate_remaining_seconds\n"
                '  or label_replace(powerscale_synciq_certificate_remaining_seconds, "store", "SyncIQ $1", "store", "(.*)")\n'
                '  or label_replace(powerscale_api_certificate_remaining_seconds, "store", "shown by the API", "", ""))',
                _LEFT,
            ),
        ),
        ("Ends in", False),
        Place(size=(12, 8)),
    ),
    table(
        "Licences",
        "Licences and their states. Ends in: empty for one that never ends.",
        {"cluster": "Cluster", "licence": "Licence"},
        (
            Column("State", "max by (cluster, licence, state) (powerscale_licence_state)", labels=(("state", "State"),)),
            Column("May be used", "max by (cluster, licence) (powerscale_licence_active)", Look("none", words=looks.CHOSEN)),
            Column("Trial", "max by (cluster, licence) (powerscale_licence_evaluation)", Look("none", words=looks.CHOSEN)),
            Column("Ends in", "min by (cluster, licence) (powerscale_licence_remaining_seconds)", _LEFT),
        ),
        ("Ends in", False),
        Place(size=(12, 8)),
    ),
)
_REACH = (
    timeline(
        "Reachability",
        "Whether each address answered echo requests.",
        Look("none", words=looks.GOOD, empty=_NO_PING),
        ("icmp_reachable", "{{target}} {{name}}"),
        size=(8, 8),
    ),
    chart(
        "Round trip",
        "Average round trip of the last round, of the ten slowest addresses.",
        Look("s", looks.LATENCY, empty=_NO_PING),
        ("topk(10, icmp_rtt_avg_seconds)", "{{target}} {{name}}"),
    ),
    chart(
        "Loss",
        "Share of echo requests without an answer, of the ten worst addresses.",
        Look("percentunit", looks.LOSS, high=1, empty=_NO_PING),
        ("topk(10, icmp_loss_ratio)", "{{target}} {{name}}"),
    ),
    timeline(
        "TCP ports",
        "Whether each port accepted a connection. Off until the option tcp of a target names ports.",
        Look("none", words=looks.GOOD, empty="off: see the option tcp"),
        ("icmp_tcp_connected", "{{target}} {{name}}:{{port}}"),
    ),
    table(
        "TLS ports",
        "The certificate that each port shows. Off until the option tls of a target names ports.",
        {"target": "Target", "name": "Name", "port": "Port"},
        (
            Column("Ends in", "min by (target, name, port) (icmp_tls_certificate_not_after_timestamp_seconds) - time()", _LEFT),
            Column("Vouched for", "min by (target, name, port) (icmp_tls_certificate_verified)", _YES),
            Column("For this name", "min by (target, name, port) (icmp_tls_certificate_name_matches)", _YES),
        ),
        ("Ends in", False),
        Place(size=(12, 8), empty="off: see the option tls"),
    ),
)

BOARD = Board(
    "powerscale-services",
    "PowerScale: services, network and security",
    "Services and sessions, authentication, network and clocks, certificates and licences that end, and what is reachable at all.",
    (CLUSTER, NODE),
    (
        Row("Services and authentication", _CLIENTS),
        Row("Network and clocks", _NETWORK),
        Row("Certificates and licences", _ENDS),
        Row("Reachability", _REACH),
    ),
    refresh="1m",
)
