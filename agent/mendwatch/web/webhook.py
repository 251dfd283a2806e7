"""Takes the alerts that Alertmanager and Grafana post, and answers 200 only when they are kept.

It knows HTTP: who may deliver, how large a message may be, which status makes a sender try again. What the alerts mean, others
know. A sender that was answered 4xx gives up, and one that was answered 503 comes again; so whatever is our own trouble is 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from mendwatch.alerting.foreign_messages import LARGEST, Message, MessageError, MessageTooLarge, reading
from mendwatch.alerting.slices import Steps
from mendwatch.clock import Clock
from mendwatch.errors import MendwatchError, Refused, StoreError
from mendwatch.model.principals import PERMISSIONS, Permission, Token
from mendwatch.web import tls

_log = structlog.get_logger("mendwatch.web")

#: From the path to who speaks there.
SOURCES = {"/webhook/alertmanager": "alertmanager", "/webhook/grafana": "grafana"}
#: Messages that are read at a time, and those that may wait for their turn: the memory of each is bounded, and so is their number.
_AT_ONCE, _WAITING = 2, 64
#: Seconds that a sender has for its message, and after which it may come again.
PATIENCE, AGAIN = 30.0, 5
_HOW_TO_COME_IN = "Make a token by `mendwatch token create --role source`, and send it as `Authorization: Bearer TOKEN`."


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message goes.

    `authenticate` gives the token of a secret, or None. `take` returns when everything is kept; it raises Refused or StoreError
    where nothing was. `count` counts a message by its source and what became of it.
    """

    authenticate: Callable[[str], Awaitable[Token | None]]
    take: Callable[[Message], Awaitable[None]]
    count: Callable[[str, str], None]


class _Answer(Exception):
    """A request that is answered with less than 200."""

    def __init__(self, status: int, result: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status, self.result, self.hint = status, result, hint

    def response(self) -> Response:
        headers = {401: {"WWW-Authenticate": 'Bearer realm="mendwatch"'}, 503: {"Retry-After": str(AGAIN)}}
        body = {"error": str(self), "hint": self.hint}
        return JSONResponse(body, self.status, headers.get(self.status))


class Webhook:
    """The endpoints, one for each source; both speak the same."""

    def __init__(self, delivery: Delivery, clock: Clock) -> None:
        self._to, self._clock = delivery, clock
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._store_answers = True

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        source = SOURCES[request.url.path]
        try:
            message = await self._taken(request, source)
        except _Answer as problem:
            self._to.count(source, problem.result)
            return problem.response()
        self._to.count(source, "taken")
        return JSONResponse({"alerts": len(message.alerts)})

    async def _taken(self, request: Request, source: str) -> Message:
        try:
            await self._admit(request)
            message = await self._in_turn(request, source)
        except StoreError as problem:
            self._note(problem)
            raise _Answer(503, "unavailable", str(problem), problem.hint) from problem
        except Refused as problem:
            raise _Answer(503, "refused", str(problem), problem.hint) from problem
        self._note(None)
        return message

    async def _admit(self, request: Request) -> None:
        """Let in who has a token that may deliver, or a certificate that was verified; nothing is read of anybody else."""
        header = request.headers.get("authorization")
        if header is None and tls.client_of(request.scope):
            return
        scheme, _, secret = (header or "").partition(" ")
        token = await self._to.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise _Answer(401, "unauthorized", "a valid bearer token is needed", _HOW_TO_COME_IN)
        if Permission.DELIVER not in PERMISSIONS[token.role]:
            raise _Answer(403, "unauthorized", f"a token of role {token.role} may not deliver alerts", _HOW_TO_COME_IN)

    async def _in_turn(self, request: Request, source: str) -> Message:
        if self._waiting >= _WAITING:
            raise _Answer(503, "busy", "too many messages wait", "Nothing to do: the sender tries again.")
        self._waiting += 1
        try:
            async with self._turns:
                message = await _finished(reading(await _body(request), source, self._clock.now()))
                await self._to.take(message)
                return message
        except MessageTooLarge as problem:
            raise _Answer(413, "too_large", str(problem), problem.hint) from problem
        except MessageError as problem:
            raise _Answer(400, "malformed", str(problem), problem.hint) from problem
        finally:
            self._waiting -= 1

    def _note(self, problem: MendwatchError | None) -> None:
        """Tell once that the store is gone, and once that it is back."""
        if problem is not None and self._store_answers:
            _log.warning("received alerts cannot be kept", reason=str(problem), hint=problem.hint)
        elif problem is None and not self._store_answers:
            _log.info("received alerts are kept again")
        self._store_answers = problem is None


async def _body(request: Request) -> bytes:
    """Read a message, and no more than is taken of one."""
    if int(request.headers.get("content-length") or 0) > LARGEST:
        raise MessageTooLarge("the message is too large")
    parts, size = [], 0
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                size += len(part)
                if size > LARGEST:
                    raise MessageTooLarge("the message is too large")
                parts.append(part)
    except TimeoutError as problem:
        raise _Answer(408, "malformed", f"the message did not come within {PATIENCE:g} s") from problem
    except ClientDisconnect as problem:
        raise _Answer(400, "malformed", "the message was cut off") from problem
    return b"".join(parts)


async def _finished(steps: Steps[Message]) -> Message:
    """Do all the work, with a turn of the loop between its slices."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            message: Message = end.value
            return message
        await asyncio.sleep(0)
