"""The Platform API over HTTP: a thin shell that logs in, hands a request to the resources and records it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from mendwatch.clock import Clock
from mendwatch_onefs_sim.answers import PapiError, bad_request, not_found
from mendwatch_onefs_sim.calls import Query
from mendwatch_onefs_sim.cluster import Cluster
from mendwatch_onefs_sim.faults import Fault, Faults
from mendwatch_onefs_sim.logins import (
    COOKIE,
    Login,
    attempted_user,
    login_of,
    open_session,
    session_cookie,
    show_session,
)
from mendwatch_onefs_sim.records import Records, RequestRecord
from mendwatch_onefs_sim.resources.dispatch import Request, dispatch
from mendwatch_onefs_sim.sessions import ANY_NODE, Sessions
from mendwatch_onefs_sim.spoiling import spoil
from mendwatch_onefs_sim.wire import compressed, plain, too_long, unauthorized

_PLATFORM = "/platform/"
_SESSION = "/session/1/session"
_PREFIX = 8


#: Seconds after which a client may come again that was refused because too many came at once.
_COME_AGAIN = 1.0


@dataclass(frozen=True, slots=True)
class PlatformApi:
    """What the API is made of.

    `nodes` maps the addresses of the nodes to their logical numbers; without it every address is the first node's that is up.
    More requests at once than `most` are refused; `gzips` is whether answers are compressed for whoever asks for it.
    """

    cluster: Cluster
    sessions: Sessions
    faults: Faults
    records: Records
    clock: Clock
    nodes: Mapping[str, int] = field(default_factory=dict)
    most: int | None = None
    gzips: bool = True
    running: set[int] = field(default_factory=set)

    def application(self) -> web.Application:
        """Give the application to serve over HTTPS."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(_dress)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        asked = self._asked(request)
        if not self.cluster.hardware.node(asked).is_up:
            return _broken(request)
        self.running.add(id(request))
        try:
            response = await self._answered(request, asked)
        finally:
            self.running.discard(id(request))
        return compressed(request, response) if self.gzips else response

    def _asked(self, request: web.Request) -> int:
        """Give the logical number of the node that a request came to."""
        transport = request.transport
        address = "" if transport is None else str(transport.get_extra_info("sockname")[0])
        return self.nodes.get(address, 0) or self.cluster.hardware.local.lnn

    async def _answered(self, request: web.Request, asked: int) -> web.StreamResponse:
        await self._wait(asked)
        raw = await request.read()
        exchange = _Exchange(self, request, raw, asked)
        fault = self.faults.take(request.method, request.path, asked)
        if fault is not None:
            return await self._spoilt(exchange, fault)
        response = exchange.answer()
        if exchange.delay:
            await self.clock.sleep(exchange.delay)
        self._record(exchange, response.status)
        return response

    async def _wait(self, asked: int) -> None:
        """Be as slow as the node is; one that hangs never answers."""
        condition = self.cluster.conditions.of(asked)
        if condition.hung:
            await asyncio.get_running_loop().create_future()
        if condition.delay:
            await self.clock.sleep(condition.delay)

    async def _spoilt(self, exchange: _Exchange, fault: Fault) -> web.StreamResponse:
        status = 0
        try:
            response = await spoil(exchange.request, fault, exchange.answer, self.clock)
            status = 0 if fault.kind == "close" else response.status
        finally:
            self._record(exchange, status)
        return response

    def _record(self, exchange: _Exchange, status: int) -> None:
        request = exchange.request
        cookie = request.cookies.get(COOKIE)
        session = None if cookie is None else cookie[:_PREFIX]
        record = RequestRecord(
            self.cluster.elapsed, request.method, request.path, request.query_string, exchange.user, status, session, exchange.lnn
        )
        self.records.add(record)


def _broken(request: web.Request) -> web.Response:
    """Break the connection to a node that went down meanwhile."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


class _Exchange:
    """One request on its way through: who asks becomes known while it is answered."""

    def __init__(self, api: PlatformApi, request: web.Request, raw: bytes, lnn: int) -> None:
        self.request = request
        self.user: str | None = None
        self.lnn = lnn
        self.delay = 0.0
        self._api = api
        self._raw = raw
        self._bound = lnn if api.nodes else ANY_NODE

    def answer(self) -> web.Response:
        """Give the true answer; `delay` is then how many seconds late it is."""
        refused = too_long(self.request) or self._too_many()
        if refused is not None:
            return refused
        try:
            return self._route()(self._body())
        except PapiError as refusal:
            return plain(refusal.answer())

    def _too_many(self) -> web.Response | None:
        if self._api.most is None or len(self._api.running) <= self._api.most:
            return None
        busy = PapiError(HTTPStatus.SERVICE_UNAVAILABLE, "AEC_SYSTEM_BUSY", "The system is busy, try again later")
        response = plain(busy.answer())
        response.headers["Retry-After"] = f"{_COME_AGAIN:.0f}"
        return response

    def _route(self) -> Callable[[object], web.Response]:
        path = self.request.rel_url.raw_path
        if path.rstrip("/") == _SESSION:
            return self._session
        if path.startswith(_PLATFORM):
            return self._platform
        raise not_found(f"Path not found: {path}")

    def _body(self) -> object:
        if not self._raw:
            return None
        try:
            return json.loads(self._raw)
        except ValueError as problem:
            raise bad_request("The body is not valid JSON") from problem

    def _platform(self, body: object) -> web.Response:
        api, request = self._api, self.request
        if api.cluster.troubled:
            api.cluster.settle()  # an incident may have ended sessions by now
        login = login_of(request, api.sessions, api.cluster.elapsed, self._bound)
        if login is None:
            self.user = attempted_user(request, None)
            return unauthorized()
        self.user = login.account.name
        path = request.rel_url.raw_path.removeprefix(_PLATFORM)
        answer = dispatch(api.cluster, Request(request.method, path, _query(request), body, login.account, self.lnn))
        self.delay = answer.delay
        return _with_cookie(plain(answer), login)

    def _session(self, body: object) -> web.Response:
        if self.request.method == "POST":
            self.user = attempted_user(self.request, body)
            return open_session(self._api.sessions, body, self._api.cluster.elapsed, self._bound)
        return self._own_session()

    def _own_session(self) -> web.Response:
        """Answer GET and DELETE; neither needs the CSRF token (the SDK's logout sends none)."""
        now = self._api.cluster.elapsed
        found = self._api.sessions.find(self.request.cookies.get(COOKIE, ""), now, self._bound)
        if found is None:
            return unauthorized()
        self.user = found.session.account.name
        if self.request.method == "GET":
            shown = show_session(self._api.sessions, found.session, now)
            return _with_cookie(shown, Login(found.session.account, found.session, found.replacement))
        if self.request.method == "DELETE":
            self._api.sessions.end(found.session)
            return web.Response(status=HTTPStatus.NO_CONTENT)
        raise PapiError(
            HTTPStatus.METHOD_NOT_ALLOWED, "AEC_METHOD_NOT_ALLOWED", f"Method {self.request.method} is not allowed here"
        )


def _query(request: web.Request) -> Query:
    values: dict[str, Sequence[str]] = {name: request.query.getall(name) for name in request.query}
    return Query(values)


def _with_cookie(response: web.Response, login: Login) -> web.Response:
    if login.replacement is not None:
        response.headers.add("Set-Cookie", session_cookie(login.replacement))
    return response


async def _dress(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "Apache"
    response.headers["Strict-Transport-Security"] = "max-age=31536000;"
    response.headers["X-Content-Type-Options"] = "nosniff"
