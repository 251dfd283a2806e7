"""Basic authentication in front of everything but what has its own: a plain ASGI wrapper.

A bcrypt check costs a tenth of a second on purpose. It runs in a thread, few at a time, and a password that was right once
is remembered as a keyed hash, so that a scrape every 15 seconds costs nothing. It must not know what is behind it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping

import bcrypt
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: Checks at a time: guessing must not take all threads from the agent.
_CHECKS = 2
#: Different passwords that may wait for their check, from one address and in all. A guesser beyond that is answered at once,
#: and one address alone cannot keep another from its turn.
_WAITING_OF_ONE, _WAITING = 4, 16
#: bcrypt reads so many bytes of a password, and refuses longer ones by an error.
_LONGEST = 72


class BasicAuth:
    """Lets those in who know a password of `users` (name to bcrypt hash, asked anew for every request).

    Nobody is asked as long as there are no users; once there were, a password is asked for until the agent ends.
    `open_paths` have their own door.
    """

    def __init__(self, app: ASGIApp, users: Callable[[], Mapping[str, str]], open_paths: Collection[str]) -> None:
        self._app, self._users = app, users
        self._open = frozenset(open_paths)
        self._asks = False
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}
        self._checks: dict[bytes, asyncio.Task[bool]] = {}
        self._of_address: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(_CHECKS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass; answer 401 otherwise."""
        users = self._users()
        self._asks = self._asks or bool(users)
        if not self._asks or scope["type"] == "lifespan" or scope["path"] in self._open:
            await self._app(scope, receive, send)
            return
        address = scope["client"][0] if scope.get("client") else ""
        refusal = await self._refusal(Headers(scope=scope).get("authorization", ""), users, address)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, header: str, users: Mapping[str, str], address: str) -> PlainTextResponse | None:
        name, password = _credentials(header)
        if name is None or not users:
            return _unauthorized()
        mark = self._mark(name, users.get(name), password)
        if hmac.compare_digest(self._right.get(name, b""), mark):
            return None
        check = self._checks.get(mark) or self._begun(mark, users, name, password, address)
        if check is None:
            return PlainTextResponse("too many passwords at a time\n", 429, {"Retry-After": "5"})
        # The check goes on if its caller leaves: its thread cannot be stopped, and its slot is taken until that ends.
        if not await asyncio.shield(check):
            return _unauthorized()
        self._right[name] = mark
        return None

    def _mark(self, name: str, hashed: str | None, password: bytes) -> bytes:
        """Give what stands for a user with this hash and this password; whoever has a new hash is checked anew."""
        parts = (name.encode(), (hashed or "").encode(), password)
        return hmac.new(self._key, b"".join(len(part).to_bytes(8) + part for part in parts), hashlib.sha256).digest()

    def _begun(self, mark: bytes, users: Mapping[str, str], name: str, password: bytes, address: str) -> asyncio.Task[bool] | None:
        """Begin a check, which everybody with the same password joins; None where too many wait."""
        if len(self._checks) >= _WAITING or self._of_address[address] >= _WAITING_OF_ONE:
            return None
        check = asyncio.create_task(self._checked(password, users, name))
        self._checks[mark] = check
        self._of_address[address] += 1
        check.add_done_callback(lambda _: self._ended(mark, address))
        return check

    def _ended(self, mark: bytes, address: str) -> None:
        del self._checks[mark]
        self._of_address[address] -= 1
        if not self._of_address[address]:
            del self._of_address[address]

    async def _checked(self, password: bytes, users: Mapping[str, str], name: str) -> bool:
        # An unknown name is checked against somebody's hash, so that the answer takes as long.
        hashed = users.get(name) or next(iter(users.values()))
        async with self._slots:
            return await asyncio.to_thread(_matches, password, hashed) and name in users


def _matches(password: bytes, hashed: str) -> bool:
    return bcrypt.checkpw(password[:_LONGEST], hashed.encode()) and len(password) <= _LONGEST


def _credentials(header: str) -> tuple[str | None, bytes]:
    """Give name and password of an Authorization header; None where there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None, b""
    try:
        name, found, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (name.decode(), password) if found else (None, b"")
    except ValueError:  # no base64, not even ASCII, or a name that is no UTF-8
        return None, b""


def _unauthorized() -> PlainTextResponse:
    return PlainTextResponse("a user name and a password are needed\n", 401, {"WWW-Authenticate": 'Basic realm="mendwatch"'})
