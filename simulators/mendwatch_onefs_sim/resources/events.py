"""event/eventgroup-occurrences, event/eventlists, event/eventgroup-definitions, event/categories and event/maintenance."""

from __future__ import annotations

from http import HTTPStatus

from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.calls import Call
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.events.definitions import CATEGORIES, KINDS, category_json, category_of, definition_json
from mendwatch_onefs_sim.events.groups import EventGroup
from mendwatch_onefs_sim.events.shape import group_json, list_json
from mendwatch_onefs_sim.paging import asked, cut
from mendwatch_onefs_sim.resources.resource import Resource

_PRIVILEGE = "ISI_PRIV_EVENT"
_SINCE = 3
_GROUPS = "event/eventgroup-occurrences"
_LISTS = "event/eventlists"
_DEFINITIONS = "event/eventgroup-definitions"
_CATEGORIES = "event/categories"
_MAINTENANCE = "event/maintenance"
#: The first version of the newer ones.
_NEWER = 12


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
    wanted = page.query.words("eventgroup_id")
    matching = [group for group in cluster.events.all() if not wanted or group.id in wanted]
    groups, resume = cut(page, _LISTS, matching, _id)
    return Answer(body={"eventlists": [list_json(group) for group in groups], "resume": resume, "total": len(matching)})


def _list(cluster: Cluster, call: Call) -> Answer:
    return Answer(body={"eventlists": [list_json(cluster.events.get(call.parts[0]))]})


def _definitions(_: Cluster, call: Call) -> Answer:
    page = asked(call.query, _DEFINITIONS)
    category = page.query.text("category")
    matching = [code for code in sorted(KINDS, key=str) if category in {None, "all", str(category_of(code))}]
    codes, resume = cut(page, _DEFINITIONS, matching, str)
    body = {"eventgroup-definitions": [definition_json(code) for code in codes], "resume": resume, "total": len(matching)}
    return Answer(body=body)


def _definition(_: Cluster, call: Call) -> Answer:
    code = int(call.parts[0]) if call.parts[0].isdecimal() else 0
    if code not in KINDS:
        raise not_found(f"Eventgroup definition '{call.parts[0]}' was not found", "id")
    return Answer(body={"eventgroup-definitions": [definition_json(code)]})


def _categories(_: Cluster, call: Call) -> Answer:
    page = asked(call.query, _CATEGORIES)
    matching = sorted(CATEGORIES, key=lambda category: str(category[0]))
    found, resume = cut(page, _CATEGORIES, matching, lambda category: str(category[0]))
    return Answer(body={"categories": [category_json(one) for one in found], "resume": resume, "total": len(matching)})


def _maintenance(cluster: Cluster, _: Call) -> Answer:
    return Answer(body=cluster.maintenance.as_json())


def _maintain(cluster: Cluster, call: Call) -> Answer:
    cluster.maintenance.put(call.body, cluster.epoch(call.now))
    return Answer(HTTPStatus.NO_CONTENT)


def _id(group: EventGroup) -> str:
    return group.id


EVENTS = (
    Resource("GET", _GROUPS, _groups, _SINCE, _PRIVILEGE),
    Resource("PUT", _GROUPS, _mark_all, _SINCE, _PRIVILEGE),
    Resource("GET", "event/eventgroup-occurrences/{}", _group, _SINCE, _PRIVILEGE),
    Resource("PUT", "event/eventgroup-occurrences/{}", _mark, _SINCE, _PRIVILEGE),
    Resource("GET", _LISTS, _lists, _SINCE, _PRIVILEGE),
    Resource("GET", "event/eventlists/{}", _list, _SINCE, _PRIVILEGE),
    Resource("GET", _DEFINITIONS, _definitions, _NEWER, _PRIVILEGE),
    Resource("GET", "event/eventgroup-definitions/{}", _definition, _NEWER, _PRIVILEGE),
    Resource("GET", _CATEGORIES, _categories, _SINCE, _PRIVILEGE),
    Resource("GET", _MAINTENANCE, _maintenance, _NEWER, _PRIVILEGE),
    Resource("PUT", _MAINTENANCE, _maintain, _NEWER, _PRIVILEGE),
)
