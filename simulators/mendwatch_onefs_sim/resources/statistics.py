"""statistics/keys and statistics/current."""

from __future__ import annotations

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.statistics.catalogue import KEYS
from mendwatch_onefs_sim.statistics.requests import answer_request, read_request

_PRIVILEGE = "ISI_PRIV_STATISTICS"
_KEYS = "statistics/keys"


def _current(cluster: Cluster, call: Call) -> Answer:
    request = read_request(call.query, cluster.hardware, KEYS)
    return Answer(body={"stats": answer_request(request, cluster.moment(), KEYS)})


def _keys(_: Cluster, call: Call) -> Answer:
    page = asked(call.query, _KEYS)
    names, resume = cut(page, _KEYS, sorted(KEYS), str)
    return Answer(body={"keys": [_description(name) for name in names], "resume": resume, "total": len(KEYS)})


def _key(_: Cluster, call: Call) -> Answer:
    if call.parts[0] not in KEYS:
        raise not_found(f"Stat key '{call.parts[0]}' was not found")
    return Answer(body={"keys": [_description(call.parts[0])]})


def _description(name: str) -> dict[str, object]:
    return KEYS[name].about.as_json(KEYS[name].scope)


STATISTICS = (
    Resource("GET", "statistics/current", _current, privilege=_PRIVILEGE),
    Resource("GET", _KEYS, _keys, privilege=_PRIVILEGE),
    Resource("GET", "statistics/keys/{}", _key, privilege=_PRIVILEGE),
)
