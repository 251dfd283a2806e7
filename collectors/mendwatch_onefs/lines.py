"""The line to one node of a cluster: its connections, and when they are closed.

A session belongs to the node that opened it. So everything goes over one line until its node fails; then the whole line is
given up, and what is still under way on it may end. It must not know what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.connector import Connection
from aiohttp.resolver import DefaultResolver
from yarl import URL

from mendwatch_onefs.addresses import Node, PinnedResolver
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.trust import trust

#: Seconds that an idle connection is kept: longer than the usual interval, a TLS handshake costs more than a poll.
_KEEP_ALIVE = 60.0


class Witness(aiohttp.TCPConnector):
    """Makes connections, and remembers the certificate that the newest one showed (DER)."""

    certificate: bytes | None = None

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the library's own argument
    ) -> Connection:
        """Give a connection for a request, a new one or one that is kept."""
        connection = await super().connect(req, traces, timeout)
        tls = connection.transport.get_extra_info("ssl_object") if connection.transport is not None else None
        if tls is not None:
            self.certificate = tls.getpeercert(binary_form=True)
        return connection


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a line leads: the address, and the node that its name was resolved to, if it is a name."""

    place: URL
    node: ResolveResult | None = None


class Line:
    """Connections to one node, used with `async with` by each exchange; closed after the last one once it is given up."""

    def __init__(self, options: OneFSOptions, whereabouts: Whereabouts, failed: list[Node], *, others: bool = False) -> None:
        """Open no connection yet; `failed` remembers the nodes that failed over all lines, `others` tells whether there are more.

        Raises:
            Unreachable: the CA file cannot be used.
        """
        self.place = whereabouts.place
        self._others = others
        self._resolver = PinnedResolver(DefaultResolver(), failed, whereabouts.node)
        self._connector = Witness(
            ssl=trust(options),
            resolver=self._resolver,
            use_dns_cache=False,
            limit=options.concurrency,
            keepalive_timeout=_KEEP_ALIVE,
        )
        self.http = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # The wire has the one deadline; a place that does not even answer a connection leaves time for another one.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=options.timeout / 3 if others else None),
            headers={"Accept": "application/json", "User-Agent": "mendwatch"},
        )
        self._users = 0
        self._given_up = False

    async def __aenter__(self) -> Self:
        self._users += 1
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._users -= 1
        if self._given_up and not self._users:
            await self.close()

    @property
    def whereabouts(self) -> Whereabouts:
        """Where it leads, for somebody who has to come back."""
        return Whereabouts(self.place, self._resolver.pinned)

    @property
    def certificate(self) -> bytes | None:
        """The certificate that the newest connection showed (DER); None before the first."""
        return self._connector.certificate

    def give_up(self) -> bool:
        """Take no more exchanges, because the node failed; tell whether there can be another node to go to."""
        self._given_up = self._resolver.give_up() or self._others
        return self._given_up

    async def close(self) -> None:
        """Let go of every connection."""
        await self.http.close()
        await self._resolver.close()
