"""snapshot/snapshots with summary, locks, settings, schedules and what is pending."""

from __future__ import annotations

from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource
from mendwatch_onefs_sim.snapshots.register import SnapshotRegister
from mendwatch_onefs_sim.snapshots.shape import lock_json, pending_json, schedule_json, snapshot_json, summary_json

_PRIVILEGE = "ISI_PRIV_SNAPSHOT"
_SNAPSHOTS, _SCHEDULES, _PENDING = "snapshot/snapshots", "snapshot/schedules", "snapshot/pending"
_ONE = "snapshot/snapshots/{}"
#: The first version of the schedules.
_SCHEDULED = 3


def _settled(cluster: Cluster, call: Call) -> SnapshotRegister:
    cluster.snapshots.settle(cluster.epoch(call.now))
    return cluster.snapshots


def _list(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _SNAPSHOTS)
    state, schedule = page.query.text("state"), page.query.text("schedule")
    every = _settled(cluster, call).all()
    matching = [one for one in every if state in {None, "all", one.state} and schedule in {None, one.schedule}]
    found, resume = cut(page, _SNAPSHOTS, matching, lambda one: f"{one.id:010}")
    return Answer(body={"resume": resume, "snapshots": [snapshot_json(one) for one in found], "total": len(matching)})


def _get(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"snapshots": [snapshot_json(_settled(cluster, call).get(call.parts[0]))]})


def _put(cluster: Cluster, call: Call) -> Answer:
    _settled(cluster, call).change(call.parts[0], call.body)
    return Answer(HTTPStatus.NO_CONTENT)


def _delete(cluster: Cluster, call: Call) -> Answer:
    _settled(cluster, call).delete(call.parts[0], cluster.epoch(call.now))
    return Answer(HTTPStatus.NO_CONTENT)


def _locks(cluster: Cluster, call: Call) -> Answer:
    locks = _settled(cluster, call).get(call.parts[0]).locks
    return Answer(body={"locks": [lock_json(lock) for lock in locks], "resume": None, "total": len(locks)})


def _summary(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"summary": summary_json(_settled(cluster, call).all())})


def _settings(cluster: Cluster, _: Call) -> Answer:
    return Answer(body={"settings": cluster.snapshots.settings})


def _configure(cluster: Cluster, call: Call) -> Answer:
    cluster.snapshots.configure(call.body)
    return Answer(HTTPStatus.NO_CONTENT)


def _schedules(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _SCHEDULES)
    every = sorted(cluster.snapshots.schedules.values(), key=lambda one: one.name)
    found, resume = cut(page, _SCHEDULES, every, lambda one: one.name)
    bodies = [schedule_json(one, cluster.epoch(call.now)) for one in found]
    return Answer(body={"resume": resume, "schedules": bodies, "total": len(every)})


def _schedule(cluster: Cluster, call: Call) -> Answer:
    found = [one for one in cluster.snapshots.schedules.values() if call.parts[0] in {one.name, str(one.id)}]
    if not found:
        raise not_found(f"Schedule '{call.parts[0]}' was not found", "id")
    return Answer(body={"schedules": [schedule_json(one, cluster.epoch(call.now)) for one in found]})


def _pending(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _PENDING)
    begin = page.query.number("begin") or cluster.epoch(call.now)
    every = pending_json(cluster.snapshots.schedules.values(), begin, page.query.number("end"))
    found, resume = cut(page, _PENDING, every, lambda one: str(one["id"]))
    return Answer(body={"pending": list(found), "resume": resume})


SNAPSHOTS = (
    Resource("GET", _SNAPSHOTS, _list, privilege=_PRIVILEGE),
    Resource("GET", _ONE, _get, privilege=_PRIVILEGE),
    Resource("PUT", _ONE, _put, privilege=_PRIVILEGE),
    Resource("DELETE", _ONE, _delete, privilege=_PRIVILEGE),
    Resource("GET", "snapshot/snapshots/{}/locks", _locks, privilege=_PRIVILEGE),
    Resource("GET", "snapshot/snapshots-summary", _summary, privilege=_PRIVILEGE),
    Resource("GET", "snapshot/settings", _settings, privilege=_PRIVILEGE),
    Resource("PUT", "snapshot/settings", _configure, privilege=_PRIVILEGE),
    Resource("GET", _SCHEDULES, _schedules, _SCHEDULED, _PRIVILEGE),
    Resource("GET", "snapshot/schedules/{}", _schedule, _SCHEDULED, _PRIVILEGE),
    Resource("GET", _PENDING, _pending, privilege=_PRIVILEGE),
)
