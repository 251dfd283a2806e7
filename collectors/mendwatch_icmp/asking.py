"""From names to tallies: resolves, opens the wires that are needed, sweeps, and says what was not possible.

What cannot be asked here (no socket of a family may be opened) is `unavailable`: no loss, no times, and never an error.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from mendwatch_icmp.fallback import sweep_few
from mendwatch_icmp.ledger import Tally
from mendwatch_icmp.sweep import Destination, Plan, Surroundings, sweep
from mendwatch_icmp.wire import Address, Wire, key, open_wire

FAMILIES = {socket.AF_INET: "ipv4", socket.AF_INET6: "ipv6"}
OpenWire = Callable[[socket.AddressFamily], Wire]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a sweep gave: a tally by address; by family, whether ICMP is available, and replies dropped by this machine."""

    tallies: Mapping[str, Tally] = field(default_factory=dict)
    available: Mapping[str, bool] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)


def family_of(address: Address) -> socket.AddressFamily:
    """Tell the family of an address as sockets want it."""
    return socket.AF_INET if len(address) == 2 else socket.AF_INET6  # noqa: PLR2004 - IPv4 has two parts


async def ask(addresses: Sequence[Address], plan: Plan, around: Surroundings, opening: OpenWire = open_wire) -> Answers:
    """Ask every address; two that are the same are asked once."""
    wanted = {key(address): address for address in addresses}
    if sys.platform != "linux":
        return await _ask_few(wanted, plan)
    with ExitStack() as stack:
        families = {host: family_of(address) for host, address in wanted.items()}
        wires = _open(set(families.values()), opening, stack)
        number = {family: at for at, family in enumerate(wires)}
        destinations = [
            Destination(host, address, number[families[host]]) for host, address in wanted.items() if families[host] in wires
        ]
        tallies = await sweep(list(wires.values()), destinations, plan, around) if destinations else {}
        dropped = {FAMILIES[family]: wire.dropped for family, wire in wires.items()}
        return Answers(tallies, _available(families.values(), wires), dropped)


def _open(families: set[socket.AddressFamily], opening: OpenWire, stack: ExitStack) -> dict[socket.AddressFamily, Wire]:
    wires: dict[socket.AddressFamily, Wire] = {}
    for family in families:
        try:
            wires[family] = opening(family)
        except OSError:
            continue
        stack.callback(wires[family].close)
    return wires


def _available(wanted: Iterable[socket.AddressFamily], having: Mapping[socket.AddressFamily, object]) -> dict[str, bool]:
    return {FAMILIES[family]: family in having for family in sorted(set(wanted))}


async def _ask_few(wanted: Mapping[str, Address], plan: Plan) -> Answers:
    families = [family_of(address) for address in wanted.values()]
    try:
        tallies = await sweep_few(list(wanted), plan)
    except OSError:
        return Answers(available=_available(families, {}))
    return Answers(tallies, _available(families, dict.fromkeys(FAMILIES)))
