"""What the network collector can give: the declarations of its metrics, and the records that rules are written against."""

from __future__ import annotations

from mendwatch.model.samples import MetricSpec, RecordSchema

INTERFACE = ("node", "interface")
#: A network pool by its full name: groupnet.subnet.pool.
POOL = ("pool",)


def _spec(name: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
    return MetricSpec(f"powerscale_{name}", f"{words} ({field}).", unit=unit, labels=labels)


def _interface(name: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
    return _spec(f"interface_{name}", words, f"network/interfaces: {field}", unit, (*INTERFACE, *labels))


def _pool(name: str, words: str, field: str, labels: tuple[str, ...] = ()) -> MetricSpec:
    return _spec(f"network_pool_{name}", words, f"network/pools: {field}", "", (*POOL, *labels))


UP = _interface("up", "Whether an interface is up; absent for a status that nobody knows", "status")
STATE = _interface("state", "Always 1; the status of an interface", "status", labels=("state",))
SPEED = _interface("speed_bytes_per_second", "Speed of an interface, absent where there is none", "speed", "bytes_per_second")
MTU = _interface("mtu_bytes", "Largest packet of an interface", "mtu", "bytes")
ADDRESSES = _interface("addresses", "IP addresses that an interface has", "ip_addrs")
OWNED = _interface("pools", "Network pools that an interface serves", "owners.pool")

POOL_ADDRESSES = _pool("addresses", "IP addresses in the ranges of a network pool", "ranges")
POOL_INTERFACES = _pool("interfaces", "Interfaces that belong to a network pool", "ifaces")
SUSPENDED = _pool("suspended_nodes", "Nodes that SmartConnect does not send clients to", "sc_suspended_nodes")
SUSPENDED_NODE = _pool(
    "node_suspended", "Whether SmartConnect sends no clients to a node of the pool", "ifaces, sc_suspended_nodes", ("node",)
)


def _spread(name: str, which: str) -> MetricSpec:
    words = f"IP addresses of a network pool on the node that has {which}; absent while one interface is odd"
    return _spec(f"network_pool_addresses_per_node_{name}", words, "network/interfaces: owners.ip_addrs", labels=POOL)


MOST_ADDRESSES, FEWEST_ADDRESSES = _spread("max", "most"), _spread("min", "fewest")
RULES = _pool("rules", "Provisioning rules of a network pool", "rules")
POOL_INFO = _pool(
    "info",
    "Always 1; how a network pool hands out addresses",
    "access_zone, alloc_method, sc_dns_zone, rebalance_policy",
    ("access_zone", "alloc_method", "dns_zone", "rebalance_policy"),
)

SUBNET_MTU = _spec("subnet_mtu_bytes", "Largest packet of a subnet", "network/subnets: mtu", "bytes", ("subnet",))
SUBNET_POOLS = _spec("subnet_pools", "Network pools of a subnet", "network/subnets: pools", labels=("subnet",))
SERVICE_ADDRESSES = _spec(
    "subnet_smartconnect_addresses",
    "IP addresses at which SmartConnect answers",
    "network/subnets: sc_service_addrs",
    labels=("subnet",),
)
GROUPNETS = _spec("groupnets", "Groupnets of the cluster", "network/groupnets")
SUBNETS = _spec("subnets", "Subnets of the cluster", "network/subnets")
POOLS = _spec("network_pools", "Network pools of the cluster", "network/pools")
ALL_RULES = _spec("network_rules", "Provisioning rules of the cluster", "network/rules")
DNS_SERVERS = _spec("groupnet_dns_servers", "DNS servers of a groupnet", "network/groupnets: dns_servers", labels=("groupnet",))
DNS_CACHED = _spec(
    "groupnet_dns_cache_enabled", "Whether answers of DNS are cached", "network/groupnets: dns_cache_enabled", labels=("groupnet",)
)
CACHE_ENTRIES = _spec("dns_cache_entries_limit", "Entries that the DNS cache may hold", "network/dnscache: cache_entry_limit")
CACHE_TIMEOUT = _spec(
    "dns_cache_timeout_seconds", "Seconds that the DNS cache waits for a server", "network/dnscache: dns_timeout", "seconds"
)
ZONES = _spec("access_zones", "Access zones of the cluster", "zones")
ZONE_PROVIDERS = _spec(
    "access_zone_auth_providers", "Authentication providers of an access zone", "zones: auth_providers", labels=("access_zone",)
)
ZONE_INFO = _spec(
    "access_zone_info", "Always 1; where an access zone lies", "zones: path, groupnet", labels=("access_zone", "path", "groupnet")
)

_OF_INTERFACE = (UP, SPEED, MTU, ADDRESSES, OWNED)
_OF_POOL = (POOL_ADDRESSES, POOL_INTERFACES, MOST_ADDRESSES, FEWEST_ADDRESSES, SUSPENDED, RULES)
METRICS = (
    *_OF_INTERFACE,
    STATE,
    *_OF_POOL,
    SUSPENDED_NODE,
    POOL_INFO,
    SUBNET_MTU,
    SUBNET_POOLS,
    SERVICE_ADDRESSES,
    GROUPNETS,
    SUBNETS,
    POOLS,
    ALL_RULES,
    DNS_SERVERS,
    DNS_CACHED,
    CACHE_ENTRIES,
    CACHE_TIMEOUT,
    ZONES,
    ZONE_PROVIDERS,
    ZONE_INFO,
)

INTERFACE_SCHEMA = RecordSchema(
    "interface",
    INTERFACE,
    {spec.name.removeprefix("powerscale_interface_"): spec.name for spec in _OF_INTERFACE},
    help="One network interface of one node.",
)
POOL_SCHEMA = RecordSchema(
    "network_pool",
    POOL,
    {spec.name.removeprefix("powerscale_network_pool_"): spec.name for spec in _OF_POOL},
    help="One network pool by its full name (groupnet.subnet.pool): its addresses, how evenly nodes have them, and how many nodes "
    "SmartConnect leaves out.",
)
SUSPENDED_SCHEMA = RecordSchema(
    "suspended_node",
    (*POOL, "node"),
    {"suspended": SUSPENDED_NODE.name},
    help="One node of one pool, and whether SmartConnect leaves it out.",
)
SCHEMAS = (INTERFACE_SCHEMA, POOL_SCHEMA, SUSPENDED_SCHEMA)
