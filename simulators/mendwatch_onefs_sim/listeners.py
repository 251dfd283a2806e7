"""Listens for HTTPS on one or many addresses of this machine, all on one port; an address can be closed and opened again.

It serves any aiohttp application: a simulated cluster, or whatever else wants to look like one.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from aiohttp import web

HOST = "127.0.0.1"

_SHUTDOWN = 0.2
#: Free ports that are tried before giving up: each must be free at every address.
_TRIES = 20
#: aiohttp refuses longer lines by itself, with an answer that no cluster gives; the application refuses what OneFS refuses.
_LINE = 65_536


class Listeners:
    """One application at some addresses; use it with `async with`. `port` is the one that was taken. No TLS is plain HTTP."""

    def __init__(
        self, application: web.Application, tls: ssl.SSLContext | None, addresses: Sequence[str] = (HOST,), port: int = 0
    ) -> None:
        self.port = port
        self._tls = tls
        self._addresses = tuple(addresses)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=_SHUTDOWN, max_line_size=_LINE, max_field_size=_LINE
        )
        self._servers: dict[str, asyncio.Server] = {}
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The base of what is served at the first address."""
        return f"{'http' if self._tls is None else 'https'}://{self._addresses[0]}:{self.port}"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            for listening in self._sockets():
                await self._serve(listening)
        except OSError:
            await self._end()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._end()

    def close(self, address: str) -> None:
        """Refuse new connections at an address and break those that there are."""
        server = self._servers.pop(address, None)
        if server is not None:
            server.close()
        self.abort(address)

    def abort(self, address: str) -> None:
        """Break every connection at an address, as a machine does that loses its power."""
        if self._runner.server is None:
            return
        for connection in self._runner.server.connections:
            transport = connection.transport
            if transport is not None and transport.get_extra_info("sockname")[0] == address:
                transport.abort()

    def open(self, address: str) -> None:
        """Take connections at an address again; `settled` waits until it does."""
        if address not in self._servers:
            task = asyncio.get_running_loop().create_task(self._serve(_bound(address, self.port)))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def settled(self) -> None:
        """Wait until every address that was opened takes connections."""
        await asyncio.gather(*self._opening)

    def _sockets(self) -> list[socket.socket]:
        """Bind every address to one port, another free one if the first is taken at a later address."""
        for _ in range(_TRIES - 1):
            try:
                return self._bind()
            except OSError:
                if self.port:
                    raise
        return self._bind()

    def _bind(self) -> list[socket.socket]:
        port, made = self.port, list[socket.socket]()
        try:
            for address in self._addresses:
                made.append(_bound(address, port))
                port = made[0].getsockname()[1]
        except OSError:
            for listening in made:
                listening.close()
            raise
        self.port = port
        return made

    async def _serve(self, listening: socket.socket) -> None:
        address = listening.getsockname()[0]
        loop = asyncio.get_running_loop()
        assert self._runner.server is not None  # noqa: S101 - set up in __aenter__
        self._servers[address] = await loop.create_server(self._runner.server, sock=listening, ssl=self._tls)

    async def _end(self) -> None:
        for task in self._opening:
            task.cancel()
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        await self._runner.cleanup()


def _bound(address: str, port: int) -> socket.socket:
    return socket.create_server((address, port), backlog=256)
