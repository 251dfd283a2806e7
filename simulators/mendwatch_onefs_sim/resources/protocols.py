"""Settings of SMB, NFS and S3, the services of the nodes, and what clients hold: sessions, open files, locks, buckets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, bad_request
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.clients import Bucket, Lock, LockHost, OpenFile, SmbSession
from mendwatch_onefs_sim.paging import Page, asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_SMB, _NFS, _S3 = "ISI_PRIV_SMB", "ISI_PRIV_NFS", "ISI_PRIV_S3"
_SESSIONS, _FILES = "protocols/smb/sessions", "protocols/smb/openfiles"
_HOSTS, _BUCKETS = "protocols/nfs/nlm/sessions", "protocols/s3/buckets"
_SESSIONS_SINCE, _LOCKS_SINCE, _SERVICES_SINCE = 11, 16, 15
_USUAL = 1000
_SYSTEM_ZONE = 1


def _settings(protocol: str, cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"settings": dict(cluster.operations.services.settings(protocol))})


def _change(protocol: str, cluster: Cluster, call: Call) -> Answer:
    cluster.operations.services.change(protocol, call.body)
    return Answer(HTTPStatus.NO_CONTENT)


def _services(cluster: Cluster, _: Call) -> Answer:
    services = cluster.operations.services
    nodes = [{"devid": node.devid, "lnn": node.lnn, "services": services.of_node(node.lnn)} for node in cluster.hardware.up]
    return Answer(body={"nodes": nodes, "total": len(nodes)})


def _sessions(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _SESSIONS)
    nodes = _asked_nodes(cluster, page, call.lnn)
    every = [one for one in _smb_sessions(cluster) if one.lnn in nodes]
    shown, resume = cut(page, _SESSIONS, sorted(every, key=_session_key), _session_key)
    named = nodes if page.after is None else sorted({one.lnn for one in shown})
    body = [_node_sessions(cluster, lnn, [one for one in shown if one.lnn == lnn], call.now) for lnn in named]
    return Answer(body={"nodes": body, "resume": resume, "total": len(every)})


def _asked_nodes(cluster: Cluster, page: Page, asked_node: int) -> list[int]:
    """Give the nodes whose sessions are wanted: without `lnn` the one that was asked."""
    wanted = page.query.text("lnn") or str(asked_node)
    up = [node.lnn for node in cluster.hardware.up]
    if wanted == "all":
        return up
    if not wanted.isdecimal() or int(wanted) not in up:
        raise bad_request(f"Node '{wanted}' is not a node of this cluster that is up", "lnn")
    return [int(wanted)]


def _smb_sessions(cluster: Cluster) -> list[SmbSession]:
    return cluster.operations.smb.sessions() if cluster.operations.services.on("smb") else []


def _session_key(one: SmbSession) -> str:
    return f"{one.lnn:06}{one.id:012}"


def _node_sessions(cluster: Cluster, lnn: int, sessions: Sequence[SmbSession], now: float) -> dict[str, object]:
    shapes = [_session(cluster, one, now) for one in sessions]
    return {"id": cluster.hardware.node(lnn).devid, "lnn": lnn, "resume": None, "sessions": shapes, "total": len(shapes)}


def _session(cluster: Cluster, one: SmbSession, now: float) -> dict[str, object]:
    return {
        "active_time": int(now - one.started),
        "client_type": "Windows",
        "computer": one.computer,
        "encryption": False,
        "guest_login": False,
        "id": one.id,
        "idle_time": int(now - one.used),
        "openfiles": cluster.operations.smb.files_of(one.id),
        "user": one.user,
    }


def _end_session(cluster: Cluster, call: Call) -> Answer:
    cluster.operations.smb.close_session(call.parts[0])
    return Answer(HTTPStatus.NO_CONTENT)


def _files(cluster: Cluster, call: Call) -> Answer:
    """List the files that are open on the node that was asked; no other node's."""
    page = asked(call.query, _FILES)
    here = {one.id for one in _smb_sessions(cluster) if one.lnn == call.lnn}
    every = [file for file in cluster.operations.smb.files() if file.session in here]
    shown, resume = cut(page, _FILES, every, lambda file: f"{file.id:012}")
    return Answer(body={"openfiles": [_file(file) for file in shown], "resume": resume, "total": len(every)})


def _file(file: OpenFile) -> dict[str, object]:
    return {"file": file.path, "id": file.id, "locks": file.locks, "permissions": ["read", "write"], "user": file.user}


