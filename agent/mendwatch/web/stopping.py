"""`POST /-/stop-runs` and `POST /-/allow-runs`: the kill switch over HTTP, for whoever has a token that may.

Stopping is easy, allowing is not: an operator's token stops, only an approver's allows again, and never a model's. It knows HTTP
and who may; what stopping is, others know. Every attempt with a token is audited, also one that is refused.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mendwatch.errors import MendwatchError
from mendwatch.model.principals import PERMISSIONS, Permission, Principal, Token

STOP_PATH, ALLOW_PATH = "/-/stop-runs", "/-/allow-runs"
PATHS = (STOP_PATH, ALLOW_PATH)
_HOW = "Send the token of an approver as `Authorization: Bearer TOKEN`; an operator's is enough to stop."
_REASON_SIGNS, _BODY_BYTES = 500, 4096


@dataclass(frozen=True, slots=True)
class Hands:
    """What the endpoints do: each is given the actor and the reason. `allow` tells whether runs had been stopped."""

    stop: Callable[[str, str], Awaitable[object]]
    allow: Callable[[str, str], Awaitable[bool]]
    refused: Callable[[str, str, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class StopRuns:
    """The endpoints."""

    authenticate: Callable[[str], Awaitable[Token | None]]
    hands: Hands

    async def answer(self, request: Request) -> Response:
        """Answer one request: 200, or why not."""
        try:
            scheme, _, secret = request.headers.get("authorization", "").partition(" ")
            token = await self.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
            if token is None:
                return _said(401, "a valid bearer token is needed", {"WWW-Authenticate": 'Bearer realm="mendwatch"'})
            return await self._done(request, token, await _reason(request))
        except MendwatchError as problem:
            return JSONResponse({"error": str(problem), "hint": problem.hint}, 503)

    async def _done(self, request: Request, token: Token, reason: str | None) -> Response:
        actor, path = Principal(token.name, "api").actor, request.url.path
        if not _may(token, path):
            await self.hands.refused(actor, path, f"a token of role {token.role} may not")
            return _said(403, f"a token of role {token.role} may not do this")
        if reason is None:
            return _said(400, 'the body is no JSON object such as {"reason": "..."}')
        if path == STOP_PATH:
            await self.hands.stop(actor, reason)
            return JSONResponse({"stopped": True, "by": actor, "reason": reason})
        return JSONResponse({"stopped": False, "was_stopped": await self.hands.allow(actor, reason)})


def _may(token: Token, path: str) -> bool:
    if path == STOP_PATH:
        return bool({Permission.PROPOSE, Permission.DECIDE} & PERMISSIONS[token.role])
    return Permission.DECIDE in PERMISSIONS[token.role] and not token.model


async def _reason(request: Request) -> str | None:
    """Read the reason; None where the body is not what it should be. No body is no reason."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES:
            return None
    if not body:
        return ""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    reason = found.get("reason", "") if isinstance(found, dict) else None
    return "".join(filter(str.isprintable, reason))[:_REASON_SIGNS] if isinstance(reason, str) else None


def _said(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error, "hint": _HOW}, status, headers)
