"""From a path to a handler: versions, privileges and the errors of a request that fits no resource."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import unquote

from mendwatch_onefs_sim.answers import Answer, PapiError, forbidden, not_found
from mendwatch_onefs_sim.calls import Call, Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.fields import trimmed
from mendwatch_onefs_sim.privileges import LOGIN
from mendwatch_onefs_sim.releases import offered
from mendwatch_onefs_sim.resources.certificates import CERTIFICATES
from mendwatch_onefs_sim.resources.cluster import CLUSTER
from mendwatch_onefs_sim.resources.drives import DRIVES
from mendwatch_onefs_sim.resources.events import EVENTS
from mendwatch_onefs_sim.resources.misc import MISC
from mendwatch_onefs_sim.resources.network import NETWORK
from mendwatch_onefs_sim.resources.nodes import NODES
from mendwatch_onefs_sim.resources.operations import OPERATIONS
from mendwatch_onefs_sim.resources.privileges import PRIVILEGE_RESOURCES
from mendwatch_onefs_sim.resources.quotas import QUOTAS
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.resources.snapshots import SNAPSHOTS
from mendwatch_onefs_sim.resources.statistics import STATISTICS
from mendwatch_onefs_sim.resources.storage_pools import STORAGE_POOLS
from mendwatch_onefs_sim.resources.summaries import SUMMARIES
from mendwatch_onefs_sim.resources.sync_certificates import SYNC_CERTIFICATES
from mendwatch_onefs_sim.resources.syncs import SYNCS
from mendwatch_onefs_sim.sessions import ANY_NODE, Account

RESOURCES: tuple[Resource, ...] = (
    *CLUSTER,
    *NODES,
    *DRIVES,
    *STORAGE_POOLS,
    *NETWORK,
    *CERTIFICATES,
    *PRIVILEGE_RESOURCES,
    *OPERATIONS,
    *MISC,
    *STATISTICS,
    *EVENTS,
    *QUOTAS,
    *SUMMARIES,
    *SYNCS,
    *SYNC_CERTIFICATES,
    *SNAPSHOTS,
)

_VERSIONED = re.compile(r"([1-9][0-9]{0,3})/(.+?)/?")


@dataclass(frozen=True, slots=True)
class Request:
    """An authenticated request below /platform/; `path` is what follows that, still percent-encoded.

    `lnn` is the logical number of the node that was asked.
    """

    method: str
    path: str
    query: Query
    body: object
    account: Account
    lnn: int = ANY_NODE


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
    resource, parts = _resource(request.method, version, name, cluster.hardware.latest)
    if not request.account.may("read", LOGIN):
        raise forbidden("read", LOGIN)
    if not request.account.may(resource.kind, resource.privilege):
        raise forbidden(resource.kind, str(resource.privilege))
    now = cluster.settle()
    texts, query = tuple(map(unquote, parts)), replace(request.query, asked=now)
    call = Call(request.method, version, name, texts, query, request.body, request.account, now, request.lnn)
    answer = resource.handler(cluster, call)
    if resource.kind == "write":
        cluster.settle()  # what follows from a change follows at once
    body = trimmed(resource.pattern.removesuffix("/{}"), version, cluster.hardware.latest, answer.body)
    return answer if body is answer.body else replace(answer, body=body)


def _resource(method: str, version: int, name: str, latest: int) -> tuple[Resource, tuple[str, ...]]:
    candidates = _BY_AREA.get(name.partition("/")[0], ()) if offered(name, latest) else ()
    matches = [
        (resource, parts) for resource in candidates if (parts := resource.match(name)) is not None and version >= resource.since
    ]
    for resource, parts in matches:
        if resource.method == method:
            return resource, parts
    if matches:
        raise PapiError(HTTPStatus.METHOD_NOT_ALLOWED, "AEC_METHOD_NOT_ALLOWED", f"Method {method} is not allowed here")
    raise _no_resource(name)


def _by_area(resources: Iterable[Resource]) -> Mapping[str, tuple[Resource, ...]]:
    """Sort resources by the first part of their path, which is never variable, so that few patterns are tried."""
    areas: dict[str, tuple[Resource, ...]] = {}
    for resource in resources:
        area = resource.pattern.partition("/")[0]
        areas[area] = (*areas.get(area, ()), resource)
    return MappingProxyType(areas)


def _no_resource(path: str) -> PapiError:
    return not_found(f"Path not found: /platform/{path}")


_BY_AREA = _by_area(RESOURCES)
