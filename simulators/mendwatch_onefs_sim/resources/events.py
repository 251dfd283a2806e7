"""event/eventgroup-occurrences and event/eventlists."""

from __future__ import annotations

from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.events.shape import group_json, list_json
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_EVENT"
_SINCE = 3
_GROUPS = "event/eventgroup-occurrences"
_LISTS = "event/eventlists"


def _groups(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _GROUPS)
    matching = cluster.events.matching(page.query)
    groups, resume = cut(page, _GROUPS, matching, _id)
    return Answer(body={"eventgroups": [group_json(group) for group in groups], "resume": resume, "total": len(matching)})


def _group(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"eventgroups": [group_json(cluster.events.get(call.parts[0]))]})


def _mark(cluster: Cluster, call: Call) -> Answer:
    cluster.events.mark([call.parts[0]], call.body, cluster.epoch(call.now))
    return Answer(HTTPStatus.NO_CONTENT)


def _mark_all(cluster: Cluster, call: Call) -> Answer:
    cluster.events.mark([group.id for group in cluster.events.all()], call.body, cluster.epoch(call.now))
    return Answer(HTTPStatus.NO_CONTENT)


def _lists(cluster: Cluster, call: Call) -> Answer:
    page = asked(call.query, _LISTS)
    groups, resume = cut(page, _LISTS, cluster.events.all(), _id)
    return Answer(body={"eventlists": [list_json(group) for group in groups], "resume": resume, "total": len(cluster.events.all())})


def _list(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"eventlists": [list_json(cluster.events.get(call.parts[0]))]})


def _id(group: EventGroup) -> str:
    return group.id


EVENTS = (
    Resource("GET", _GROUPS, _groups, _SINCE, _PRIVILEGE),
    Resource("PUT", _GROUPS, _mark_all, _SINCE, _PRIVILEGE),
    Resource("GET", "event/eventgroup-occurrences/{}", _group, _SINCE, _PRIVILEGE),
    Resource("PUT", "event/eventgroup-occurrences/{}", _mark, _SINCE, _PRIVILEGE),
    Resource("GET", _LISTS, _lists, _SINCE, _PRIVILEGE),
    Resource("GET", "event/eventlists/{}", _list, _SINCE, _PRIVILEGE),
)
