"""Where a cluster is: its base URL, and one node's IP address for as long as that answers.

OneFS sessions belong to the node that opened them, and a SmartConnect name gives another node each time it is
resolved. So a name is resolved once, and again only after the address failed.
"""

from __future__ import annotations

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mendwatch.errors import ConfigurationError

#: Where the Platform API listens unless the address says otherwise.
PORT = 8080
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


class PinnedResolver(AbstractResolver):
    """Resolves a name once and stays with the first address until told that it failed."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner
        self._pinned: dict[tuple[str, int], ResolveResult] = {}
        self._failed: str | None = None

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Give one address: the pinned one, else the first that did not fail last."""
        known = self._pinned.get((host, port))
        if known is None:
            found = await self._inner.resolve(host, port, family)
            known = next((result for result in found if result["host"] != self._failed), found[0])
            self._pinned[(host, port)] = known
        return [known]

    def forget(self) -> None:
        """Let go of the pinned address, because it did not answer; another one is taken next time if there is one."""
        self._failed = next((result["host"] for result in self._pinned.values()), self._failed)
        self._pinned.clear()

    async def close(self) -> None:
        """Release the resolver behind this one."""
        await self._inner.close()
