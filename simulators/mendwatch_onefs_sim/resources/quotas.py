"""quota/quotas and quota/quotas-summary."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, PapiError
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.quotas.changes import changed, created
from mendwatch_onefs_sim.quotas.quota import TYPES, Quota
from mendwatch_onefs_sim.quotas.shape import as_json
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_QUOTA"
_QUOTAS = "quota/quotas"


def _list(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _QUOTAS)
    quotas, resume = cut(page, _QUOTAS, cluster.quotas.matching(page.query), _id)
    return Answer(body={"quotas": [as_json(quota, call.now, call.version) for quota in quotas], "resume": resume})


def _get(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"quotas": [as_json(cluster.quotas.get(call.parts[0]), call.now, call.version)]})


def _put(cluster: Cluster, call: Call) -> Answer:
    cluster.quotas.put(changed(cluster.quotas.get(call.parts[0]), call.body))
    return Answer(HTTPStatus.NO_CONTENT)


def _post(cluster: Cluster, call: Call) -> Answer:
    wanted = created(call.body)
    if cluster.quotas.like(wanted) is not None:
        raise PapiError(HTTPStatus.CONFLICT, "AEC_CONFLICT", f"There is such a quota at '{wanted.path}'", "path")
    return Answer(HTTPStatus.CREATED, {"id": cluster.quotas.add(wanted).id})


def _delete(cluster: Cluster, call: Call) -> Answer:
    cluster.quotas.remove(cluster.quotas.get(call.parts[0]))
    return Answer(HTTPStatus.NO_CONTENT)


def _summary(cluster: Cluster, _: Call) -> Answer:
    quotas = cluster.quotas.all()
    counts = Counter(quota.type for quota in quotas)
    by_type = {f"{kind.replace('-', '_')}_quotas_count": counts[kind] for kind in TYPES if kind != "default-directory"}
    linked = sum(quota.linked for quota in quotas)
    return Answer(body={"summary": {"count": len(quotas), "linked_quotas_count": linked, **by_type}})


def _id(quota: Quota) -> str:
    return quota.id


QUOTAS = (
    Resource("GET", _QUOTAS, _list, privilege=_PRIVILEGE),
    Resource("POST", _QUOTAS, _post, privilege=_PRIVILEGE),
    Resource("GET", "quota/quotas/{}", _get, privilege=_PRIVILEGE),
    Resource("DELETE", "quota/quotas/{}", _delete, privilege=_PRIVILEGE),
    Resource("PUT", "quota/quotas/{}", _put, privilege=_PRIVILEGE),
    Resource("GET", "quota/quotas-summary", _summary, privilege=_PRIVILEGE),
)
