"""How a request for current statistics is read and answered, with an error per key or for the whole request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mendwatch_onefs_sim.answers import bad_request, not_found
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.statistics.keys import ClusterKey, NodeKey, StatKey, Value
from mendwatch_onefs_sim.statistics.moments import ClusterMoment

#: Error codes of single statistics, as clients of the API know them.
NOT_PRESENT = 1
DEGRADED = 3
CONNECTION_TIMEOUT = 5

_CLUSTER = 0


@dataclass(frozen=True, slots=True)
class StatRequest:
    """Keys in the order asked, the nodes to ask, and how to treat errors."""

    keys: tuple[str, ...]
    nodes: tuple[Node, ...]
    degraded: bool
    show_nodes: bool


def read_request(query: Query, hardware: Hardware, known: Mapping[str, StatKey]) -> StatRequest:
    """Read the query of `statistics/current`.

    Raises:
        PapiError: no key is named, or a node is not of this cluster.
    """
    names = tuple(dict.fromkeys([*_substrings(query, known), *query.words("key")]))
    if not names:
        raise bad_request("At least one key must be given", "key")
    return StatRequest(names, _nodes(query, hardware), bool(query.flag("degraded")), bool(query.flag("show_nodes")))


def answer_request(request: StatRequest, now: ClusterMoment, known: Mapping[str, StatKey]) -> list[dict[str, object]]:
    """Give the list of statistics.

    Raises:
        PapiError: a key is unknown or a node does not answer, and the request does not accept a degraded answer.
    """
    stats = [stat for name in request.keys for stat in _stats(name, request, now, known)]
    if not request.degraded:
        _refuse_errors(stats)
    return stats


def _substrings(query: Query, known: Mapping[str, StatKey]) -> list[str]:
    words = query.words("keys")
    if not query.flag("substr"):
        return words
    return [name for word in words for name in known if word in name]


def _nodes(query: Query, hardware: Hardware) -> tuple[Node, ...]:
    devids, numbers = query.words("devid"), query.words("nodes")
    if "all" in devids or "all" in numbers:
        return hardware.nodes
    asked = [*(_find(hardware, "devid", word) for word in devids), *(_find(hardware, "lnn", word) for word in numbers)]
    return tuple(dict.fromkeys(asked)) or (hardware.local,)


def _find(hardware: Hardware, field: str, word: str) -> Node:
    if word == "0":
        return hardware.local
    for node in hardware.nodes:
        if str(getattr(node, field)) == word:
            return node
    raise bad_request(f"There is no node with {field} '{word}'", "devid" if field == "devid" else "nodes")


def _stats(name: str, request: StatRequest, now: ClusterMoment, known: Mapping[str, StatKey]) -> Iterator[dict[str, object]]:
    key = known.get(name)
    if key is None:
        yield _stat(now, name, _CLUSTER, None, NOT_PRESENT, f"Key '{name}' is not present")
    elif isinstance(key, ClusterKey):
        yield _cluster_stat(now, key, request)
    else:
        yield from (_node_stat(now, key, node, request) for node in request.nodes)


def _cluster_stat(now: ClusterMoment, key: ClusterKey, request: StatRequest) -> dict[str, object]:
    partial = len(now.nodes) < len(now.hardware.nodes)
    code, error = (DEGRADED, "Some nodes did not answer") if partial else (None, None)
    stat = _stat(now, key.about.key, _CLUSTER, key.value(now), code, error)
    return {**stat, "node": _CLUSTER} if request.show_nodes else stat


def _node_stat(now: ClusterMoment, key: NodeKey, node: Node, request: StatRequest) -> dict[str, object]:
    moment = now.by_devid.get(node.devid)
    if moment is not None:
        stat = _stat(now, key.about.key, node.devid, key.value(moment), None, None)
    else:
        stat = _stat(now, key.about.key, node.devid, None, CONNECTION_TIMEOUT, f"Node {node.lnn} did not answer")
    return {**stat, "node": node.lnn} if request.show_nodes else stat


def _stat(now: ClusterMoment, key: str, devid: int, value: Value | None, code: int | None, error: str | None) -> dict[str, object]:
    return {"devid": devid, "error": error, "error_code": code, "key": key, "time": int(now.epoch), "value": value}


def _refuse_errors(stats: Sequence[dict[str, object]]) -> None:
    for stat in stats:
        if stat["error_code"] == NOT_PRESENT:
            raise not_found(f"Stat not found: {stat['error']}")
        if stat["error_code"] is not None:
            raise bad_request(f"{stat['error']}; give degraded=true to accept what there is")
