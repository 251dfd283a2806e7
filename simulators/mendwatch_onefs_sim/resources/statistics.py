"""statistics/keys, statistics/current and statistics/history."""

from __future__ import annotations

from collections.abc import Mapping

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.statistics.history import answer_history, read_span
from mendwatch_onefs_sim.statistics.keys import StatKey
from mendwatch_onefs_sim.statistics.requests import answer_request, read_request
from mendwatch_onefs_sim.statistics.trouble import trouble

_PRIVILEGE = "ISI_PRIV_STATISTICS"
_KEYS = "statistics/keys"


def _current(cluster: Cluster, call: Call) -> Answer:
    known = cluster.keys
    request = read_request(call.query, cluster.hardware, known, call.lnn)
    ill = trouble(cluster, request.nodes, call.lnn, request.timeout)
    return Answer(body={"stats": answer_request(request, cluster, ill, known, call.now)}, delay=ill.waited)


def _history(cluster: Cluster, call: Call) -> Answer:
    known = cluster.keys
    request = read_request(call.query, cluster.hardware, known, call.lnn)
    span = read_span(call.query, call.now, cluster.epoch(call.now))
    ill = trouble(cluster, request.nodes, call.lnn, request.timeout)
    return Answer(body={"stats": answer_history(request, span, cluster, ill, known)}, delay=ill.waited)


def _keys(cluster: Cluster, call: Call) -> Answer:
    known = cluster.keys
    page = asked(call.query, _KEYS)
    names, resume = cut(page, _KEYS, sorted(known), str)
    return Answer(body={"keys": [_description(known, name) for name in names], "resume": resume, "total": len(known)})


def _key(cluster: Cluster, call: Call) -> Answer:
    known = cluster.keys
    if call.parts[0] not in known:
        raise not_found(f"Stat key '{call.parts[0]}' was not found")
    return Answer(body={"keys": [_description(known, call.parts[0])]})


def _description(known: Mapping[str, StatKey], name: str) -> dict[str, object]:
    return known[name].about.as_json(known[name].scope)


STATISTICS = (
    Resource("GET", "statistics/current", _current, privilege=_PRIVILEGE),
    Resource("GET", "statistics/history", _history, privilege=_PRIVILEGE),
    Resource("GET", _KEYS, _keys, privilege=_PRIVILEGE),
    Resource("GET", "statistics/keys/{}", _key, privilege=_PRIVILEGE),
)
