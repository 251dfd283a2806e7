"""The conversation with one cluster: typed questions, one login behind them, every page of a list.

It knows OneFS' envelopes (errors, resume tokens, versions in paths) and nothing of what the fields mean.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import warnings
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from types import ModuleType
from typing import Any, Protocol, TypeVar

import msgspec

from mendwatch.clock import Clock, turn
from mendwatch.errors import AuthenticationFailed, BadAnswer, Unreachable, Unsupported
from mendwatch.model.targets import Credential, Target
from mendwatch_onefs import failures
from mendwatch_onefs.addresses import base_url
from mendwatch_onefs.decoding import decode, text, whole
from mendwatch_onefs.logins import Logins, Ticket
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.wire import Answer, Moved, Question, Wire

#: Items of one page. OneFS' own limit is higher; a thousand quotas are about a megabyte.
PAGE = 1000
#: Pages of one list: a cluster that gives more goes round in circles.
_MOST_PAGES = 1000
#: Times that one question is begun anew, because its node was left or its session had ended, before it fails.
_MOST_TRIES = 6
#: Bytes of an answer that others have a turn before it is decoded.
_LARGE = 256 * 1024


class Page(Protocol):
    """What every list of OneFS has."""

    resume: Any


T = TypeVar("T")
P = TypeVar("P", bound=Page)


class _Latest(msgspec.Struct):
    latest: Any = None


class OneFSClient:
    """An open conversation with one cluster. Nothing is asked before the first question."""

    def __init__(self, target: Target, options: OneFSOptions, credential: Credential | None, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self._secrets = (credential.password.reveal,) if credential else ()
        self._wire = Wire(base_url(target.address), options)
        self._logins = Logins(self._wire, credential, clock) if credential else None
        #: What the cluster runs, as of the last time it said; None until then.
        self.release: str | None = None
        self._latest: int | None = None
        self._latest_asked = False

    @property
    def where(self) -> str:
        """Host and port, as they stand in messages."""
        return self._wire.where

    def peer_certificate(self) -> bytes | None:
        """Give the certificate that the API showed in the newest TLS handshake (DER); None before the first."""
        return self._wire.certificate

    async def latest(self) -> int | None:
        """Give the newest version of the API here, or None for a release too old to tell; asked once."""
        if not self._latest_asked:
            with contextlib.suppress(Unsupported):
                answer = await self._get("/platform/latest", {})
                self._latest = whole(decode(answer.body, _Latest, "GET /platform/latest").latest)
            self._latest_asked = True
        return self._latest

    def runs(self, release: str) -> None:
        """Take note of what the cluster says it runs; after an upgrade, ask anew which API there is."""
        if release and release != self.release:
            self.forget_release()
            self.release = release

    def forget_release(self) -> None:
        """Ask anew which API there is: the cluster may have been upgraded."""
        self._latest, self._latest_asked = None, False

    async def get(self, version: int, resource: str, outline: type[T], query: Mapping[str, str] | None = None) -> T:
        """Read one resource in the given API version, or in the newest that this release has.

        Raises:
            TargetError: of the type that says when to try again.
        """
        path = await self._path(version, resource)
        answer = await self._get(path, query or {})
        if len(answer.body) > _LARGE:
            await turn()  # its end has just been read and put together
        return decode(answer.body, outline, f"GET {path}")

    async def body(self, version: int, resource: str, query: Mapping[str, str] | None = None) -> bytes:
        """Read one resource as `get` does, and leave the decoding to who knows a quicker way.

        Raises:
            TargetError: as `get`.
        """
        return (await self._get(await self._path(version, resource), query or {})).body

    async def offered(self, version: int, resource: str, outline: type[T], query: Mapping[str, str] | None = None) -> T | None:
        """Read one resource as `get` does; None where this release has no such resource.

        Raises:
            TargetError: as `get`, but never Unsupported.
        """
        try:
            return await self.get(version, resource, outline, query)
        except Unsupported:
            return None

    async def answer_of(self, path: str, query: Mapping[str, str]) -> Answer:
        """Read one path as it stands and give the whole answer; for those who decode it themselves.

        Raises:
            TargetError: as `get`.
        """
        return await self._get(path, query)

    async def pages(self, version: int, resource: str, outline: type[P], query: Mapping[str, str]) -> AsyncIterator[P]:
        """Read a list page by page, to its end.

        Raises:
            TargetError: as `get`; BadAnswer when the pages never end.
        """
        question = {"limit": str(PAGE), **query}
        seen: set[str] = set()
        while len(seen) < _MOST_PAGES:
            page = await self.get(version, resource, outline, question)
            yield page
            token = text(page.resume)
            if not token:
                return
            if token in seen:
                break
            seen.add(token)
            question = {"resume": token}  # OneFS refuses any other argument beside it
        raise BadAnswer(f"GET {resource}: the pages of this list never end")

    async def close(self) -> None:
        """Log out and let go of every connection; never raises."""
        try:
            if self._logins is not None:
                await self._logins.leave()
        finally:
            await self._wire.close()

    async def _path(self, version: int, resource: str) -> str:
        latest = await self.latest()
        return f"/platform/{min(version, latest or version)}/{resource}"

    async def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        question = Question("GET", path, query)
        ticket, answer = await self._admitted(question)
        secrets = (*(reveal() for reveal in self._secrets), ticket.session, ticket.csrf)
        failure = failures.of_answer(answer.status, answer.headers, answer.body, str(question), secrets)
        if failure is not None:
            raise failure
        return answer

    async def _admitted(self, question: Question) -> tuple[Ticket, Answer]:
        """Ask with a session; when that has ended, once more with a new one.

        Raises:
            AuthenticationFailed: the login is refused, or the new session is.
        """
        logins, refused = self._require_login(), None
        for _ in range(_MOST_TRIES):
            ticket = await (logins.ticket() if refused is None else logins.after_refused(refused))
            answer = await self._ask(logins, question, ticket)
            if answer is None:
                continue
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return ticket, answer
            if refused is not None and refused.serial != ticket.serial:
                raise logins.give_up()
            refused = ticket
        raise Unreachable(f"the nodes of {self.where} take connections and lose them again")

    async def _ask(self, logins: Logins, question: Question, ticket: Ticket) -> Answer | None:
        """Ask once; None when the session's node was left before the question's turn came, which needs another session."""
        proof = ticket.headers(str(self._wire.url.origin()))
        try:
            answer = await self._wire.exchange(replace(question, headers=proof, line=ticket.line))
        except Moved:
            return None
        if answer.status != HTTPStatus.UNAUTHORIZED:
            logins.absorb(ticket, answer)
        return answer

    def _require_login(self) -> Logins:
        if self._logins is None:
            raise AuthenticationFailed(
                f"no read credential for {self.where}", hint="Set credentials.read of this target in the configuration."
            )
        return self._logins


def sdk_package(release: str) -> ModuleType | None:
    """Give the package of the vendor's SDK for a release such as 9.5.0.3: the newest that is not newer; None for older ones.

    Raises:
        ImportError: the SDK is not installed.
    """
    import isilon_sdk  # noqa: PLC0415 - optional, and a second of import for its packages

    names = [name for _, name, _ in pkgutil.iter_modules(isilon_sdk.__path__) if name.startswith("v")]
    packages = {tuple(map(int, name[1:].split("_")[:2])): name for name in names}
    wanted = tuple(whole(part) or 0 for part in release.split(".")[:2])
    fitting = [version for version in packages if version <= wanted]
    with warnings.catch_warnings():  # its sources have escapes that Python has warned of for years
        warnings.simplefilter("ignore")
        return importlib.import_module(f"isilon_sdk.{packages[max(fitting)]}") if fitting else None
