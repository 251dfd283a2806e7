"""The session of a target: its addresses, what their names resolve to, and the layouts that its readings keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mendwatch.clock import Clock
from mendwatch.model.samples import Layout
from mendwatch.model.targets import Identity, Target
from mendwatch_icmp.addresses import endpoints_of
from mendwatch_icmp.names import Names
from mendwatch_icmp.options import IcmpOptions
from mendwatch_icmp.wire import Address


class IcmpSession:
    """All addresses of one target. No socket is open between two polls."""

    def __init__(self, target: Target, options: IcmpOptions, clock: Clock) -> None:
        self.options, self.clock = options, clock
        self.endpoints = endpoints_of(target.address, options.addresses)
        self._own = target.address
        self._names = Names(options.family, clock)
        self._layouts: dict[str, Layout] = {}

    async def identify(self) -> Identity:
        """Give the address that the target's own name has now; whether anything answers is for the collectors to say."""
        found = (await self._names.resolve([self._own])).get(self._own)
        return Identity(self._own, "ICMP", "", frozenset({f"address:{found[0]}"} if found else ()))

    async def resolve(self) -> Mapping[str, Address | None]:
        """Give the IP address of each endpoint: None where its name has none, nothing where that is not known yet."""
        return await self._names.resolve(one.address for one in self.endpoints)

    def layout(self, collector: str, make: Callable[[], Layout]) -> Layout:
        """Give the layout of a collector's readings: ever the same one, because the addresses of a session stay."""
        if collector not in self._layouts:
            self._layouts[collector] = make()
        return self._layouts[collector]

    async def close(self) -> None:
        """Let go of the names."""
        self._names.close()
