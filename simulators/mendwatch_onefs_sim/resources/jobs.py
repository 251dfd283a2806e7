"""job/jobs, job-summary, recent, events and policies."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from mendwatch_onefs_sim.answers import Answer, PapiError, bad_request, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.bodies import fields_of, needed, number, text
from mendwatch_onefs_sim.operations.jobs import RUNNING, TYPES, Job, JobEvent
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_JOB_ENGINE"
_JOBS, _JOB, _EVENTS, _POLICIES = "job/jobs", "job/jobs/{}", "job/events", "job/policies"
_IMPACTS: Mapping[str, str] = MappingProxyType({"LOW": "Low", "MEDIUM": "Medium", "HIGH": "High", "OFF_HOURS": "Low"})
#: What a request may make of a job.
_ORDERS: Mapping[str, str] = MappingProxyType({"run": RUNNING, "pause": "paused_user", "cancel": "cancelled_user"})
_RECENT, _MOST_RECENT = 8, 100
_SUMMARY_SINCE, _EVENTS_SINCE = 16, 3


def _list(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _JOBS)
    if page.query.flag("batch"):
        return Answer(body={"jobs": [_shape(cluster, job, call.now) for job in cluster.operations.jobs.active()]})
    state = page.query.text("state")
    matching = [job for job in cluster.operations.jobs.active() if state in {None, job.state}]
    jobs, resume = cut(page, _JOBS, matching, lambda job: f"{job.id:012}")
    return Answer(body={"jobs": [_shape(cluster, job, call.now) for job in jobs], "resume": resume, "total": len(matching)})


def _get(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"jobs": [_shape(cluster, cluster.operations.jobs.get(call.parts[0]), call.now)]})


def _put(cluster: Cluster, call: Call) -> Answer:
    engine = cluster.operations.jobs
    job = engine.get(call.parts[0])
    if job.ended:
        raise not_found(f"Job '{job.id}' is not active", "id")
    fields = fields_of(call.body, ("state", "priority", "policy"))
    order = text(fields, "state", _ORDERS)
    engine.tune(job.id, number(fields, "priority", 1, 10), text(fields, "policy", _IMPACTS))
    if order is not None:
        engine.move(job.id, _ORDERS[order], call.now)
    return Answer(HTTPStatus.NO_CONTENT)


def _post(cluster: Cluster, call: Call) -> Answer:
    """Queue a job; the parameters of single types are taken and not looked at."""
    body = call.body if isinstance(call.body, dict) else {}
    special = tuple(name for name in body if str(name).endswith("_params"))
    fields = fields_of(call.body, ("type", "allow_dup", "paths", "policy", "priority", *special))
    kind = needed(fields, "type", TYPES)
    priority, policy, paths = number(fields, "priority", 1, 10), text(fields, "policy", _IMPACTS), _paths(fields, kind)
    engine = cluster.operations.jobs
    if engine.of_type(kind) and fields.get("allow_dup") is not True:
        raise PapiError(HTTPStatus.CONFLICT, "AEC_CONFLICT", f"A job of type {kind} is already running or queued", "type")
    job = engine.add(kind, call.now, paths)
    engine.tune(job.id, priority, policy)
    return Answer(HTTPStatus.CREATED, {"id": job.id})


def _paths(fields: dict[str, object], kind: str) -> list[str]:
    paths = fields.get("paths") or []
    if not isinstance(paths, list) or not all(isinstance(path, str) and path.startswith("/ifs") for path in paths):
        raise bad_request("Value of 'paths' is not a list of paths below /ifs", "paths")
    if bool(paths) != TYPES[kind].paths:
        raise bad_request(f"A job of type {kind} {'needs' if TYPES[kind].paths else 'takes no'} paths", "paths")
    return paths


def _shape(cluster: Cluster, job: Job, now: float) -> dict[str, object]:
    usual = TYPES[job.type]
    done = min(job.running_time(now) / job.length, 1.0)
    phase = usual.phases if job.ended else min(1 + int(done * usual.phases), usual.phases)
    return {
        "control_state": job.state,
        "create_time": cluster.epoch(job.created),
        "current_phase": phase,
        "description": "",
        "end_time": cluster.epoch(job.since) if job.ended else None,
        "human_desc": "",
        "id": job.id,
        "impact": _IMPACTS[job.policy],
        "participants": [node.devid for node in cluster.hardware.up],
        "paths": list(job.paths),
        "policy": job.policy,
        "priority": job.priority,
        "progress": f"Phase {phase} of {usual.phases}",
        "retries_remaining": 0,
        "running_time": int(job.running_time(now)),
        "start_time": cluster.epoch(job.created),
        "state": job.state,
        "total_phases": usual.phases,
        "type": job.type,
        "waiting_on": job.waiting_on,
        "waiting_reason": job.waiting_reason,
    }


def _summary(cluster: Cluster, _: Call) -> Answer:
    engine, hardware = cluster.operations.jobs, cluster.hardware
    summary = {
        "cluster_is_degraded": engine.degraded,
        "connected": engine.connected,
        "coordinator": hardware.local.devid,
        "coordinator_lnn": hardware.local.lnn,
        "disconnected_nodes": list(engine.disconnected),
        "down_or_read_only_nodes": len(hardware.up) < len(hardware.nodes) or bool(cluster.machines.readonly_nodes()),
        "job_d_enabled": engine.enabled,
        "next_jid": engine.next_id,
        "non_responding_nodes": [],
        "pp_enabled": False,
        "run_degraded": engine.run_degraded,
        "smartthrottling_enabled": False,
        "stats_ready": True,
    }
    return Answer(body={"summary": summary})


def _recent(cluster: Cluster, call: Call) -> Answer:
    limit = min(call.query.number("limit", least=1) or _RECENT, _MOST_RECENT)
    recent = cluster.operations.jobs.recent()
    return Answer(body={"recent_jobs": [_shape(cluster, job, call.now) for job in recent[:limit]], "total": len(recent)})


def _events(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _EVENTS)
    wanted, state = page.query.number("job_id"), page.query.text("state")
    kind = page.query.text("job_type")
    matching = [
        event
        for event in cluster.operations.jobs.events()
        if wanted in {None, event.job.id} and state in {None, event.job.state} and kind in {None, event.job.type}
    ]
    ranked = list(enumerate(matching))
    events, resume = cut(page, _EVENTS, ranked, lambda one: f"{one[0]:012}")
    return Answer(body={"events": [_event(cluster, event) for _, event in events], "resume": resume, "total": len(matching)})


def _event(cluster: Cluster, event: JobEvent) -> dict[str, object]:
    return {
        "flags": "none",
        "fmt_type": "string",
        "id": event.id,
        "job_id": event.job.id,
        "job_type": event.job.type,
        "key": "State change",
        "phase": 1,
        "raw_type": 0,
        "time": cluster.epoch(event.at),
        "value": event.job.state,
    }


def _policies(_: Cluster, call: Call) -> Answer:
    page = asked(call.query, _POLICIES)
    names, resume = cut(page, _POLICIES, sorted(_IMPACTS), str)
    return Answer(body={"policies": [_policy(name) for name in names], "resume": resume, "total": len(_IMPACTS)})


def _policy(name: str) -> dict[str, object]:
    always = {"begin": "Sunday 00:00", "end": "Sunday 00:00", "impact": _IMPACTS[name]}
    return {"description": f"{name} impact", "id": name, "intervals": [always], "name": name, "system": True}


JOBS = (
    Resource("GET", _JOBS, _list, privilege=_PRIVILEGE),
    Resource("POST", _JOBS, _post, privilege=_PRIVILEGE),
    Resource("GET", _JOB, _get, privilege=_PRIVILEGE),
    Resource("PUT", _JOB, _put, privilege=_PRIVILEGE),
    Resource("GET", "job/job-summary", _summary, _SUMMARY_SINCE, _PRIVILEGE),
    Resource("GET", "job/recent", _recent, privilege=_PRIVILEGE),
    Resource("GET", _EVENTS, _events, _EVENTS_SINCE, _PRIVILEGE),
    Resource("GET", _POLICIES, _policies, privilege=_PRIVILEGE),
)
