"""How a request for current statistics is read and answered, with an error per key or for the whole request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mendwatch_onefs_sim.answers import bad_request, not_found
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Hardware, Node
from mendwatch_onefs_sim.statistics.keys import ClusterKey, NodeKey, StatKey, Value
from mendwatch_onefs_sim.statistics.moments import ClusterMoment
from mendwatch_onefs_sim.statistics.steering import CLUSTER
from mendwatch_onefs_sim.statistics.trouble import DEGRADED, NOT_PRESENT, USUAL_TIMEOUT, WORDS, Trouble

Stat = dict[str, object]


@dataclass(frozen=True, slots=True)
class StatRequest:
    """Keys in the order asked, the nodes to ask, and how to treat errors; `lnn` is the node that was asked."""

    keys: tuple[str, ...]
    nodes: tuple[Node, ...]
    degraded: bool
    show_nodes: bool
    timeout: int
    lnn: int


def read_request(query: Query, hardware: Hardware, known: Mapping[str, StatKey], lnn: int) -> StatRequest:
    """Read the query of `statistics/current`, or what `statistics/history` has in common with it.

    Raises:
        PapiError: no key is named, or a node is not of this cluster.
    """
    names = tuple(dict.fromkeys([*_substrings(query, known), *query.words("key")]))
    if not names:
        raise bad_request("At least one key must be given", "key")
    timeout = query.number("timeout") or USUAL_TIMEOUT
    degraded, shows = bool(query.flag("degraded")), bool(query.flag("show_nodes"))
    return StatRequest(names, _nodes(query, hardware, lnn), degraded, shows, timeout, lnn)


def answer_request(
    request: StatRequest, cluster: Cluster, trouble: Trouble, known: Mapping[str, StatKey], now: float
) -> list[Stat]:
    """Give the list of statistics at a moment.

    Raises:
        PapiError: a key is unknown or a node does not answer, and the request does not accept a degraded answer.
    """
    answering = _Answering(request, cluster, trouble, now)
    stats = [stat for name in request.keys for stat in answering.stats(name, known.get(name))]
    if not request.degraded:
        refuse_errors(stats)
    return stats


def refuse_errors(stats: Sequence[Stat]) -> None:
    """Refuse the whole request because of its first error.

    Raises:
        PapiError: there is one.
    """
    for stat in stats:
        if stat["error_code"] == NOT_PRESENT:
            raise not_found(f"Stat not found: {stat['error']}")
        if stat["error_code"] is not None:
            raise bad_request(f"{stat['error']}; give degraded=true to accept what there is")


def explain(key: str, code: int) -> str:
    """Give the text beside an error code."""
    return f"Key '{key}' {WORDS.get(code, 'failed')}"


class _Answering:
    """One request on its way: what is the same for all its keys."""

    def __init__(self, request: StatRequest, cluster: Cluster, trouble: Trouble, now: float) -> None:
        self._request = request
        self._cluster = cluster
        self._trouble = trouble
        self._now = now
        self._partial = bool(trouble.codes) or len(cluster.hardware.up) < len(cluster.hardware.nodes)

    def stats(self, name: str, key: StatKey | None) -> Iterator[Stat]:
        """Give the statistics of one key: one of the cluster, or one per node."""
        if key is None:
            yield self._stat(name, CLUSTER, self._now, None, NOT_PRESENT)
            return
        moment = self._cluster.moment(self._now, key.about.interval)
        if isinstance(key, ClusterKey):
            yield self._shown(self._of_cluster(key, moment), CLUSTER)
        else:
            yield from self._of_nodes(key, moment)

    def _of_cluster(self, key: ClusterKey, moment: ClusterMoment) -> Stat:
        name = key.about.key
        value = self._steered(name, CLUSTER, moment)
        if value is None:
            value = _cluster_value(key, moment)
        code = self._cluster.steering.error(name, CLUSTER) or (DEGRADED if self._partial else None)
        return self._stat(name, CLUSTER, moment.elapsed, value, code)

    def _of_nodes(self, key: NodeKey, moment: ClusterMoment) -> Iterator[Stat]:
        """Give a key's value of every node that was asked; this is where a large cluster spends its time."""
        name, values, steering = key.about.key, _node_values(key, moment), self._cluster.steering
        epoch = self._cluster.epoch
        for node in self._request.nodes:
            devid = node.devid
            value = self._steered(name, devid, moment)
            if value is None:
                value = values.get(devid)
            code = self._trouble.codes.get(devid) or steering.error(name, devid) or (NOT_PRESENT if value is None else None)
            stat: Stat = {
                "devid": devid,
                "error": None if code is None else explain(name, code),
                "error_code": code,
                "key": name,
                "time": epoch(moment.elapsed, node.lnn),
                "value": value if code in {None, DEGRADED} else None,
            }
            yield self._shown(stat, node.lnn)

    def _steered(self, name: str, devid: int, moment: ClusterMoment) -> Value | None:
        return self._cluster.steering.value(name, devid, moment.elapsed)

    def _stat(self, key: str, devid: int, elapsed: float, value: Value | None, code: int | None) -> Stat:
        error = None if code is None else explain(key, code)
        kept = value if code in {None, DEGRADED} else None
        return {"devid": devid, "error": error, "error_code": code, "key": key, "time": self._cluster.epoch(elapsed), "value": kept}

    def _shown(self, stat: Stat, lnn: int) -> Stat:
        if self._request.show_nodes:
            stat["node"] = lnn
        return stat


def _cluster_value(key: ClusterKey, moment: ClusterMoment) -> Value:
    name = key.about.key
    if name not in moment.values:
        moment.values[name] = key.value(moment)
    value: Value = moment.values[name]
    return value


def _node_values(key: NodeKey, moment: ClusterMoment) -> Mapping[int, Value | None]:
    name = key.about.key
    if name not in moment.values:
        moment.values[name] = {node.node.devid: key.value(node) for node in moment.nodes}
    values: Mapping[int, Value | None] = moment.values[name]
    return values


def _substrings(query: Query, known: Mapping[str, StatKey]) -> list[str]:
    words = query.words("keys")
    if not query.flag("substr"):
        return words
    return [name for word in words for name in known if word in name]


def _nodes(query: Query, hardware: Hardware, lnn: int) -> tuple[Node, ...]:
    devids, numbers = query.words("devid"), query.words("nodes")
    if "all" in devids or "all" in numbers:
        return hardware.nodes
    asked = [*(_find(hardware, "devid", word, lnn) for word in devids), *(_find(hardware, "lnn", word, lnn) for word in numbers)]
    return tuple(dict.fromkeys(asked)) or (hardware.node(lnn),)


def _find(hardware: Hardware, field: str, word: str, lnn: int) -> Node:
    if word == "0":
        return hardware.node(lnn)
    for node in hardware.nodes:
        if str(getattr(node, field)) == word:
            return node
    raise bad_request(f"There is no node with {field} '{word}'", "devid" if field == "devid" else "nodes")
