"""certificate/server and certificate/authority: what is installed and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.installed import Installed
from mendwatch_onefs_sim.operations.bodies import fields_of, needed, text
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_CERTIFICATE"
_YEAR = 365 * 86_400


def _list(store: str) -> Callable[[Cluster, Call], Answer]:
    def handler(cluster: Cluster, call: Call) -> Answer:
        resource, epoch = f"certificate/{store}", cluster.epoch(call.now)
        every = sorted(cluster.installed.all(store), key=_id)
        shown, resume = cut(asked(call.query, resource), resource, every, _id)
        return Answer(body={"certificates": [one.as_json(epoch) for one in shown], "resume": resume, "total": len(every)})

    return handler


def _one(store: str) -> Callable[[Cluster, Call], Answer]:
    def handler(cluster: Cluster, call: Call) -> Answer:
        found = _found(cluster, store, call.parts[0])
        return Answer(body={"certificates": [one.as_json(cluster.epoch(call.now)) for one in found]})

    return handler


def _found(cluster: Cluster, store: str, key: str) -> list[Installed]:
    """Give the certificates that a path names.

    Raises:
        PapiError: 404.
    """
    found = [one for one in cluster.installed.all(store) if key in {one.id, one.name}]
    if not found:
        raise not_found(f"Certificate '{key}' was not found", "id")
    return found


def _install(cluster: Cluster, call: Call) -> Answer:
    """Install what the cluster would read from a file of its own; it lasts for a year from now."""
    fields = fields_of(call.body, ("certificate_key_password", "certificate_key_path", "certificate_path", "description", "name"))
    for name in ("certificate_key_path", "certificate_path"):
        if not needed(fields, name).startswith("/ifs/"):
            raise bad_request(f"Value of '{name}' is no path below /ifs", name)
    now = cluster.epoch(call.now)
    made = Installed("server", text(fields, "name") or "imported", now, now + _YEAR)
    cluster.installed.add(made)
    return Answer(HTTPStatus.CREATED, {"id": made.id})


def _remove(cluster: Cluster, call: Call) -> Answer:
    """Remove a certificate, but not the last one."""
    found = _found(cluster, "server", call.parts[0])
    if len(found) == len(cluster.installed.all("server")):
        raise bad_request("The default certificate cannot be removed", "id")
    for one in found:
        cluster.installed.remove(one)
    return Answer(HTTPStatus.NO_CONTENT)


def _id(certificate: Installed) -> str:
    return certificate.id


CERTIFICATES = (
    Resource("GET", "certificate/server", _list("server"), 4, _PRIVILEGE),
    Resource("POST", "certificate/server", _install, 4, _PRIVILEGE),
    Resource("DELETE", "certificate/server/{}", _remove, 4, _PRIVILEGE),
    Resource("GET", "certificate/server/{}", _one("server"), 4, _PRIVILEGE),
    Resource("GET", "certificate/authority", _list("authority"), 7, _PRIVILEGE),
    Resource("GET", "certificate/authority/{}", _one("authority"), 7, _PRIVILEGE),
)
