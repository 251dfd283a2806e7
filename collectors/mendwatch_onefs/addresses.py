"""Where a cluster is: its base URL, and one node's IP address for as long as that answers.

OneFS sessions belong to the node that opened them, and a SmartConnect name gives another node each time it is
resolved. So a name is resolved once, and again only after the address failed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mendwatch.errors import ConfigurationError

#: Where the Platform API listens unless the address says otherwise.
PORT = 8080
#: An IP address and a port.
Node = tuple[str, int]
_HINT = "Write the address as host, host:port or https://host:port; a user name, a path or http do not belong there."


def base_url(address: str) -> URL:
    """Give `https://host:port` of an address as written in the configuration.

    Raises:
        ConfigurationError: the address cannot be one of a cluster.
    """
    try:
        url = URL(_with_scheme(address.strip()))
        port = url.explicit_port or PORT
    except ValueError:
        shown = address.rpartition("@")[2]  # what stands before it may be a password, and the library's words may quote it
        raise ConfigurationError(f"{shown!r} is no address of a cluster", hint=_HINT) from None
    extras = url.user or url.password or url.query_string or url.fragment or url.path not in {"", "/"}
    if url.scheme != "https" or not url.host or extras:
        raise ConfigurationError("the address of a cluster must be a host and a port only", hint=_HINT)
    return URL.build(scheme="https", host=url.host, port=port)


def _with_scheme(address: str) -> str:
    if "://" in address:
        return address
    return f"https://[{address}]" if _is_bare_ipv6(address) else f"https://{address}"


def _is_bare_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6  # noqa: PLR2004 - the version of the protocol
    except ValueError:
        return False


def places_of(url: URL, addresses: Sequence[IPv4Address | IPv6Address]) -> list[URL]:
    """Give where the nodes of a cluster are: each listed address, else the cluster's own."""
    return [url.with_host(str(address)) for address in addresses] or [url]


class PinnedResolver(AbstractResolver):
    """Resolves a name once and stays with that address for its whole life.

    `failed` is the memory of those that came before: the nodes that were given up, the longest ago first.
    """

    def __init__(self, inner: AbstractResolver, failed: list[Node], pinned: ResolveResult | None = None) -> None:
        """Resolve when first asked, unless `pinned` says already where it leads."""
        self._inner = inner
        self._failed = failed
        self.pinned = pinned

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Give one address: the pinned one, else the first that never failed, else the one that failed longest ago."""
        if self.pinned is None:
            found = await self._inner.resolve(host, port, family)
            if self.pinned is None:  # nobody was faster meanwhile
                self.pinned = min(found, key=self._failures)
        return [self.pinned]

    def give_up(self) -> bool:
        """Remember that the address did not answer; tell whether there was one, which an IP address never needs."""
        if self.pinned is None:
            return False
        node = _node(self.pinned)
        self._failed[:] = [*(other for other in self._failed if other != node), node]
        return True

    async def close(self) -> None:
        """Release the resolver behind this one."""
        await self._inner.close()

    def _failures(self, found: ResolveResult) -> int:
        node = _node(found)
        return self._failed.index(node) + 1 if node in self._failed else 0


def _node(found: ResolveResult) -> Node:
    return found["host"], found["port"]
