"""certificate/server and certificate/authority: what is installed and when it ends."""

from __future__ import annotations

from collections.abc import Callable

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.installed import Installed
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_CERTIFICATE"


def _list(store: str) -> Callable[[Cluster, Call], Answer]:
    def handler(cluster: Cluster, call: Call) -> Answer:
        resource, epoch = f"certificate/{store}", cluster.epoch(call.now)
        every = sorted(cluster.installed.all(store), key=_id)
        shown, resume = cut(asked(call.query, resource), resource, every, _id)
        return Answer(body={"certificates": [one.as_json(epoch) for one in shown], "resume": resume, "total": len(every)})

    return handler


def _one(store: str) -> Callable[[Cluster, Call], Answer]:
    def handler(cluster: Cluster, call: Call) -> Answer:
        found = [one for one in cluster.installed.all(store) if call.parts[0] in {one.id, one.name}]
        if not found:
            raise not_found(f"Certificate '{call.parts[0]}' was not found", "id")
        return Answer(body={"certificates": [one.as_json(cluster.epoch(call.now)) for one in found]})

    return handler


def _id(certificate: Installed) -> str:
    return certificate.id


CERTIFICATES = (
    Resource("GET", "certificate/server", _list("server"), 4, _PRIVILEGE),
    Resource("GET", "certificate/server/{}", _one("server"), 4, _PRIVILEGE),
    Resource("GET", "certificate/authority", _list("authority"), 7, _PRIVILEGE),
    Resource("GET", "certificate/authority/{}", _one("authority"), 7, _PRIVILEGE),
)
