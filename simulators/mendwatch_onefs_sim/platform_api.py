"""The Platform API over HTTP: a thin shell that logs in, hands a request to the resources and records it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    plain,
    session_cookie,
    show_session,
    unauthorized,
)
from mendwatch_onefs_sim.records import Records, RequestRecord
from mendwatch_onefs_sim.resources.dispatch import Request, dispatch
from mendwatch_onefs_sim.sessions import Sessions
from mendwatch_onefs_sim.spoiling import spoil

_PLATFORM = "/platform/"
_SESSION = "/session/1/session"
_PREFIX = 8


@dataclass(frozen=True, slots=True)
class PlatformApi:
    """What the API is made of."""

    cluster: Cluster
    sessions: Sessions
    faults: Faults
    records: Records
    clock: Clock

    def application(self) -> web.Application:
        """Give the application to serve over HTTPS."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(_dress)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        exchange = _Exchange(self, request, raw)
        fault = self.faults.take(request.method, request.path)
        if fault is None:
            response: web.StreamResponse = exchange.answer()
            self._record(exchange, response.status)
            return response
        return await self._spoilt(exchange, fault)

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
            self.cluster.elapsed, request.method, request.path, request.query_string, exchange.user, status, session
        )
        self.records.add(record)


class _Exchange:
    """One request on its way through: who asks becomes known while it is answered."""

    def __init__(self, api: PlatformApi, request: web.Request, raw: bytes) -> None:
        self.request = request
        self.user: str | None = None
        self._api = api
        self._raw = raw

    def answer(self) -> web.Response:
        """Give the true answer."""
        try:
            return self._route()(self._body())
        except PapiError as refusal:
            return plain(refusal.answer())

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
        login = login_of(request, api.sessions, api.cluster.elapsed)
        if login is None:
            self.user = attempted_user(request, None)
            return unauthorized()
        self.user = login.account.name
        path = request.rel_url.raw_path.removeprefix(_PLATFORM)
        answer = dispatch(api.cluster, Request(request.method, path, _query(request), body, login.account))
        return _with_cookie(plain(answer), login)

    def _session(self, body: object) -> web.Response:
        if self.request.method == "POST":
            self.user = attempted_user(self.request, body)
            return open_session(self._api.sessions, body, self._api.cluster.elapsed)
        return self._own_session()

    def _own_session(self) -> web.Response:
        """Answer GET and DELETE; neither needs the CSRF token (the SDK's logout sends none)."""
        now = self._api.cluster.elapsed
        found = self._api.sessions.find(self.request.cookies.get(COOKIE, ""), now)
        if found is None:
            return unauthorized()
        self.user = found.session.account.name
        if self.request.method == "GET":
            return _with_cookie(show_session(found.session, now), Login(found.session.account, found.session, found.replacement))
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
