"""The session of a target: its addresses, what their names resolve to, and the layouts that its readings keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mendwatch.clock import Clock
from mendwatch.model.samples import Layout, MetricSpec
from mendwatch.model.targets import Identity, Target
from mendwatch_icmp.addresses import endpoints_of
from mendwatch_icmp.names import Names
from mendwatch_icmp.options import IcmpOptions
from mendwatch_icmp.steps import layouts_of
from mendwatch_icmp.wire import Address

#: Makes the label values of each series.
Labels = Callable[[], Sequence[tuple[str, ...]]]


class IcmpSession:
    """All addresses of one target. No socket is open between two polls."""

    def __init__(self, target: Target, options: IcmpOptions, clock: Clock) -> None:
        self.options, self.clock = options, clock
        self.endpoints = endpoints_of(target.address, options.addresses)
        self._own = target.address
        self._names = Names(options.family, clock)
        self._layouts: dict[str, tuple[Layout, ...]] = {}

    async def identify(self) -> Identity:
        """Give the address that the target's own name has now; whether anything answers is for the collectors to say."""
        found = (await self._names.resolve([self._own])).get(self._own)
        return Identity(self._own, "ICMP", "", frozenset({f"address:{found[0]}"} if found else ()))

    async def resolve(self) -> Mapping[str, Address | None]:
        """Give the IP address of each endpoint: None where its name has none, nothing where that is not known yet."""
        return await self._names.resolve(one.address for one in self.endpoints)

    def is_name(self, address: str) -> bool:
        """Tell whether an address that was resolved is a name, and not an IP address itself."""
        return address not in self._names.literals

    async def layouts(self, collector: str, metrics: Sequence[MetricSpec], labels: Labels) -> tuple[Layout, ...]:
        """Give the layouts of a collector's readings, one for each metric: ever the same, because a session's addresses stay."""
        if collector not in self._layouts:
            self._layouts[collector] = await layouts_of(metrics, labels())
        return self._layouts[collector]

    async def close(self) -> None:
        """Let go of the names."""
        self._names.close()
