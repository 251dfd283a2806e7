"""statistics/summary/*: protocol, client, drive, heat, system and workload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mendwatch_onefs_sim.answers import Answer, bad_request
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.hardware import Node
from mendwatch_onefs_sim.pools.storage import absent
from mendwatch_onefs_sim.reflection import silent
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.summaries import protocols, rows

_PRIVILEGE = "ISI_PRIV_STATISTICS"
_CLIENT_PARTS = ("node", "protocol", "class", "local_addr", "remote_addr")
#: Names that clients may ask for and that stand for parts; the last two are only shown.
_SAME = {"local_name": "local_addr", "remote_name": "remote_addr", "devid": "node"}
_SINCE, _SINCE_WORKLOAD = 3, 10


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


def _parts(call: Call, known: Sequence[str]) -> list[str]:
    words = [_SAME.get(word, word) for word in call.query.words("totalby")]
    for word in words:
        if word not in known:
            raise bad_request(f"Value '{word}' of 'totalby' is not valid", "totalby")
    return [part for part in known if part in words] if words else list(known)


def _dated(cluster: Cluster, call: Call, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "time": cluster.epoch(call.now)} for row in found]


def _served(cluster: Cluster, every: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the protocols that serve nobody."""
    off = silent(cluster)
    return [row for row in every if row["protocol"] not in off]


def _protocol(cluster: Cluster, call: Call) -> Answer:
    wanted = call.query.words("protocols")
    every = protocols.rows(cluster.summaries, _nodes(cluster, call), call.now)
    chosen = [row for row in _served(cluster, every) if not wanted or row["protocol"] in wanted]
    found = protocols.totalled(chosen, _parts(call, protocols.PARTS), protocols.PARTS)
    return Answer(body={"protocol": _dated(cluster, call, found)})


def _client(cluster: Cluster, call: Call) -> Answer:
    every = _served(cluster, rows.clients(cluster.summaries, _nodes(cluster, call), call.now))
    found = protocols.totalled(every, _parts(call, _CLIENT_PARTS), _CLIENT_PARTS)
    return Answer(body={"client": _dated(cluster, call, found)})


def _drive(cluster: Cluster, call: Call) -> Answer:
    found = [
        row
        for node in _nodes(cluster, call)
        for row in rows.drives(cluster.summaries, (node,), call.now, absent(cluster.machines.of(node.lnn)))
    ]
    return Answer(body={"drive": _dated(cluster, call, found)})


def _heat(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"heat": _dated(cluster, call, rows.heat(cluster.summaries, _nodes(cluster, call)[0]))})


def _system(cluster: Cluster, call: Call) -> Answer:
    load, off = cluster.steering.circumstances.load, silent(cluster)
    found = rows.system(cluster.summaries, _nodes(cluster, call), call.now, load, off)
    return Answer(body={"system": _dated(cluster, call, found if call.query.words("nodes") else found[:1])})


def _workload(cluster: Cluster, call: Call) -> Answer:
    name = call.query.text("dataset") or "System"
    found = rows.workloads(cluster.summaries, name, call.now)
    if found is None:
        raise bad_request(f"Dataset '{name}' was not found", "dataset")
    return Answer(body={"workload": _dated(cluster, call, found)})


SUMMARIES = (
    Resource("GET", "statistics/summary/protocol", _protocol, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/client", _client, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/drive", _drive, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/heat", _heat, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/system", _system, _SINCE, _PRIVILEGE),
    Resource("GET", "statistics/summary/workload", _workload, _SINCE_WORKLOAD, _PRIVILEGE),
)