def _close_file(cluster: Cluster, call: Call) -> Answer:
    cluster.operations.smb.close_file(call.parts[0])
    return Answer(HTTPStatus.NO_CONTENT)


def _hosts(cluster: Cluster, call: Call) -> Answer:
    limit = call.query.number("limit", least=1) or _USUAL
    every = cluster.operations.nfs.hosts()
    return Answer(body={"clients": [_host(cluster, one, call.now) for one in every[:limit]], "total": len(every)})


def _host(cluster: Cluster, one: LockHost, now: float) -> dict[str, object]:
    facts: dict[str, object] = {
        "cluster_ip": "10.20.0.10",
        "delegates": [],
        "host_type": "client",
        "hostname": one.hostname,
        "id": one.id,
        "is_active": True,
        "last_modified": cluster.epoch(0.0),
        "zone": "System",
    }
    if one.error is None:
        return facts
    tried = {"notify_attempts_remaining": 3, "notify_error": one.error, "notify_last_attempt": cluster.epoch(now)}
    return {**facts, **tried}


def _forget_host(cluster: Cluster, call: Call) -> Answer:
    cluster.operations.nfs.forget(call.parts[0])
    return Answer(HTTPStatus.NO_CONTENT)


def _locks(cluster: Cluster, call: Call) -> Answer:
    limit = call.query.number("limit", least=1) or _USUAL
    every = cluster.operations.nfs.locks if cluster.operations.services.on("nfs") else []
    errors = [
        {"code": "AEC_SYSTEM_INTERNAL_ERROR", "id": node.devid, "lnn": node.lnn, "message": "No answer", "status": 503}
        for node in cluster.hardware.nodes
        if not node.is_up
    ]
    return Answer(body={"errors": errors, "locks": [_lock(cluster, one) for one in every[:limit]], "total": len(every)})


def _lock(cluster: Cluster, one: Lock) -> dict[str, object]:
    return {
        "client": one.client,
        "client_id": 1,
        "created": cluster.epoch(one.created),
        "id": one.id,
        "lin": one.lin,
        "lock_type": "exclusive",
        "path": one.path,
        "range": [0, 1023],
        "version": one.version,
    }


def _buckets(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _BUCKETS)
    every = sorted(cluster.operations.buckets, key=lambda one: one.name)
    shown, resume = cut(page, _BUCKETS, every, lambda one: one.name)
    locks = cluster.hardware.latest >= _OBJECT_LOCK and call.version >= _OBJECT_LOCK
    return Answer(body={"buckets": [_bucket(one, locks=locks) for one in shown], "resume": resume, "total": len(every)})


#: The first version of the buckets with object lock.
_OBJECT_LOCK = 23


def _bucket(one: Bucket, *, locks: bool) -> dict[str, object]:
    facts: dict[str, object] = {
        "acl": [],
        "description": "",
        "id": one.name,
        "name": one.name,
        "object_acl_policy": "replace",
        "owner": "root",
        "path": one.path,
        "zid": _SYSTEM_ZONE,
    }
    return {**facts, "object_lock_enabled": one.object_lock} if locks else facts


def _of_settings(protocol: str, privilege: str) -> tuple[Resource, ...]:
    pattern = f"protocols/{protocol}/settings/global"
    return (
        Resource("GET", pattern, partial(_settings, protocol), privilege=privilege),
        Resource("PUT", pattern, partial(_change, protocol), privilege=privilege),
    )


PROTOCOLS = (
    *_of_settings("smb", _SMB),
    *_of_settings("nfs", _NFS),
    *_of_settings("s3", _S3),
    Resource("GET", "cluster/services", _services, _SERVICES_SINCE, "ISI_PRIV_DEVICES"),
    Resource("GET", _SESSIONS, _sessions, _SESSIONS_SINCE, _SMB),
    Resource("DELETE", "protocols/smb/sessions/{}", _end_session, _SESSIONS_SINCE, _SMB),
    Resource("GET", _FILES, _files, privilege=_SMB),
    Resource("DELETE", "protocols/smb/openfiles/{}", _close_file, privilege=_SMB),
    Resource("GET", _HOSTS, _hosts, 3, _NFS),
    Resource("DELETE", "protocols/nfs/nlm/sessions/{}", _forget_host, 3, _NFS),
    Resource("GET", "protocols/nfs/locks", _locks, _LOCKS_SINCE, _NFS),
    Resource("GET", _BUCKETS, _buckets, 10, _S3),
)
