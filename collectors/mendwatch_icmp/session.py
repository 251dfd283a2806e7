"""The session of one address: nothing is kept between rounds but what was configured."""

from __future__ import annotations

from mendwatch.model.targets import Identity, Target
from mendwatch_icmp import pinger
from mendwatch_icmp.options import IcmpOptions


class IcmpSession:
    """One address. A name is resolved in every round, because it may move."""

    def __init__(self, target: Target, options: IcmpOptions) -> None:
        self._address = target.address
        self._options = options

    async def identify(self) -> Identity:
        """Give the address that the name has now; whether it answers is for the collector to say.

        Raises:
            Unreachable: the name does not resolve.
        """
        address = await pinger.resolve(self._address, self._options)
        return Identity(self._address, "ICMP", "", frozenset({f"address:{address}"}))

    async def ping(self) -> pinger.Echoes:
        """Send one round.

        Raises:
            TargetError: the name does not resolve, or ICMP is not available here.
        """
        return await pinger.ping(await pinger.resolve(self._address, self._options), self._options)

    async def close(self) -> None:
        """Nothing is open."""
