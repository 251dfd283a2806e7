"""Echo requests by icmplib, and nothing of metrics. The only module that imports it.

Its summary is not used: it says 0.0 ms for a host that never answered, and no loss for one to which no packet could be
sent. What is counted here is requests wanted and replies seen.
"""

from __future__ import annotations

import asyncio
import ipaddress
from dataclasses import dataclass

import icmplib
from icmplib.exceptions import ICMPLibError, NameLookupError, SocketPermissionError

from mendwatch.errors import Unreachable, Unsupported
from mendwatch_icmp.options import IcmpOptions

_FAMILIES = {"any": None, "ipv4": 4, "ipv6": 6}
#: Seconds that a name may take to resolve.
LOOKUP = 5.0
_PERMISSION_HINT = (
    "Give the agent the capability CAP_NET_RAW, or add its group to the kernel setting net.ipv4.ping_group_range "
    "(sysctl net.ipv4.ping_group_range='0 2147483647')."
)


@dataclass(frozen=True, slots=True)
class Echoes:
    """One round: requests wanted, and the round-trip times of the replies in seconds."""

    wanted: int
    times: tuple[float, ...]


async def resolve(name: str, options: IcmpOptions) -> str:
    """Give the IP address of a name; an address is its own.

    Raises:
        Unreachable: the name does not resolve.
    """
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        async with asyncio.timeout(LOOKUP):
            found = await icmplib.async_resolve(name, _FAMILIES[options.family])
    except (NameLookupError, TimeoutError, UnicodeError) as problem:
        raise Unreachable(
            f"the name {name!r} cannot be resolved", hint="Check the spelling, the option family and the DNS servers."
        ) from problem
    return str(found[0])


async def ping(address: str, options: IcmpOptions) -> Echoes:
    """Send one round of echo requests, through a raw socket where that is allowed, else through an unprivileged one.

    Raises:
        Unsupported: neither kind of socket is allowed here.
        Unreachable: no socket for this kind of address can be made.
    """
    try:
        return await _ping(address, options, privileged=True)
    except SocketPermissionError:
        pass
    try:
        return await _ping(address, options, privileged=False)
    except SocketPermissionError as problem:
        raise Unsupported("ICMP is unavailable: no socket for it may be opened", hint=_PERMISSION_HINT) from problem


async def _ping(address: str, options: IcmpOptions, *, privileged: bool) -> Echoes:
    try:
        host = await icmplib.async_ping(
            address, count=options.count, interval=options.interval, timeout=options.timeout, privileged=privileged
        )
    except SocketPermissionError:
        raise
    except ICMPLibError as problem:
        hint = "Check that this machine has an address of the same family."
        raise Unreachable(f"no ICMP socket for {address}: {problem}", hint=hint) from problem
    return Echoes(options.count, tuple(milliseconds / 1000 for milliseconds in host.rtts))
