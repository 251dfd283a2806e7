"""The line to one node of a cluster: its connections, and when they are closed.

A session belongs to the node that opened it. So everything goes over one line until its node fails; then the whole line is
given up, and what is still under way on it may end. It must not know what is asked.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.resolver import DefaultResolver

from mendwatch_onefs.addresses import Node, PinnedResolver
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.trust import trust

#: Seconds that an idle connection is kept: longer than the usual interval, a TLS handshake costs more than a poll.
_KEEP_ALIVE = 60.0


class Line:
    """Connections to one node, used with `async with` by each exchange; closed after the last one once it is given up."""

    def __init__(self, options: OneFSOptions, failed: list[Node]) -> None:
        """Open no connection yet; `failed` remembers the nodes that failed over all lines.

        Raises:
            Unreachable: the CA file cannot be used.
        """
        tls = trust(options)
        self._resolver = PinnedResolver(DefaultResolver(), failed)
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls,
                resolver=self._resolver,
                use_dns_cache=False,
                limit=options.concurrency,
                keepalive_timeout=_KEEP_ALIVE,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # the wire has the one deadline
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

    def give_up(self) -> bool:
        """Take no more exchanges, because the node failed; tell whether there can be another node behind the address."""
        self._given_up = self._resolver.give_up()
        return self._given_up

    async def close(self) -> None:
        """Let go of every connection."""
        await self.http.close()
        await self._resolver.close()
