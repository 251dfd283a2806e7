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
from starlette.types import ASGIApp

from mendwatch.errors import ConfigurationError

#: Seconds that requests in flight get to end.
GRACE = 2
BACKLOG = 128


class _Quiet(uvicorn.Server):
    """uvicorn without its hands on the process' signals."""

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
        self._server.should_exit = True
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
