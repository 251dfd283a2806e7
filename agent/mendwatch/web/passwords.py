"""Basic authentication in front of everything but what has its own: a plain ASGI wrapper.

A bcrypt check costs a tenth of a second on purpose. It runs in a thread, few at a time, and a password that was right once
is remembered as a keyed hash, so that a scrape every 15 seconds costs nothing. It must not know what is behind it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping

import bcrypt
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Checks at a time: guessing must not take all threads from the agent.
_CHECKS = 2
#: Checks that may wait; a guesser beyond that is answered at once.
_WAITING = 16
#: bcrypt reads so many bytes of a password, and refuses longer ones by an error.
_LONGEST = 72
#: Checked against where there is no such user, so that the answer takes as long.
_NOBODY = bcrypt.hashpw(b"nobody", bcrypt.gensalt(10))


class BasicAuth:
    """Lets those in who know a password of `users` (name to bcrypt hash). `open_paths` have their own door."""

    def __init__(self, app: ASGIApp, users: Mapping[str, str], open_paths: Collection[str]) -> None:
        self._app = app
        self._users = {name: hashed.encode() for name, hashed in users.items()}
        self._open = frozenset(open_paths)
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        self._slots = asyncio.Semaphore(_CHECKS)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass; answer 401 otherwise."""
        if scope["type"] != "http" or scope["path"] in self._open:
            await self._app(scope, receive, send)
            return
        refusal = await self._refusal(Headers(scope=scope).get("authorization", ""))
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, header: str) -> PlainTextResponse | None:
        name, password = _credentials(header)
        if name is None:
            return _unauthorized()
        mark = hmac.new(self._key, password, hashlib.sha256).digest()
        if hmac.compare_digest(self._right.get(name, b""), mark):
            return None
        if self._waiting >= _WAITING:
            return PlainTextResponse("too many passwords at a time\n", 429, {"Retry-After": "5"})
        if not await self._checked(name, password):
            return _unauthorized()
        self._right[name] = mark
        return None

    async def _checked(self, name: str, password: bytes) -> bool:
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(_matches, password, self._users.get(name))
        finally:
            self._waiting -= 1


def _matches(password: bytes, hashed: bytes | None) -> bool:
    right = bcrypt.checkpw(password[:_LONGEST], hashed or _NOBODY)
    return right and hashed is not None and len(password) <= _LONGEST


def _credentials(header: str) -> tuple[str | None, bytes]:
    """Give name and password of an Authorization header; None where there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None, b""
    try:
        name, found, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode(), password) if found else (None, b"")
    except (binascii.Error, UnicodeDecodeError):
        return None, b""


def _unauthorized() -> PlainTextResponse:
    return PlainTextResponse("a user name and a password are needed\n", 401, {"WWW-Authenticate": 'Basic realm="mendwatch"'})
