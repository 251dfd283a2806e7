"""One login per cluster, shared by everybody who asks: single-flight, renewed once after a 401, never tried twice when refused.

An account must not be locked out by its own monitor. So a refused login is remembered, and every later question
fails from memory until the core opens a new session.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

import msgspec

from mendwatch.clock import Clock
from mendwatch.errors import AuthenticationFailed, BadAnswer, MendwatchError
from mendwatch.model.targets import Credential
from mendwatch_onefs import failures
from mendwatch_onefs.decoding import decode, quantity
from mendwatch_onefs.wire import Answer, Question, Wire

PATH = "/session/1/session"
_SESSION, _CSRF = "isisessid", "isicsrf"
#: Seconds before its absolute end at which a session is replaced.
MARGIN = 60.0
#: Sessions at nodes that were left which are remembered.
_REMEMBERED = 8
#: Seconds that leaving may take as a whole; the core waits 2 for a session to close.
_PARTING = 1.5
_LOGIN_HINT = (
    "Correct the user name and the password in the configuration. "
    "Nothing more is tried for an hour, so that the account is not locked."
)
_FORBIDDEN_HINT = (
    "The account needs ISI_PRIV_LOGIN_PAPI, and the cluster must allow sessions with a password (no single sign-on only)."
)
_STICKY_HINT = (
    "Sessions belong to one node: use a node's own address instead of a name or a balancer that leads to another node each time."
)


class _Granted(msgspec.Struct):
    timeout_absolute: Any = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A session of the cluster. `serial` counts logins; the cookies may be replaced within one. It is good on its `line` only."""

    serial: int
    session: str = field(repr=False)
    csrf: str = field(repr=False)
    renew_at: float | None
    line: int

    def headers(self, origin: str) -> dict[str, str]:
        """Give the headers that prove the session: cookie, CSRF token, origin."""
        cookies = {_SESSION: self.session, _CSRF: self.csrf}
        proof = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items() if value), "Origin": origin}
        return proof | ({"X-CSRF-Token": self.csrf} if self.csrf else {})

    def replaced(self, cookies: Mapping[str, str]) -> Ticket:
        """Give the ticket with the cookies that an answer set; withdrawn ones are ignored, a 401 tells soon enough."""
        return replace(self, session=cookies.get(_SESSION) or self.session, csrf=cookies.get(_CSRF) or self.csrf)


