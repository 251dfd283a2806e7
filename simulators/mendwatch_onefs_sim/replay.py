"""A recording served as if it were the cluster: the same answers to the same questions, over HTTPS, behind a login.

Any password is right: the recording has none. A question that was not asked when it was recorded is unknown here.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from mendwatch.clock import SystemClock
from mendwatch.errors import UserError
from mendwatch.provider import DemoTarget, Replay
from mendwatch_onefs_sim.answers import Answer, not_found
from mendwatch_onefs_sim.certificates import Certificates, make_certificates
from mendwatch_onefs_sim.listeners import Listeners
from mendwatch_onefs_sim.logins import COOKIE, CSRF_COOKIE
from mendwatch_onefs_sim.wire import plain, unauthorized

#: The files of a recording, as the provider writes them.
EXCHANGES, ABOUT = "exchanges.jsonl", "about.json"
#: The newest form of them that is understood; the first ones did not say theirs.
_FORM = 1
_SESSION = "/session/1/session"
_LIFE = 14_400
_LAST_STATUS = 599
#: What the configuration takes as the name of a target.
_LONGEST_NAME = 63
_HINT = "Name a folder that `mendwatch record` wrote for a OneFS cluster."

Key = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One answer of a recording; a body of text stands as it was sent, any other is JSON."""

    status: int
    kind: str
    body: object

    def response(self) -> web.Response:
        """Give it as HTTP."""
        if isinstance(self.body, str):
            kind = self.kind.partition(";")[0].strip()
            return web.Response(status=self.status, text=self.body, content_type=kind or None)
        return plain(Answer(self.status, self.body))


class Recording:
    """The exchanges by question; of one question that was asked twice, the later answer."""

    def __init__(self, folder: Path) -> None:
        """Read a recording.

        Raises:
            UserError: the folder holds none, a broken one, or one of a newer form.
        """
        try:
            self.about: Mapping[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
            form = int(self.about.get("form", _FORM))
            # Not `splitlines`: text may hold other characters that end a line for it.
            lines = (folder / EXCHANGES).read_text("utf-8").split("\n")
            self._answers = dict(_exchange(json.loads(line)) for line in lines if line)
            self.name = str(self.about["name"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise UserError(f"{folder} holds no recording of a OneFS cluster", hint=_HINT) from problem
        if form > _FORM:
            raise UserError(f"{folder} was recorded by a newer release", hint="Replay it with that release of mendwatch.")

    def answer(self, method: str, path: str, query: Mapping[str, str]) -> web.Response:
        """Answer one question."""
        found = self._answers.get(_key(method, path, query))
        return found.response() if found else plain(not_found(f"Not in this recording: {method} {path}").answer())


def _exchange(line: Mapping[str, Any]) -> tuple[Key, Exchange]:
    """Read one line.

    Raises:
        ValueError, KeyError, TypeError, AttributeError: it is none.
    """
    status = int(line["status"])
    if not HTTPStatus.OK <= status <= _LAST_STATUS:
        message = f"{status} is no status of an answer"
        raise ValueError(message)
    return _key(line["method"], line["path"], line["query"]), Exchange(status, str(line["kind"]), line["body"])


def _key(method: str, path: str, query: Mapping[str, str]) -> Key:
    return method, path, frozenset(query.items())


def _name(cluster: str) -> str:
    """Give a name for the stanza: a cluster that does not tell its own is named by its address."""
    return f"replay-{re.sub('[^A-Za-z0-9._-]+', '-', cluster)}"[:_LONGEST_NAME]


class Replayed:
    """Serves a recording; start it once and stop it once."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._cookie = secrets.token_urlsafe(24)
        self._recording: Recording | None = None

    async def start(self, folder: Path) -> DemoTarget:
        """Serve what a folder holds.

        Raises:
            UserError: it holds no recording of a OneFS cluster.
        """
        self._recording = Recording(folder)
        place = Path(tempfile.mkdtemp(prefix="mendwatch-replay-"))
        self._stack.callback(shutil.rmtree, place, ignore_errors=True)
        certificates = make_certificates(place, SystemClock().now())
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        served = await self._stack.enter_async_context(Listeners(app, _tls(certificates)))
        stanza = {
            "name": _name(self._recording.name),
            "provider": "onefs",
            "address": served.url,
            "credentials": {"read": {"username": "replay", "password": "replay"}},
            "options": {"ca_file": str(certificates.ca_file)},
        }
        remark = f"OneFS {self._recording.about.get('release')}, recorded {self._recording.about.get('recorded')}"
        return DemoTarget((stanza,), (remark,))

    async def stop(self) -> None:
        """Serve no more, and remove the certificates."""
        await self._stack.aclose()

    async def _handle(self, request: web.Request) -> web.Response:
        if request.path == _SESSION:
            return self._session(request)
        if request.cookies.get(COOKIE) != self._cookie or self._recording is None:
            return unauthorized()
        return self._recording.answer(request.method, request.path, dict(request.query))

    def _session(self, request: web.Request) -> web.Response:
        if request.method == "DELETE":
            return web.Response(status=HTTPStatus.NO_CONTENT)
        body = {"services": ["platform"], "timeout_absolute": _LIFE, "timeout_inactive": 900, "username": "replay"}
        response = plain(Answer(HTTPStatus.CREATED, body))
        response.set_cookie(COOKIE, self._cookie, path="/", secure=True, httponly=True)
        response.set_cookie(CSRF_COOKIE, self._cookie, path="/", secure=True)
        return response


def _tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificates.certificate_file, certificates.key_file)
    return context


#: What the command finds by its entry point, and makes one of.
REPLAY: type[Replay] = Replayed
