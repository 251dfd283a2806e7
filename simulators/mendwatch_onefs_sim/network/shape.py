"""The network as network/* and zones show it, with the fields that came and went: the asked version hides what it had not."""

from __future__ import annotations

from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.network.fabric import GROUPNET, SUBNET, UP, Fabric, Interface, NetworkPool, Zone

Json = dict[str, object]

#: The settings of network/dnscache.
DNS_CACHE = {
    "cache_entry_limit": 65_536,
    "cluster_timeout": 5,
    "dns_timeout": 5,
    "eager_refresh": 0,
    "testping_delta": 30,
    **{
        f"ttl_{end}_{kind}": (30 if end == "min" else 3600)
        for end in ("min", "max")
        for kind in ("noerror", "nxdomain", "other", "servfail")
    },
}
_SERVICE = {"low": "10.20.0.253", "high": "10.20.0.254"}


def groupnet_json() -> Json:
    """Give the one groupnet."""
    return {
        "allow_wildcard_subdomains": True,
        "description": "Initial groupnet",
        "dns_cache_enabled": True,
        "dns_options": [],
        "dns_search": [],
        "dns_servers": ["10.20.0.250"],
        "id": GROUPNET,
        "name": GROUPNET,
        "server_side_dns_search": True,
        "subnets": [SUBNET],
    }


def subnet_json(fabric: Fabric) -> Json:
    """Give the one subnet."""
    return {
        "addr_family": "ipv4",
        "base_addr": "10.20.0.0",
        "description": "Initial subnet",
        "dsr_addrs": [],
        "firewall_policy": "default_subnets_policy",
        "gateway": "10.20.0.1",
        "gateway_priority": 10,
        "groupnet": GROUPNET,
        "id": f"{GROUPNET}.{SUBNET}",
        "linklayer": "ethernet",
        "mtu": 9000,
        "name": SUBNET,
        "pools": list(fabric.pools),
        "prefixlen": 21,
        "sc_service_addrs": [_SERVICE],
        "sc_service_name": "",
        "vlan_enabled": False,
        "vlan_id": None,
    }


def pool_json(fabric: Fabric, pool: NetworkPool) -> Json:
    """Give a network pool."""
    ifaces = [{"iface": one.name, "lnn": one.lnn} for one in fabric.interfaces.values() if one.pool == pool.name]
    low, high = pool.range
    smartconnect = {
        "sc_auto_unsuspend_delay": 0,
        "sc_connect_policy": "round_robin",
        "sc_dns_zone": f"{pool.name}.cluster.example.com",
        "sc_dns_zone_aliases": [],
        "sc_failover_policy": "round_robin",
        "sc_subnet": SUBNET,
        "sc_suspended_nodes": list(pool.suspended),
        "sc_ttl": 0,
    }
    return {
        "access_zone": pool.zone,
        "addr_family": "ipv4",
        "aggregation_mode": "roundrobin",
        "alloc_method": pool.alloc_method,
        "description": "",
        "external_manager": "",
        "firewall_policy": "default_pools_policy",
        "groupnet": GROUPNET,
        "id": pool.id,
        "ifaces": ifaces,
        "ipv6_perform_dad": False,
        "linklayer": "ethernet",
        "name": pool.name,
        "nfs_rroce_only": False,
        "nfsv3_rroce_only": False,
        "ranges": [{"low": low, "high": high}],
        "rebalance_policy": "auto",
        "rules": list(pool.rules),
        "static_routes": [],
        "subnet": SUBNET,
        **smartconnect,
    }


def rule_json(pool: NetworkPool, name: str) -> Json:
    """Give a rule that puts the interfaces of new nodes into a pool."""
    return {
        "description": "",
        "groupnet": GROUPNET,
        "id": f"{pool.id}.{name}",
        "iface": pool.iface,
        "linklayer": "ethernet",
        "name": name,
        "node_type": "any",
        "pool": pool.name,
        "subnet": SUBNET,
    }


def interface_json(interface: Interface) -> Json:
    """Give an interface; the speed is in megabits per second."""
    return {
        "flags": ["accept_router_advertisement"] if interface.pool else [],
        "id": f"{interface.lnn}:{interface.name}",
        "ip_addrs": interface.addresses,
        "ipv4_gateway": None,
        "ipv6_gateway": None,
        "linklayer": "ethernet",
        "lnn": interface.lnn,
        "macaddr": f"00:00:5e:00:53:{interface.lnn:02x}",
        "mtu": interface.mtu,
        "name": interface.name,
        "nic_name": f"mce{'012'[('ext-1', 'ext-2', 'mgmt-1').index(interface.name)]}",
        "owners": [_owner(interface)] if interface.pool else [],
        "speed": interface.speed,
        "status": interface.status,
        "type": "25gige" if interface.pool else "mgmt",
        "vlans": [],
    }


def _owner(interface: Interface) -> Json:
    kind = {"pool0": "static", "pool1": "dynamic"}[str(interface.pool)]
    place = {"groupnet": GROUPNET, "subnet": SUBNET, "pool": interface.pool, "access_zone": "System"}
    return {**place, "ip_addrs": interface.addresses, "prefixlen": 21, "subtype": "", "type": kind, "vlan_id": None}


def pool_status_json(fabric: Fabric, pool: NetworkPool, nodes: tuple[Node, ...], *, everyone: bool) -> Json:
    """Give how SmartConnect sees the nodes of a pool: those that need attention, or with `everyone` all."""
    rows = [_node_status(fabric, pool, node) for node in nodes]
    good = [row for row in rows if row["sc_dns_resolvable"]]
    overview = {"needs_attention": len(rows) - len(good), "resolvable": len(good), "sc_subnet": SUBNET}
    shown = rows if everyone else [row for row in rows if row not in good]
    return {"id": pool.id, "nodes": shown, "sc_dns_overview": overview, "total_configured_nodes": len(rows)}


def _node_status(fabric: Fabric, pool: NetworkPool, node: Node) -> Json:
    usable = int(node.is_up and fabric.interface(node.lnn, pool.iface).status == UP)
    suspended = node.lnn in pool.suspended
    return {
        "devid": node.devid,
        "interface_status": {"total": 1, "usable": usable},
        "ip_status": "usable" if usable else "none_usable",
        "lnn": node.lnn,
        "node_state": "up" if node.is_up else "down",
        "protocols_running": node.is_up,
        "sc_dns_resolvable": bool(usable) and not suspended,
        "suspended": suspended,
    }


def zone_json(zone: Zone) -> Json:
    """Give an access zone."""
    return {
        "alternate_system_provider": "lsa-file-provider:MinimumRequired",
        "auth_providers": list(zone.providers),
        "cache_entry_expiry": 14_400,
        "groupnet": GROUPNET,
        "home_directory_umask": 63,
        "id": zone.name,
        "ifs_restricted": [],
        "map_untrusted": "",
        "name": zone.name,
        "negative_cache_entry_expiry": 60,
        "netbios_name": "",
        "path": zone.path,
        "skeleton_directory": "/usr/share/skel",
        "system": zone.number == 1,
        "system_provider": "lsa-file-provider:System",
        "user_mapping_rules": [],
        "zone_id": zone.number,
    }
