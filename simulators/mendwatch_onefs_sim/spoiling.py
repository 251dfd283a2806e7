"""Carries out faults on HTTP answers, one small function per kind, in a table."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web

from mendwatch.clock import Clock
from mendwatch_onefs_sim.answers import Answer, bad_request
from mendwatch_onefs_sim.faults import Fault
from mendwatch_onefs_sim.statistics.trouble import DEGRADED
from mendwatch_onefs_sim.wire import plain, unauthorized

#: Makes the true answer. A kind that spoils the way back calls it, one that refuses the request does not.
Truth = Callable[[], web.Response]
Spoiler = Callable[[web.Request, Fault, Truth, Clock], Awaitable[web.StreamResponse]]


async def spoil(request: web.Request, fault: Fault, truth: Truth, clock: Clock) -> web.StreamResponse:
    """Answer a request as the fault says."""
    return await SPOILERS[fault.kind](request, fault, truth, clock)


async def _html_401(_: web.Request, __: Fault, ___: Truth, ____: Clock) -> web.StreamResponse:
    return unauthorized()


async def _bare_array(_: web.Request, fault: Fault, __: Truth, ___: Clock) -> web.StreamResponse:
    body = [{"code": "AEC_FORBIDDEN", "message": "Access denied"}]
    return plain(Answer(fault.status or HTTPStatus.FORBIDDEN, body))


async def _truncated_body(request: web.Request, _: Fault, truth: Truth, __: Clock) -> web.StreamResponse:
    """Promise the whole body, send half of it, and close."""
    whole = truth()
    body = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(
        status=whole.status, headers={"Content-Type": "application/json", "Content-Length": str(len(body))}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    _close(request)
    return response


async def _hang(_: web.Request, fault: Fault, truth: Truth, clock: Clock) -> web.StreamResponse:
    await clock.sleep(fault.seconds)
    return truth()


async def _status(_: web.Request, fault: Fault, __: Truth, ___: Clock) -> web.StreamResponse:
    status = fault.status or HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(fault.body, str):
        response = web.Response(status=status, text=fault.body, content_type="text/html")
    else:
        response = plain(Answer(status, fault.body))
    response.headers.update(fault.headers)
    return response


async def _close_connection(request: web.Request, _: Fault, __: Truth, ___: Clock) -> web.StreamResponse:
    _close(request)
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


async def _lost_answer(request: web.Request, _: Fault, truth: Truth, __: Clock) -> web.StreamResponse:
    """Do what is asked; nobody learns of it."""
    truth()
    _close(request)
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE)


async def _garbage(_: web.Request, __: Fault, ___: Truth, ____: Clock) -> web.StreamResponse:
    return web.Response(body=b'\x00\xff{"stats": [\xc3(', content_type="application/json")


async def _content_type(_: web.Request, fault: Fault, truth: Truth, __: Clock) -> web.StreamResponse:
    response = truth()
    response.content_type = fault.content_type
    return response


async def _throttled(_: web.Request, fault: Fault, __: Truth, ___: Clock) -> web.StreamResponse:
    return _later(HTTPStatus.TOO_MANY_REQUESTS, fault)


async def _unavailable(_: web.Request, fault: Fault, __: Truth, ___: Clock) -> web.StreamResponse:
    return _later(HTTPStatus.SERVICE_UNAVAILABLE, fault)


def _later(status: int, fault: Fault) -> web.Response:
    errors = [{"code": "AEC_SYSTEM_BUSY", "message": "The system is busy, try again later"}]
    response = plain(Answer(status, {"errors": errors}))
    response.headers["Retry-After"] = f"{fault.seconds:.0f}"
    return response


async def _resume_expired(request: web.Request, _: Fault, truth: Truth, __: Clock) -> web.StreamResponse:
    """Refuse the next page of a list, but no first page."""
    return plain(bad_request("Invalid resume token", "resume").answer()) if "resume" in request.query else truth()


async def _stat_errors(_: web.Request, fault: Fault, truth: Truth, __: Clock) -> web.StreamResponse:
    """Give error codes in place of values: `body` has a code by key, `*` stands for every key."""
    codes = fault.body if isinstance(fault.body, dict) else {}
    response = truth()
    facts = json.loads(response.body) if isinstance(response.body, bytes) else {}
    for stat in facts.get("stats", ()):
        _fail(stat, codes.get(stat["key"], codes.get("*")))
    return plain(Answer(response.status, facts))


def _fail(stat: dict[str, object], code: int | None) -> None:
    if code is not None:
        stat.update(error_code=code, error="fault", value=stat["value"] if code == DEGRADED else None)


def _close(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


SPOILERS: Mapping[str, Spoiler] = MappingProxyType(
    {
        "html_401": _html_401,
        "bare_array": _bare_array,
        "truncated_body": _truncated_body,
        "hang": _hang,
        "status": _status,
        "close": _close_connection,
        "garbage": _garbage,
        "content_type": _content_type,
        "throttled": _throttled,
        "unavailable": _unavailable,
        "resume_expired": _resume_expired,
        "stat_errors": _stat_errors,
        "lost_answer": _lost_answer,
    }
)
