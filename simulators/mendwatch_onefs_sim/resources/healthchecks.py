"""healthcheck/checklists and evaluations, and the repairs that came with 9.12."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, PapiError, bad_request
from mendwatch_onefs_sim.calls import Call, Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.operations.bodies import fields_of, needed, text
from mendwatch_onefs_sim.operations.checks import Evaluation, Problem
from mendwatch_onefs_sim.operations.repairs import QUEUED_FOR, RUN_FOR, Repair, Repairs
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_SYS_SUPPORT"
_CHECKLISTS, _EVALUATIONS = "healthcheck/checklists", "healthcheck/evaluations"
_SETTINGS, _ACTIONS, _REQUESTS = "repair/settings", "repair/actions", "repair/requests"
_SINCE, _REPAIRS_SINCE = 3, 23
_BEHAVIOURS = ("auto", "manual")
_SORTS = ("start_time", "id")
_HISTORY = 10


def _checklists(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _CHECKLISTS)
    lists = cluster.operations.checks.checklists
    names, resume = cut(page, _CHECKLISTS, sorted(lists), str)
    return Answer(body={"checklists": [_checklist(name, lists[name]) for name in names], "resume": resume, "total": len(lists)})


def _checklist(name: str, listed: Sequence[str]) -> dict[str, object]:
    items = [{"freshness": 0, "name": item, "parameters": {}} for item in listed]
    return {"delivery": [], "description": f"Checks of {name}", "history": _HISTORY, "id": name, "internal": False, "items": items}


def _evaluations(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _EVALUATIONS)
    ranked = list(enumerate(_ordered(cluster.operations.checks.all(), page.query)))
    shown, resume = cut(page, _EVALUATIONS, ranked, lambda one: f"{one[0]:012}")
    detailed = page.query.flag("detailed") or False
    body = [_evaluation(cluster, one, call.now, detailed=detailed) for _, one in shown]
    return Answer(body={"evaluations": body, "resume": resume, "total": len(ranked)})


def _ordered(evaluations: list[Evaluation], query: Query) -> list[Evaluation]:
    sort, checklist = query.text("sort"), query.text("checklist_id")
    if sort not in {None, *_SORTS}:
        raise bad_request(f"Cannot sort by '{sort}'", "sort")
    found = [one for one in evaluations if checklist in {None, one.checklist}]
    ordered = sorted(found, key=lambda one: one.id) if sort == "id" else found
    return ordered[::-1] if (query.text("dir") or "").upper() == "DESC" else ordered


def _get(cluster: Cluster, call: Call) -> Answer:
    found = cluster.operations.checks.get(call.parts[0])
    return Answer(body={"evaluations": [_evaluation(cluster, found, call.now, detailed=call.query.flag("detailed") or False)]})


def _run(cluster: Cluster, call: Call) -> Answer:
    fields = fields_of(call.body, ("checklist_id", "delivery", "overrides", "parameters"))
    made = cluster.operations.checks.run(needed(fields, "checklist_id", cluster.operations.checks.checklists), call.now)
    return Answer(HTTPStatus.CREATED, {"id": made.id})


def _evaluation(cluster: Cluster, one: Evaluation, now: float, *, detailed: bool) -> dict[str, object]:
    started = now >= one.started
    facts: dict[str, object] = {
        "checklist_id": one.checklist,
        "delivery": [],
        "id": one.id,
        "overrides": [],
        "parameters": {},
        "queue_time": float(cluster.epoch(one.queued)),
        "run_status": one.status(now),
        # In the cluster's time zone, which is UTC, and without saying so.
        "start_time": _local(cluster.epoch(one.started)) if started else None,
    }
    if one.found is None:
        return facts
    details = list(_details(cluster, one, now, detailed=detailed))
    return {**facts, "details": details, "result": _result(one, cluster.operations.repairs)}


def _local(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _result(one: Evaluation, repairs: Repairs) -> str:
    if not one.found:
        return "PASS"
    newest = [repairs.newest(problem.item) for problem in one.found]
    return "REPAIRED" if all(repair and repair.result == "pass" and repair.queued > one.queued for repair in newest) else "FAIL"


def _details(cluster: Cluster, one: Evaluation, now: float, *, detailed: bool) -> Iterator[dict[str, object]]:
    found = one.found or ()
    for problem in found:
        yield {**_detail(one, problem), "repair": _repair(one, problem, cluster.operations.repairs, now)}
    if detailed:
        for item in sorted(set(cluster.operations.checks.checklists[one.checklist]) - {problem.item for problem in found}):
            yield _detail(one, Problem(item, "cluster", "OK", 100))


def _detail(one: Evaluation, problem: Problem) -> dict[str, object]:
    return {
        "details": {},
        "hash": f"{one.id}.{problem.item}",
        "id": problem.item,
        "name": problem.item.replace("_", " "),
        "node": problem.node,
        "parameters": {},
        "passed": problem.status == "OK",
        "status": problem.status,
        "value": problem.value,
    }


def _repair(one: Evaluation, problem: Problem, repairs: Repairs, now: float) -> dict[str, object] | None:
    if problem.item not in repairs.actions:
        return None
    newest = repairs.newest(problem.item)
    if newest is None or newest.queued < one.queued:
        return {"id": f"repair_{problem.item}", "status": "ACTION_NEEDED"}
    words = {"queued": "QUEUED", "running": "RUNNING"}
    ended = "PASSED" if newest.result == "pass" else "FAILED"
    return {"id": newest.id, "status": words.get(newest.status(now), ended)}


def _settings(cluster: Cluster, _: Call) -> Answer:
    repairs = cluster.operations.repairs
    return Answer(body={"repair_behavior": repairs.behaviour, "repair_enabled": repairs.enabled})


def _change_settings(cluster: Cluster, call: Call) -> Answer:
    fields = fields_of(call.body, ("repair_behavior", "repair_enabled"))
    behaviour, enabled = text(fields, "repair_behavior", _BEHAVIOURS), fields.get("repair_enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise bad_request("Value of 'repair_enabled' is not of type boolean", "repair_enabled")
    repairs = cluster.operations.repairs
    repairs.behaviour = behaviour or repairs.behaviour
    repairs.enabled = repairs.enabled if enabled is None else enabled
    return Answer(HTTPStatus.NO_CONTENT)


def _actions(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _ACTIONS)
    names, resume = cut(page, _ACTIONS, sorted(cluster.operations.repairs.actions), str)
    nodes = [node.lnn for node in cluster.hardware.up]
    actions = [
        {"description": f"Repairs {name}", "id": name, "name": name, "nodes": nodes, "status": "Installed"} for name in names
    ]
    return Answer(body={"actions": actions, "resume": resume, "total": len(cluster.operations.repairs.actions)})


def _requests(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _REQUESTS)
    every = cluster.operations.repairs.all()
    repairs, resume = cut(page, _REQUESTS, every, lambda one: one.id)
    body = [_request_json(cluster, one, call.now) for one in repairs]
    return Answer(body={"repairs": body, "resume": resume, "total": len(every)})


def _request(cluster: Cluster, call: Call) -> Answer:
    return Answer(body=_request_json(cluster, cluster.operations.repairs.get(call.parts[0]), call.now))


def _request_json(cluster: Cluster, one: Repair, now: float) -> dict[str, object]:
    started = one.queued + QUEUED_FOR
    ended = None if one.result is None else cluster.epoch(started + RUN_FOR)
    return {
        "auto_trigger": one.automatic,
        "end_time": ended,
        "error": "" if one.result != "fail" else "The repair script ended with an error",
        "item_id": one.item,
        "nodes": [],
        "queue_time": cluster.epoch(one.queued),
        "repair_id": one.id,
        "result": one.result or "pending",
        "scope": "cluster",
        "source_id": one.source,
        "source_type": "HEALTHCHECK",
        "start_time": cluster.epoch(started) if now >= started else None,
        "status": one.status(now),
        "task_id": "",
    }


def _ask(cluster: Cluster, call: Call) -> Answer:
    fields = fields_of(call.body, ("auto_trigger", "item_id", "source_id", "source_type", "task_id"))
    needed(fields, "source_type", ("HEALTHCHECK",))
    item, repairs = needed(fields, "item_id"), cluster.operations.repairs
    if not repairs.enabled:
        raise PapiError(HTTPStatus.CONFLICT, "AEC_CONFLICT", "Repair is disabled on this cluster")
    if item not in repairs.actions:
        raise bad_request(f"There is no repair for item '{item}'", "item_id")
    made = repairs.ask(item, text(fields, "source_id") or "", call.now, automatic=fields.get("auto_trigger") is True)
    return Answer(HTTPStatus.CREATED, {"repair_id": made.id})


HEALTHCHECKS = (
    Resource("GET", _CHECKLISTS, _checklists, _SINCE, _PRIVILEGE),
    Resource("GET", _EVALUATIONS, _evaluations, _SINCE, _PRIVILEGE),
    Resource("POST", _EVALUATIONS, _run, _SINCE, _PRIVILEGE),
    Resource("GET", "healthcheck/evaluations/{}", _get, _SINCE, _PRIVILEGE),
    Resource("GET", _SETTINGS, _settings, _REPAIRS_SINCE, _PRIVILEGE),
    Resource("PUT", _SETTINGS, _change_settings, _REPAIRS_SINCE, _PRIVILEGE),
    Resource("GET", _ACTIONS, _actions, _REPAIRS_SINCE, _PRIVILEGE),
    Resource("GET", _REQUESTS, _requests, _REPAIRS_SINCE, _PRIVILEGE),
    Resource("POST", _REQUESTS, _ask, _REPAIRS_SINCE, _PRIVILEGE),
    Resource("GET", "repair/requests/{}", _request, _REPAIRS_SINCE, _PRIVILEGE),
)
