"""protocols/ntp/servers: which time servers the cluster asks; they can be added and removed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_SERVERS = "protocols/ntp/servers"
_SINCE, _PRIVILEGE = 3, "ISI_PRIV_NTP"


def _listed(cluster: Cluster, call: Call) -> Answer:
    every = sorted(cluster.operations.time_servers.all())
    shown, resume = cut(asked(call.query, _SERVERS), _SERVERS, every, str)
    return Answer(body={"resume": resume, "servers": [_server(name) for name in shown], "total": len(every)})


def _one(cluster: Cluster, call: Call) -> Answer:
    name = call.parts[0]
    if name not in cluster.operations.time_servers.all():
        raise not_found(f"NTP server '{name}' was not found", "id")
    return Answer(body={"servers": [_server(name)]})


def _server(name: str) -> dict[str, object]:
    return {"id": name, "key": None, "name": name}


def _add(cluster: Cluster, call: Call) -> Answer:
    name = call.body.get("name") if isinstance(call.body, Mapping) else None
    if not isinstance(name, str) or not name:
        raise bad_request("'name' is required", "name")
    cluster.operations.time_servers.add(name)
    return Answer(HTTPStatus.CREATED, {"id": name})


def _remove(cluster: Cluster, call: Call) -> Answer:
    cluster.operations.time_servers.remove(call.parts[0])
    return Answer(HTTPStatus.NO_CONTENT)


def _remove_all(cluster: Cluster, _: Call) -> Answer:
    cluster.operations.time_servers.clear()
    return Answer(HTTPStatus.NO_CONTENT)


TIME_SERVERS = (
    Resource("GET", _SERVERS, _listed, _SINCE, _PRIVILEGE),
    Resource("POST", _SERVERS, _add, _SINCE, _PRIVILEGE),
    Resource("DELETE", _SERVERS, _remove_all, _SINCE, _PRIVILEGE),
    Resource("GET", f"{_SERVERS}/{{}}", _one, _SINCE, _PRIVILEGE),
    Resource("DELETE", f"{_SERVERS}/{{}}", _remove, _SINCE, _PRIVILEGE),
)
