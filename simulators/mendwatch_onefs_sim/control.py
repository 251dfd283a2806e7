"""The control API: what a demo and a test do to the cluster behind its back, over plain HTTP on loopback.

GET    /state              quotas with limits and used bytes, event groups, incidents, live sessions, nodes, release
GET    /requests           what the Platform API was asked, oldest first
GET    /incidents          every incident: its name, what goes wrong in one sentence, what mends it, its arguments
POST   /incidents/<name>   let it begin; the body holds its arguments, {} takes the usual ones
DELETE /incidents/<name>   take its cause away
POST   /quotas             {"path": ..., "hard_limit": bytes, "usage_bytes": bytes, ...}
GET    /faults             the faults that wait
POST   /faults             {"kind": "html_401", "path": "/platform/1/statistics", "times": 1, ...}: see Fault for the fields
DELETE /faults             forget them all
POST   /upgrade            {"release": "9.13.0.0", "node_seconds": 60}: one node after another restarts into it and takes so long,
                           then it is committed, and resources, fields and keys come and go; with 0 all of it is done at once
POST   /nodes/<lnn>        {"is_up": false}: refuse connections; {"restart": true}; how it answers while it is up:
                           {"delay": seconds, "hung": true, "statistics": error code or null, "clock": seconds ahead}
POST   /clock              {"offset": seconds}: how far the cluster's clock is ahead
POST   /statistics         {"key": ..., "devid": 3, "value": ...} or {..., "error_code": 6} in place of the true value; without
                           devid at every node; {..., "forget": true} gives the true one again
POST   /figures            {"busy": factor, "devid": 3}; {"used_share": 0.97, "seconds": 60}: /ifs fills up; {"calm": true}
POST   /privileges         {"account": "monitor", "privileges": {"ISI_PRIV_STATISTICS": "r"}}; null is every privilege
DELETE /sessions           end every session

A change that makes no sense is refused by 400 with an error and a hint.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus

from aiohttp import web

from mendwatch.errors import UserError
from mendwatch_onefs_sim.answers import PapiError
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.control_changes import CHANGES, Change, Changed
from mendwatch_onefs_sim.events.shape import group_json
from mendwatch_onefs_sim.faults import Faults, read_fault
from mendwatch_onefs_sim.incidents.registry import begin, end, listed
from mendwatch_onefs_sim.quotas.creation import read_quota
from mendwatch_onefs_sim.quotas.quota import Quota
from mendwatch_onefs_sim.records import Records
from mendwatch_onefs_sim.sessions import Sessions

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ControlApi:
    """What the control API reads and changes."""

    cluster: Cluster
    sessions: Sessions
    faults: Faults
    records: Records
    settled: Callable[[], Awaitable[None]]

    def application(self) -> web.Application:
        """Give the application to serve on loopback."""
        app = web.Application(middlewares=[_refusals])
        app.router.add_get("/state", self._state)
        app.router.add_get("/requests", self._requests)
        app.router.add_post("/incidents/{name}", self._incident)
        app.router.add_delete("/incidents/{name}", self._end_incident)
        app.router.add_post("/quotas", self._quota)
        app.router.add_get("/faults", self._list_faults)
        app.router.add_post("/faults", self._fault)
        app.router.add_delete("/faults", self._clear_faults)
        app.router.add_get("/incidents", self._incidents)
        app.router.add_delete("/sessions", self._end_sessions)
        for path, change in CHANGES.items():
            app.router.add_post(path, self._changing(change))
        return app

    def _changing(self, change: Change) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            change(Changed(self.cluster, self.sessions), request.match_info, await _object(request))
            await self.settled()
            return web.json_response(cluster_facts(self.cluster))

        return handle

    async def _state(self, _: web.Request) -> web.Response:
        cluster = self.cluster
        now = cluster.settle()
        body = {
            "cluster": cluster_facts(cluster),
            "elapsed": now,
            "events": [group_json(group) for group in cluster.events.all()],
            "incidents": [incident.as_json() for incident in cluster.incidents],
            "quotas": [quota_facts(quota, now) for quota in cluster.quotas.all()],
            "sessions": self.sessions.count(now),
        }
        return web.json_response(body)

    async def _requests(self, _: web.Request) -> web.Response:
        return web.json_response({"requests": [asdict(record) for record in self.records.all()]})

    async def _incident(self, request: web.Request) -> web.Response:
        arguments = await _object(request)
        incident = begin(self.cluster, request.match_info["name"], arguments)
        await self.settled()
        return web.json_response(incident.as_json(), status=HTTPStatus.CREATED)

    async def _end_incident(self, request: web.Request) -> web.Response:
        ended = end(self.cluster, request.match_info["name"])
        await self.settled()
        return web.json_response({"incidents": [incident.as_json() for incident in ended]})

    async def _incidents(self, _: web.Request) -> web.Response:
        return web.json_response({"incidents": listed()})

    async def _end_sessions(self, _: web.Request) -> web.Response:
        self.sessions.end_all()
        return web.Response(status=HTTPStatus.NO_CONTENT)

    async def _quota(self, request: web.Request) -> web.Response:
        quota = self.cluster.quotas.add(read_quota(await _object(request)))
        return web.json_response(quota_facts(quota, self.cluster.settle()), status=HTTPStatus.CREATED)

    async def _list_faults(self, _: web.Request) -> web.Response:
        return web.json_response({"faults": [asdict(fault) for fault in self.faults.waiting()]})

    async def _fault(self, request: web.Request) -> web.Response:
        fault = read_fault(await _object(request))
        self.faults.add(fault)
        return web.json_response(asdict(fault), status=HTTPStatus.CREATED)

    async def _clear_faults(self, _: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=HTTPStatus.NO_CONTENT)


def cluster_facts(cluster: Cluster) -> dict[str, object]:
    """Give what the control API tells of the cluster itself."""
    hardware = cluster.hardware
    return {
        "name": hardware.name,
        "release": hardware.release,
        "upgrade": cluster.operations.upgrades.present.state,
        "nodes": len(hardware.nodes),
        "down": [node.lnn for node in hardware.nodes if not node.is_up],
        "clock_offset": cluster.clock_offset,
    }


def quota_facts(quota: Quota, now: float) -> dict[str, object]:
    """Give what the control API tells of a quota; sizes are bytes."""
    return {
        "id": quota.id,
        "path": quota.path,
        "type": quota.type,
        "hard_limit": quota.limits.hard,
        "soft_limit": quota.limits.soft,
        "advisory_limit": quota.limits.advisory,
        "usage_bytes": quota.usage.at(now),
        "thresholds_on": quota.thresholds_on,
        "ready": quota.ready,
        "linked": quota.linked,
    }


async def _object(request: web.Request) -> dict[str, object]:
    text = await request.text()
    try:
        body = json.loads(text or "{}")
    except ValueError as problem:
        raise UserError("the body is not JSON", hint="Send a JSON object.") from problem
    if not isinstance(body, dict):
        raise UserError("the body is no JSON object", hint="Send a JSON object.")
    return body


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except UserError as problem:
        return web.json_response({"error": str(problem), "hint": problem.hint}, status=HTTPStatus.BAD_REQUEST)
    except PapiError as problem:
        return web.json_response({"error": str(problem), "hint": f"Look at {problem.field}."}, status=HTTPStatus.BAD_REQUEST)
