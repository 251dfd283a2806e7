"""A recording served as if it were the cluster: the same answers to the same questions, over HTTPS, behind a login.

Any password is right: the recording has none. A question that was not asked when it was recorded is unknown here.
"""

from __future__ import annotations

import json
import secrets
import shutil
import ssl
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
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
_SESSION = "/session/1/session"
_LIFE = 14_400
_HINT = "Name a folder that `mendwatch record` wrote for a OneFS cluster."

Key = tuple[str, str, frozenset[tuple[str, str]]]


class Recording:
    """The exchanges by question; of one question that was asked twice, the later answer."""

    def __init__(self, folder: Path) -> None:
        """Read a recording.

        Raises:
            UserError: the folder holds none, or a broken one.
        """
        try:
            self.about: Mapping[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
            lines = [json.loads(line) for line in (folder / EXCHANGES).read_text("utf-8").splitlines()]
            self._answers = {_key(one["method"], one["path"], one["query"]): one for one in lines}
            self.name = str(self.about["name"])
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise UserError(f"{folder} holds no recording of a OneFS cluster", hint=_HINT) from problem

    def answer(self, method: str, path: str, query: Mapping[str, str]) -> web.Response:
        """Answer one question."""
        found = self._answers.get(_key(method, path, query))
        if found is None:
            return plain(not_found(f"Not in this recording: {method} {path}").answer())
        if isinstance(found["body"], str):
            return web.Response(status=found["status"], text=found["body"], content_type=found["kind"].partition(";")[0] or None)
        return plain(Answer(found["status"], found["body"]))


def _key(method: str, path: str, query: Mapping[str, str]) -> Key:
    return method, path, frozenset(query.items())


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
            "name": f"replay-{self._recording.name}",
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
