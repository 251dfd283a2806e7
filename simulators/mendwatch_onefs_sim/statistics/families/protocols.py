"""Keys of the protocols and their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mendwatch_onefs_sim.statistics.families.operations import (
    PROTOCOLS,
    UNKEYED,
    cluster_operations,
    cluster_total,
    node_operations,
    node_total,
)
from mendwatch_onefs_sim.statistics.keys import About, ClusterKey, NodeKey, Template, Value, renamed, renamed_cluster
from mendwatch_onefs_sim.statistics.moments import ClusterMoment, NodeMoment
from mendwatch_onefs_sim.statistics.policies import CLIENT_IO, CLIENTS, EVERY_5, ON_DEMAND, PROTOCOL, Policy

#: Further names of the same protocols.
_ALIASES = {"nfs": "nfs3", "cifs": "smb1"}
_LIST = "stats_proto_opstat_list"
#: The job engine's operations are not sampled.
_UNSAMPLED = "jobd"

#: Usual numbers of clients of a node: that asked something lately, and that are connected.
_ACTIVE = {
    "cifs": 0, "ftp": 0, "hdfs": 0, "http": 1, "irp": 1, "jobd": 1, "lsass_out": 1, "nfs": 24, "nfs4": 9, "nlm": 2, "papi": 2,
    "siq": 1, "smb2": 36,
}  # fmt: skip
_CONNECTED = {"cifs": 140, "ftp": 0, "hdfs": 0, "http": 2, "ndmp": 0, "nfs": 60, "nlm": 2, "papi": 3, "siq": 1}
#: A real cluster declares this one key to be cached for nearly a day, although it is sampled every 5 s.
_STALE = {("connected", "papi"): 65_534}


def _policy(protocol: str, sampled: Policy) -> Policy:
    return ON_DEMAND if protocol == _UNSAMPLED else sampled


def _operations() -> Iterator[Template]:
    for protocol in sorted(PROTOCOLS.keys() - UNKEYED):
        for key in (_of_node(protocol, "", 5), _of_node(protocol, ".total", 0)):
            yield key
            if protocol in _ALIASES:
                yield renamed(key, key.about.key.replace(f".{protocol}", f".{_ALIASES[protocol]}"))
        for shared in (_of_cluster(protocol, ""), _of_cluster(protocol, ".total")):
            yield shared
            if protocol in _ALIASES:
                yield renamed_cluster(shared, shared.about.key.replace(f".{protocol}", f".{_ALIASES[protocol]}"))


def _of_node(protocol: str, suffix: str, cache: int) -> NodeKey:
    words = f"Operations of {protocol}, {'all as one entry' if suffix else 'one entry each'}"
    about = About(
        f"node.protostats.{protocol}{suffix}", words, "none", _LIST, _policy(protocol, PROTOCOL), "custom", cache, made_of=5
    )
    operations = node_total if suffix else node_operations
    return NodeKey(about, _bound(operations, protocol))


def _of_cluster(protocol: str, suffix: str) -> ClusterKey:
    words = f"Operations of {protocol} at all nodes, {'all as one entry' if suffix else 'one entry each'}"
    about = About(f"cluster.protostats.{protocol}{suffix}", words, "none", _LIST, ON_DEMAND, "custom", made_of=5)
    operations = cluster_total if suffix else cluster_operations

    def value(now: ClusterMoment) -> Value:
        return operations(now, protocol)

    return ClusterKey(about, value)


def _bound(operations: Callable[[NodeMoment, str], list[dict[str, object]]], protocol: str) -> Callable[[NodeMoment], Value]:
    return lambda now: operations(now, protocol)


def _clients() -> Iterator[NodeKey]:
    for kind, table, sampled in (("active", _ACTIVE, CLIENTS), ("connected", _CONNECTED, EVERY_5)):
        for protocol, usual in table.items():
            about = About(
                f"node.clientstats.{kind}.{protocol}", f"Clients {kind} over {protocol}", type="int32",
                policy=_policy(protocol, sampled), cache=_STALE.get((kind, protocol), 0),
            )  # fmt: skip
            key = NodeKey(about, _around(kind, protocol, usual))
            yield key
            if (kind, protocol) == ("connected", "cifs"):
                yield renamed(key, "node.clientstats.connected.smb")
            elif kind == "active" and protocol in _ALIASES:
                yield renamed(key, f"node.clientstats.active.{_ALIASES[protocol]}")


def _around(kind: str, protocol: str, usual: int) -> Callable[[NodeMoment], int]:
    return lambda now: 0 if not now.pace(protocol) else now.clients(f"{kind}.{protocol}", usual)


def _lists() -> Iterator[NodeKey]:
    for protocol in _ACTIVE:
        about = About(
            f"node.clientstats.proto.{protocol}", f"Clients of {protocol}, one entry each", "none", "stats_client_proto_list_v2",
            _policy(protocol, CLIENTS), "custom", 5,
        )  # fmt: skip
        key = NodeKey(about, _list(protocol))
        yield key
        if protocol in _ALIASES:
            yield renamed(key, f"node.clientstats.proto.{_ALIASES[protocol]}")


def _list(protocol: str) -> Callable[[NodeMoment], Value]:
    def value(now: NodeMoment) -> Value:
        clients = 0 if not now.pace(protocol) else now.clients(f"active.{protocol}", _ACTIVE[protocol])
        return [_client(now, protocol, number, clients) for number in range(clients)]

    return value


def _client(now: NodeMoment, protocol: str, number: int, clients: int) -> dict[str, object]:
    operations = node_operations(now, protocol)
    return {
        "client_id": 1000 + number,
        "local_addr": f"192.0.2.{now.node.lnn % 254 + 1}",
        "op_class_values": [_class(entry, clients) for entry in operations],
        "remote_addr": f"198.51.100.{number % 254 + 1}",
    }


def _class(entry: dict[str, object], clients: int) -> dict[str, object]:
    size, rate = float(str(entry["in_avg"])), float(str(entry["in_rate"]))
    return {"class_name": entry["class_name"], "in_max": int(size * 4), "in_min": int(size / 4), "in_rate": rate / clients}


def _transfer(now: NodeMoment) -> dict[str, object]:
    return {"clients": now.clients("active.nfs", 24), "in_rate": now.rate("net_in"), "out_rate": now.rate("net_out")}


_IO = About("node.clientstats.io", "Traffic of all clients", "none", "stats_client_io", CLIENT_IO, "custom", 5)

PROTOCOL_KEYS: tuple[Template, ...] = (
    *_operations(),
    *_clients(),
    *_lists(),
    NodeKey(_IO, _transfer),
    NodeKey(replace(_IO, key="node.clientstats.io.avg", policy=ON_DEMAND), _transfer),
)
