"""From a path to a handler: versions, privileges and the errors of a request that fits no resource."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

from mendwatch_onefs_sim.answers import Answer, PapiError, forbidden, not_found
from mendwatch_onefs_sim.calls import Call, Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.resources.cluster import CLUSTER
from mendwatch_onefs_sim.resources.events import EVENTS
from mendwatch_onefs_sim.resources.misc import MISC
from mendwatch_onefs_sim.resources.nodes import NODES
from mendwatch_onefs_sim.resources.quotas import QUOTAS
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.resources.statistics import STATISTICS
from mendwatch_onefs_sim.sessions import Account

RESOURCES: tuple[Resource, ...] = (*CLUSTER, *NODES, *MISC, *STATISTICS, *EVENTS, *QUOTAS)

_VERSIONED = re.compile(r"([1-9][0-9]{0,3})/(.+?)/?")


@dataclass(frozen=True, slots=True)
class Request:
    """An authenticated request below /platform/; `path` is what follows that, still percent-encoded."""

    method: str
    path: str
    query: Query
    body: object
    account: Account


def dispatch(cluster: Cluster, request: Request) -> Answer:
    """Answer a request; a refusal is an answer too."""
    try:
        return _answer(cluster, request)
    except PapiError as refusal:
        return refusal.answer()


def _answer(cluster: Cluster, request: Request) -> Answer:
    if request.path == "latest":
        return Answer(body={"latest": str(cluster.hardware.latest)})
    found = _VERSIONED.fullmatch(request.path)
    if found is None or int(found[1]) > cluster.hardware.latest:
        raise _no_resource(request.path)
    version, name = int(found[1]), found[2]
    resource, parts = _resource(request.method, version, name)
    if resource.privilege is not None and not request.account.may(resource.kind):
        raise forbidden(resource.kind, resource.privilege)
    now = cluster.settle()
    call = Call(request.method, version, name, tuple(map(unquote, parts)), request.query, request.body, request.account, now)
    return resource.handler(cluster, call)


def _resource(method: str, version: int, name: str) -> tuple[Resource, tuple[str, ...]]:
    matches = [
        (resource, parts) for resource in RESOURCES if (parts := resource.match(name)) is not None and version >= resource.since
    ]
    for resource, parts in matches:
        if resource.method == method:
            return resource, parts
    if matches:
        raise PapiError(HTTPStatus.METHOD_NOT_ALLOWED, "AEC_METHOD_NOT_ALLOWED", f"Method {method} is not allowed here")
    raise _no_resource(name)


def _no_resource(path: str) -> PapiError:
    return not_found(f"Path not found: /platform/{path}")
