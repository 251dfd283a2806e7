"""sync/policies, sync/reports, sync/jobs, sync/settings and sync/target/policies."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from mendwatch_onefs_sim.answers import Answer, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.syncs.policy import Policy
from mendwatch_onefs_sim.syncs.register import ACTIONS, SyncRegister
from mendwatch_onefs_sim.syncs.shape import job_json, policy_json, report_json, target_json

_PRIVILEGE = "ISI_PRIV_SYNCIQ"
_POLICIES, _REPORTS, _JOBS = "sync/policies", "sync/reports", "sync/jobs"
_TARGETS = "sync/target/policies"


def _settled(cluster: Cluster, call: Call) -> SyncRegister:
    cluster.syncs.settle(cluster.epoch(call.now))
    return cluster.syncs


def _policies(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _POLICIES)
    every = _settled(cluster, call).all()
    found, resume = cut(page, _POLICIES, every, lambda one: one.name)
    bodies = [policy_json(one, cluster.epoch(call.now)) for one in found]
    return Answer(body={"policies": bodies, "resume": resume, "total": len(every)})


def _policy(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"policies": [policy_json(_settled(cluster, call).get(call.parts[0]), cluster.epoch(call.now))]})


def _change(cluster: Cluster, call: Call) -> Answer:
    policy, body = (
        _settled(cluster, call).get(call.parts[0]),
        _fields(call.body, {"enabled", "conflicted", "rpo_alert", "schedule"}),
    )
    for name in ("enabled", "conflicted"):
        if name in body and not isinstance(body[name], bool):
            raise bad_request(f"Value of '{name}' is not of type boolean", name)
    rpo = body.get("rpo_alert", policy.rpo)
    if isinstance(rpo, bool) or not isinstance(rpo, int) or rpo < 0:
        raise bad_request("Value of 'rpo_alert' is not a number of seconds", "rpo_alert")
    enabled, conflicted = body.get("enabled", policy.enabled), body.get("conflicted", policy.conflicted)
    cluster.syncs.put(replace(policy, enabled=enabled, conflicted=conflicted, rpo=rpo))
    return Answer(HTTPStatus.NO_CONTENT)


def _reset(cluster: Cluster, call: Call) -> Answer:
    return Answer(HTTPStatus.CREATED, {"id": _settled(cluster, call).reset(call.parts[0]).id})


def _reports(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _REPORTS)
    most, name, state = (
        page.query.number("reports_per_policy", least=1) or 1,
        page.query.text("policy_name"),
        page.query.text("state"),
    )
    pairs = [(policy, report) for policy in _settled(cluster, call).all() for report in policy.reports[-most:]]
    matching = [
        report_json(policy, report) for policy, report in pairs if name in {None, policy.name} and state in {None, report.state}
    ]
    matching.sort(key=_report_id)
    found, resume = cut(page, _REPORTS, matching, _report_id)
    return Answer(body={"reports": list(found), "resume": resume, "total": len(matching)})


def _report_id(report: dict[str, Any]) -> str:
    return str(report["id"])


def _jobs(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _JOBS)
    state = page.query.text("state")
    at_work = [policy for policy in _settled(cluster, call).all() if policy.job is not None and state in {None, policy.job.state}]
    found, resume = cut(page, _JOBS, at_work, lambda one: one.name)
    return Answer(body={"jobs": [_job(cluster, call, one) for one in found], "resume": resume, "total": len(at_work)})


def _one_job(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"jobs": [_job(cluster, call, _settled(cluster, call).get(call.parts[0]))]})


def _job(cluster: Cluster, call: Call, policy: Policy) -> dict[str, Any]:
    if policy.job is None:
        raise not_found(f"Job '{policy.name}' was not found", "id")
    return job_json(policy, policy.job, cluster.epoch(call.now))


def _start(cluster: Cluster, call: Call) -> Answer:
    body = _fields(call.body, {"id", "action", "log_level", "source_snapshot", "workers_per_node"})
    if not isinstance(body.get("id"), str):
        raise bad_request("'id' is needed: the id or the name of a policy", "id")
    if body.get("action", "run") not in ACTIONS:
        raise bad_request(f"Value '{body['action']}' of 'action' is not valid", "action")
    policy = _settled(cluster, call).start(body["id"], body.get("action"), cluster.epoch(call.now))
    return Answer(HTTPStatus.CREATED, {"id": policy.name})


def _steer(cluster: Cluster, call: Call) -> Answer:
    state = _fields(call.body, {"state"}).get("state")
    _settled(cluster, call).steer(call.parts[0], str(state), cluster.epoch(call.now))
    return Answer(HTTPStatus.NO_CONTENT)


def _settings(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"settings": cluster.syncs.settings})


def _configure(cluster: Cluster, call: Call) -> Answer:
    body = _fields(call.body, set(cluster.syncs.settings))
    register = _settled(cluster, call)
    if "service" in body:
        register.serve(body["service"], cluster.epoch(call.now))
    register.settings.update({name: value for name, value in body.items() if name != "service"})
    return Answer(HTTPStatus.NO_CONTENT)


def _targets(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _TARGETS)
    every = sorted(cluster.syncs.targets, key=lambda one: one.id)
    found, resume = cut(page, _TARGETS, every, lambda one: one.id)
    return Answer(body={"policies": [target_json(one) for one in found], "resume": resume, "total": len(every)})


def _fields(body: object, known: set[str]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise bad_request("The body is not an object")
    for name in body:
        if name not in known:
            raise bad_request(f"Invalid field: '{name}'", str(name))
    return body


SYNCS = (
    Resource("GET", _POLICIES, _policies, privilege=_PRIVILEGE),
    Resource("GET", "sync/policies/{}", _policy, privilege=_PRIVILEGE),
    Resource("PUT", "sync/policies/{}", _change, privilege=_PRIVILEGE),
    Resource("POST", "sync/policies/{}/reset", _reset, privilege=_PRIVILEGE),
    Resource("GET", _REPORTS, _reports, privilege=_PRIVILEGE),
    Resource("GET", _JOBS, _jobs, privilege=_PRIVILEGE),
    Resource("POST", _JOBS, _start, privilege=_PRIVILEGE),
    Resource("GET", "sync/jobs/{}", _one_job, privilege=_PRIVILEGE),
    Resource("PUT", "sync/jobs/{}", _steer, privilege=_PRIVILEGE),
    Resource("GET", "sync/settings", _settings, privilege=_PRIVILEGE),
    Resource("PUT", "sync/settings", _configure, privilege=_PRIVILEGE),
    Resource("GET", _TARGETS, _targets, privilege=_PRIVILEGE),
)
