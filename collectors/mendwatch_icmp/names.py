"""Names to addresses: a few at a time, kept for a while, never for longer than a poll can wait.

A resolver that hangs holds threads of this provider alone. A name that does not resolve is known as such; one whose turn
did not come is unknown, which is not the same.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import icmplib
from icmplib.exceptions import NameLookupError

from mendwatch.clock import Clock
from mendwatch_icmp.steps import in_steps
from mendwatch_icmp.wire import Address

#: Names that are looked up at a time.
PARALLEL = 16
#: Seconds that all lookups of a poll may take together.
LOOKUP = 8.0
#: Seconds that an answer is kept: a name that does not resolve is asked for again sooner.
KEPT, KEPT_MISSING = 300.0, 30.0

_FAMILIES = {"any": None, "ipv4": 4, "ipv6": 6}


class Names:
    """The addresses of names, for one target."""

    def __init__(self, family: str, clock: Clock) -> None:
        self._family, self._clock = _FAMILIES[family], clock
        #: Those that are IP addresses themselves.
        self.literals: set[str] = set()
        self._known: dict[str, tuple[float, Address | None]] = {}
        self._asked: dict[str, asyncio.Future[None]] = {}
        self._threads = ThreadPoolExecutor(PARALLEL, thread_name_prefix="mendwatch-names")

    async def resolve(self, names: Iterable[str]) -> Mapping[str, Address | None]:
        """Give the address of each name, None where it has none; what is not known in time is missing.

        An answer that is too old counts as long as the new one is not there.
        """
        wanted = list(names)
        fresh = await in_steps(self._fresh, wanted)
        open_questions = [self._ask(name) for name, known in zip(wanted, fresh, strict=True) if not known]
        if open_questions:
            await asyncio.wait(open_questions, timeout=LOOKUP)
        return {name: self._known[name][1] for name in wanted if name in self._known}

    def close(self) -> None:
        """Wait for nobody; a lookup that hangs ends with its thread."""
        for question in self._asked.values():
            question.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fresh(self, name: str) -> bool:
        if name not in self._known and (literal := address_of(name)) is not None:
            self.literals.add(name)
            self._known[name] = (math.inf, literal)
        until, _ = self._known.get(name, (-math.inf, None))
        return self._clock.monotonic() < until

    def _ask(self, name: str) -> asyncio.Future[None]:
        """Ask, unless the answer to an earlier poll's question is still due."""
        if name not in self._asked:
            self._asked[name] = asyncio.ensure_future(self._look_up(name))
        return self._asked[name]

    async def _look_up(self, name: str) -> None:
        try:
            found = await self._in_a_thread(name)
            self._known[name] = (self._clock.monotonic() + (KEPT if found else KEPT_MISSING), found)
        finally:
            self._asked.pop(name, None)

    def _in_a_thread(self, name: str) -> asyncio.Future[Address | None]:
        return asyncio.get_running_loop().run_in_executor(self._threads, _first, name, self._family)


def address_of(text: str) -> Address | None:
    """Give an IP address as sockets want it, or None for a name. The number of a link may follow (`fe80::1%eth0`)."""
    with suppress(ValueError):
        address = ipaddress.ip_address(text)
        if isinstance(address, ipaddress.IPv4Address):
            return (str(address), 0)
        plain = socket.inet_ntop(socket.AF_INET6, address.packed)  # as the kernel spells it
        return (plain, 0, 0, _link(address.scope_id))
    return None


def _link(scope: str | None) -> int:
    if not scope:
        return 0
    with suppress(OSError):
        return int(scope) if scope.isdigit() else socket.if_nametoindex(scope)
    return 0


def _first(name: str, family: int | None) -> Address | None:
    """Ask the system's resolver; runs in a thread."""
    with suppress(NameLookupError, UnicodeError, ValueError):
        for found in icmplib.resolve(name, family):
            return address_of(found)
    return None
