"""statistics/summary/*: protocol, client, drive, heat, system and workload, all from the moment that the statistics show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mendwatch_onefs_sim.answers import Answer, bad_request
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.statistics.moments import ClusterMoment
from mendwatch_onefs_sim.summaries import clients, drives, heat, protocols, system, workloads
from mendwatch_onefs_sim.summaries.rows import Row, totalled

_PRIVILEGE = "ISI_PRIV_STATISTICS"
#: Names that clients may ask for and that stand for parts; the last two are only shown.
_SAME = {"local_name": "local_addr", "remote_name": "remote_addr", "devid": "node"}
_SINCE, _SINCE_WORKLOAD = 3, 10
#: Seconds between two samples of what the summaries show: those of the keys of drives, networks and protocols.
_SAMPLED = 5
_WORDS = {"all": frozenset(protocols.SHOWN), "external": protocols.EXTERNAL, "internal": protocols.INTERNAL}


def _nodes(cluster: Cluster, call: Call) -> tuple[Node, ...]:
    """Give the nodes that are asked for and up.

    Raises:
        PapiError: 400; some node does not answer, and the request does not go on without it.
    """
    wanted = call.query.words("nodes")
    local = [str(cluster.hardware.local.lnn)] if wanted == ["0"] else wanted
    asked = [node for node in cluster.hardware.nodes if not wanted or "all" in wanted or str(node.lnn) in local]
    if not call.query.flag("degraded") and any(not node.is_up for node in asked):
        raise bad_request("Some nodes did not respond; use degraded to go on without them", "degraded")
    return tuple(node for node in asked if node.is_up)


def _moment(cluster: Cluster, call: Call) -> ClusterMoment:
    """Give what was sampled last of the nodes that are asked for.

    Raises:
        PapiError: 400; some node does not answer, and the request does not go on without it.
    """
    now = cluster.moment(call.now, _SAMPLED)
    asked = tuple(now.by_devid[node.devid] for node in _nodes(cluster, call))
    return now if asked == now.nodes else replace(now, nodes=asked)


def _parts(call: Call, known: Sequence[str]) -> list[str]:
    words = [_SAME.get(word, word) for word in call.query.words("totalby")]
    for word in words:
        if word not in known:
            raise bad_request(f"Value '{word}' of 'totalby' is not valid", "totalby")
    return [part for part in known if part in words] if words else list(known)


def _dated(cluster: Cluster, call: Call, found: Iterable[Row]) -> list[Row]:
    when = cluster.epoch(call.now)
    return [{**row, "time": when} for row in found]


def _spoken(call: Call) -> list[str]:
    """Give the protocols that are asked for: without a word those of clients."""
    wanted = call.query.words("protocols") or ["external"]
    names = {name for word in wanted for name in _WORDS.get(word, {word})}
    return [name for name in protocols.SHOWN if name in names]


def _chosen(call: Call, every: Iterable[Row]) -> list[Row]:
    """Give the rows with the classes and operations that are asked for, and without `zero` those only that were used."""
    classes, operations, zero = call.query.words("classes"), call.query.words("operations"), call.query.flag("zero")
    return [
        row
        for row in every
        if (zero or row["operation_rate"])
        and (not classes or row["class"] in classes)
        and (not operations or row.get("operation") in operations)
    ]


def _protocol(cluster: Cluster, call: Call) -> Answer:
    every = protocols.rows(_moment(cluster, call).nodes, _spoken(call))
    found = totalled(_chosen(call, every), _parts(call, protocols.PARTS), protocols.PARTS)
    return Answer(body={"protocol": _dated(cluster, call, found)})


def _client(cluster: Cluster, call: Call) -> Answer:
    names = set(_spoken(call))
    every = [row for row in clients.rows(cluster.summaries, _moment(cluster, call).nodes) if row["protocol"] in names]
    found = totalled(_chosen(call, every), _parts(call, clients.PARTS), clients.PARTS)
    return Answer(body={"client": _dated(cluster, call, found)})


def _drive(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"drive": _dated(cluster, call, drives.rows(_moment(cluster, call).nodes))})


def _heat(cluster: Cluster, call: Call) -> Answer:
    every = heat.rows(cluster.summaries, _moment(cluster, call).nodes)
    found = totalled(every, _parts(call, heat.PARTS), heat.PARTS)
    return Answer(body={"heat": _dated(cluster, call, found)})


def _system(cluster: Cluster, call: Call) -> Answer:
    found = system.rows(_moment(cluster, call), as_operations=bool(call.query.flag("oprates")))
    return Answer(body={"system": _dated(cluster, call, found if call.query.words("nodes") else found[:1])})


def _workload(cluster: Cluster, call: Call) -> Answer:
    name = call.query.text("dataset") or "System"
    dataset = cluster.datasets.find(name)
    if dataset is None:
        raise bad_request(f"Dataset '{name}' was not found", "dataset")
    found = workloads.rows(cluster.summaries, _moment(cluster, call).nodes, dataset)
    return Answer(body={"workload": _dated(cluster, call, found)})


SUMMARIES = (
    Resource("GET", "statistics/summary/protocol", _protocol, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/client", _client, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/drive", _drive, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/heat", _heat, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/system", _system, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/workload", _workload, _SINCE_WORKLOAD, _PRIVILEGE),
)
