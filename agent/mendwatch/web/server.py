"""Serves the one ASGI application with uvicorn as tasks of our own loop.

uvicorn wants to be the process: it takes SIGINT and SIGTERM and ends the loop. Here it is one part among others, so it gets
its sockets, takes no signals and stops when it is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from mendwatch.errors import ConfigurationError
from mendwatch.web import tls

#: Seconds that requests in flight get to end.
GRACE = 2
#: Seconds from a connection, or from the first byte of its next request, to the end of that request's headers.
PATIENCE = 10
BACKLOG = 128


class _Impatient(H11Protocol):
    """uvicorn's side of one connection, ended when it never says what it wants: each takes one of the few files we may open."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait, and note whose certificate was verified: every request of this connection carries it."""
        super().connection_made(transport)
        extensions = tls.shown(transport.get_extra_info("peercert"))
        if extensions:
            self.app = _extended(self.app, extensions)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Wait for the rest of the headers, or no more."""
        before = self.scope
        super().data_received(data)
        if self.scope is not before:
            self._wait_no_more()
        elif self._waiting is None and self.cycle.response_complete:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(PATIENCE, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def _extended(app: ASGIApp, extensions: dict[str, str]) -> ASGIApp:
    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {**scope.get("extensions", {}), **extensions}}, receive, send)

    return call


class _Quiet(uvicorn.Server):
    """uvicorn without its hands on the process' signals."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """End soon."""
        self.should_exit = True
        self._leaving.set()

    async def main_loop(self) -> None:
        """Renew the headers' date every second until it is to end; uvicorn itself would wake ten times as often to look."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self._leaving.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none: the service decides what SIGTERM means."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; where uvicorn would end the whole process, raise instead."""
        try:
            await super().serve(sockets)
        except SystemExit as problem:
            message = "the web application did not start"
            raise RuntimeError(message) from problem


class WebServer:
    """Listens on one address. Start it once and stop it once, inside the running loop."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._host, self._port = host, port
        self._scheme = "http" if tls is None else "https"
        self._server = _Quiet(
            uvicorn.Config(
                app,
                http=_Impatient,
                lifespan="on",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE,
                ssl_context_factory=None if tls is None else lambda *_: tls,
            )
        )
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port that is listened on; the free one that was taken where 0 was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """The address as a person would type it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self._port}"

    async def start(self) -> None:
        """Bind, start the application's lifespan and accept requests; returns when the first one would be answered.

        Raises:
            ConfigurationError: the address cannot be listened on, or the application did not start.
        """
        self._socket = _bind(self._host, self._port)
        self._port = self._socket.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._task.done():
                self._close_socket()
                problem = self._task.exception()
                raise ConfigurationError("the web application did not start", hint="The log says why.") from problem
            await asyncio.sleep(0.005)

    async def wait(self) -> None:
        """Wait until the server has ended, whoever ended it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def stop(self) -> None:
        """Take no new requests, give those in flight GRACE seconds, and end."""
        if self._task is None:
            return
        self._server.leave()
        try:
            await self._task
        finally:
            self._close_socket()

    def _close_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named, not 0: asyncio turns Nagle's delay off only where the protocol says TCP. It cost 40 ms on every answer.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as problem:
        made.close()
        raise ConfigurationError(
            f"cannot listen on {host} port {port}: {problem.strerror or problem}",
            hint="Choose another address in `listen`; port 0 takes a free one.",
        ) from problem
    made.setblocking(False)  # noqa: FBT003 - the socket's own signature
    return made
