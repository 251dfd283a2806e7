"""certificate/server, certificate/authority and certificate/settings: what is installed, when it ends, and what is shown."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.installed import Installed
from mendwatch_onefs_sim.operations.bodies import fields_of, needed, number, text
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_CERTIFICATE"
_DAY = 86_400
_YEAR = 365 * _DAY
_LONGEST = 2**31 - 1
#: Where a certificate and its key are: in files of the cluster, or in the body.
_FILES = ("certificate_path", "certificate_key_path")
_CONTENTS = ("certificate_content", "certificate_key_content")


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
    """Install what is given, or what the cluster would read from a file of its own; it lasts for a year from now."""
    fields = fields_of(call.body, (*_FILES, *_CONTENTS, "certificate_key_password", "description", "name"))
    for name in _CONTENTS if text(fields, _CONTENTS[0]) else _FILES:
        beginning = "-----BEGIN " if name in _CONTENTS else "/ifs/"
        if not needed(fields, name).startswith(beginning):
            raise bad_request(f"Value of '{name}' does not begin with '{beginning}'", name)
    now = cluster.epoch(call.now)
    made = Installed("server", text(fields, "name") or "imported", now, now + _YEAR)
    cluster.installed.add(made)
    return Answer(HTTPStatus.CREATED, {"id": made.id})


def _remove(cluster: Cluster, call: Call) -> Answer:
    """Remove a certificate, but not the one that the web server shows."""
    found = _found(cluster, "server", call.parts[0])
    if cluster.installed.default in found:
        raise bad_request("The default certificate cannot be removed", "id")
    for one in found:
        cluster.installed.remove(one)
    return Answer(HTTPStatus.NO_CONTENT)


def _settings(cluster: Cluster, _: Call) -> Answer:
    kept = cluster.installed
    settings = {
        "certificate_monitor_enabled": kept.monitored,
        "certificate_pre_expiration_threshold": kept.warning_days * _DAY,
        "default_https_certificate": kept.default.id,
    }
    return Answer(body={"settings": settings})


def _set(cluster: Cluster, call: Call) -> Answer:
    """Choose the certificate that the web server shows, and when to warn; a body changes all that it names or nothing."""
    kept = cluster.installed
    names = ("certificate_monitor_enabled", "certificate_pre_expiration_threshold", "default_https_certificate")
    fields = fields_of(call.body, names)
    monitored, default = fields.get(names[0], kept.monitored), text(fields, names[2])
    if not isinstance(monitored, bool):
        raise bad_request(f"Value of '{names[0]}' is not of type boolean", names[0])
    seconds = number(fields, names[1], 0, _LONGEST)
    if default is not None:
        kept.default = _found(cluster, "server", default)[0]
    kept.monitored, kept.warning_days = monitored, kept.warning_days if seconds is None else seconds // _DAY
    return Answer(HTTPStatus.NO_CONTENT)


def _id(certificate: Installed) -> str:
    return certificate.id


CERTIFICATES = (
    Resource("GET", "certificate/server", _list("server"), 4, _PRIVILEGE),
    Resource("POST", "certificate/server", _install, 4, _PRIVILEGE),
    Resource("DELETE", "certificate/server/{}", _remove, 4, _PRIVILEGE),
    Resource("GET", "certificate/server/{}", _one("server"), 4, _PRIVILEGE),
    Resource("GET", "certificate/settings", _settings, 7, _PRIVILEGE),
    Resource("PUT", "certificate/settings", _set, 7, _PRIVILEGE),
    Resource("GET", "certificate/authority", _list("authority"), 7, _PRIVILEGE),
    Resource("GET", "certificate/authority/{}", _one("authority"), 7, _PRIVILEGE),
)
