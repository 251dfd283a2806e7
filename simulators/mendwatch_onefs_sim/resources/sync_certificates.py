"""sync/certificates/server and sync/certificates/peer: the certificates that SyncIQ shows and trusts."""

from __future__ import annotations

from collections.abc import Callable

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.installed import Installed
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_SYNCIQ"
_SINCE = 7


def _list(store: str) -> Callable[[Cluster, Call], Answer]:
    def handler(cluster: Cluster, call: Call) -> Answer:
        resource, epoch = f"sync/certificates/{store}", cluster.epoch(call.now)
        every = cluster.syncs.certificates.all(store)
        shown, resume = cut(asked(call.query, resource), resource, every, _id)
        return Answer(body={"certificates": [one.as_json(epoch) for one in shown], "resume": resume, "total": len(every)})

    return handler


def _one(store: str) -> Callable[[Cluster, Call], Answer]:
    def handler(cluster: Cluster, call: Call) -> Answer:
        key = call.parts[0]
        found = [one for one in cluster.syncs.certificates.all(store) if key in {one.id, one.name}]
        if not found:
            raise not_found(f"Certificate '{key}' was not found", "id")
        return Answer(body={"certificates": [one.as_json(cluster.epoch(call.now)) for one in found]})

    return handler


def _id(certificate: Installed) -> str:
    return certificate.id


SYNC_CERTIFICATES = tuple(
    resource
    for store in ("server", "peer")
    for resource in (
        Resource("GET", f"sync/certificates/{store}", _list(store), _SINCE, _PRIVILEGE),
        Resource("GET", f"sync/certificates/{store}/{{}}", _one(store), _SINCE, _PRIVILEGE),
    )
)