class Logins:
    """The login of one account at one cluster."""

    def __init__(self, wire: Wire, credential: Credential, clock: Clock) -> None:
        self._wire = wire
        self._credential = credential
        self._clock = clock
        self._ticket: Ticket | None = None
        self._serial = 0
        self._refusal: tuple[str, str] | None = None
        #: Tickets of nodes that were left, whose sessions are still there.
        self._abandoned: list[Ticket] = []
        self._entering: asyncio.Task[Ticket] | None = None

    async def ticket(self) -> Ticket:
        """Give a ticket that should be good, logging in where there is none or its end is near.

        Raises:
            AuthenticationFailed: the login was refused, now or before.
            TargetError: the login could not be made.
        """
        self._raise_refusal()
        ticket = self._ticket
        if ticket is not None and self._is_good(ticket):
            return ticket
        if ticket is not None and ticket.line != self._wire.line:
            self._abandoned, self._ticket = [*self._abandoned, ticket][-_REMEMBERED:], None
        return await self._entered()

    async def after_refused(self, used: Ticket) -> Ticket:
        """Give another ticket than one that was answered with 401: a newer one where somebody has it, else by a login."""
        if self._ticket == used:
            self._ticket = None
        return await self.ticket()

    def absorb(self, used: Ticket, answer: Answer) -> None:
        """Take the cookies of an answer to `used`, unless that login has been replaced meanwhile."""
        if self._ticket is not None and self._ticket.serial == used.serial and answer.cookies:
            self._ticket = self._ticket.replaced(answer.cookies)

    def give_up(self) -> AuthenticationFailed:
        """Remember that a fresh session was refused as well, and give the error to raise."""
        return self._refuse(f"{self._wire.where} refuses the session that it has just opened", _STICKY_HINT)

    async def leave(self) -> None:
        """Log out, if anybody is logged in, also where a node was left; never raises."""
        with contextlib.suppress(MendwatchError, TimeoutError):
            async with asyncio.timeout(_PARTING):
                await asyncio.gather(self._log_out(), *map(self._farewell, self._abandoned))

    async def _log_out(self) -> None:
        await self._awaited()
        await self._part()

    async def _farewell(self, ticket: Ticket) -> None:
        """End a session at a node that was left; the node may be gone, and then its session is as well."""
        with contextlib.suppress(MendwatchError):
            await self._wire.farewell(Question("DELETE", PATH, headers=self._proof(ticket), line=ticket.line))

    async def _awaited(self) -> None:
        """Wait for the login that is under way, because it leaves a session; end it when there is no more time."""
        entering = self._entering
        if entering is None:
            return
        try:
            await asyncio.wait({entering})
        finally:
            entering.cancel()

    async def _part(self) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is not None:
            await self._wire.exchange(Question("DELETE", PATH, headers=self._proof(ticket), line=ticket.line))

    def _is_good(self, ticket: Ticket) -> bool:
        young = ticket.renew_at is None or self._clock.monotonic() < ticket.renew_at
        return young and ticket.line == self._wire.line

    async def _entered(self) -> Ticket:
        """Wait for the one login that is under way, or start it. Who stops waiting does not stop the login."""
        if self._entering is None:
            self._entering = asyncio.create_task(self._enter())
            self._entering.add_done_callback(self._settle)
        return await asyncio.shield(self._entering)

    def _settle(self, task: asyncio.Task[Ticket]) -> None:
        self._entering = None
        if not task.cancelled():
            task.exception()  # seen, even if everybody has stopped waiting

    async def _enter(self) -> Ticket:
        answer = await self._wire.exchange(self._question())
        self._judge(answer)
        granted = decode(answer.body, _Granted, f"POST {PATH}")
        if not answer.cookies.get(_SESSION):
            raise BadAnswer(f"POST {PATH}: the answer sets no {_SESSION} cookie")
        self._serial += 1
        blank = Ticket(self._serial, "", "", self._renewal(quantity(granted.timeout_absolute)), answer.line)
        self._ticket = blank.replaced(answer.cookies)
        return self._ticket

    def _judge(self, answer: Answer) -> None:
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise self._refuse(f"{self._wire.where} refuses the login of {self._credential.username!r}", _LOGIN_HINT)
        if answer.status == HTTPStatus.FORBIDDEN:
            raise self._refuse(f"{self._wire.where} does not let {self._credential.username!r} open a session", _FORBIDDEN_HINT)
        secrets = (self._credential.password.reveal(),)
        failure = failures.of_answer(answer.status, answer.headers, answer.body, f"POST {PATH}", secrets)
        if failure is not None:
            raise failure

    def _question(self) -> Question:
        password = self._credential.password
        body = {"username": self._credential.username, "password": password.reveal(), "services": ["platform"]}
        return Question("POST", PATH, headers=self._base_headers(), body=msgspec.json.encode(body))

    def _base_headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "Origin": str(self._wire.url.origin())}

    def _proof(self, ticket: Ticket) -> dict[str, str]:
        return ticket.headers(str(self._wire.url.origin()))

    def _renewal(self, absolute: float | None) -> float | None:
        """Give when to log in anew: a minute before the end, half of the time for short ones; 0 and nothing are unknown."""
        if not absolute:
            return None
        return self._clock.monotonic() + absolute - min(MARGIN, absolute / 2)

    def _refuse(self, message: str, hint: str) -> AuthenticationFailed:
        self._refusal = (message, hint)
        self._ticket = None
        return AuthenticationFailed(message, hint=hint)

    def _raise_refusal(self) -> None:
        if self._refusal is not None:
            message, hint = self._refusal
            raise AuthenticationFailed(message, hint=hint)
