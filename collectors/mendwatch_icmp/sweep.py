"""One sweep: every address gets its echo requests, paced, over the wires that all share; the ledger keeps the account.

Everything that takes time asks the agent's Clock. What it sends on may be a test's.
"""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from mendwatch.clock import Clock
from mendwatch_icmp.ledger import Ledger, Tally
from mendwatch_icmp.losses import Loss
from mendwatch_icmp.pacing import Bucket
from mendwatch_icmp.stamps import Stamps, StepGuard, SystemStamps
from mendwatch_icmp.watch import readable
from mendwatch_icmp.wire import Address, Wire

#: Seconds until a full socket is tried again.
_RETRY = 0.005
#: This machine's own shortage, which says nothing about the address.
_SHORT = frozenset({errno.ENOBUFS, errno.ENOMEM})


class Destination(NamedTuple):
    """An address that is asked: as replies name it, as the socket wants it, and the number of its wire."""

    host: str
    address: Address
    wire: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Rounds of requests, seconds between them, seconds to wait for each reply, and requests a second."""

    count: int
    interval: float
    timeout: float
    rate: float


#: Sends the packet of a round to an address.
Send = Callable[[Address], object]
#: Calls back whenever one of the wires has something, as long as the context lasts.
Listen = Callable[[Sequence[Wire], Callable[[], None]], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sweep needs of the machine."""

    clock: Clock
    stamps: Stamps = field(default_factory=SystemStamps)
    listen: Listen = readable


async def sweep(
    wires: Sequence[Wire], destinations: Sequence[Destination], plan: Plan, around: Surroundings
) -> Mapping[str, Tally]:
    """Ask all, and give what each gave; takes the rounds and the timeout, or less if all have answered."""
    return await _Sweep(wires, destinations, plan, around).run()


class _Sweep:
    def __init__(self, wires: Sequence[Wire], destinations: Sequence[Destination], plan: Plan, around: Surroundings) -> None:
        self._wires, self._destinations, self._plan = wires, destinations, plan
        self._clock, self._stamps, self._listen = around.clock, around.stamps, around.listen
        self._guard = StepGuard(around.stamps)
        self._ledger = Ledger((one.host for one in destinations), plan.timeout)
        self._quiet = asyncio.Event()
        self._sending = True

    async def run(self) -> Mapping[str, Tally]:
        sequence = secrets.randbelow(1 << 16)
        with self._listen(self._wires, self._take):
            for number in range(self._plan.count):
                due = self._clock.monotonic() + self._plan.interval
                await self._round((sequence + number) & 0xFFFF)
                if number + 1 < self._plan.count:
                    await self._clock.sleep(due - self._clock.monotonic())
            await self._settle()
        self._ledger.close()
        return self._ledger.tallies

    async def _round(self, sequence: int) -> None:
        """Ask every address once; the socket may be full for as long as the timeout, then the rest is not asked."""
        ready = [partial(wire.send, wire.request(sequence)) for wire in self._wires]
        clock = self._clock
        bucket = Bucket(self._plan.rate, clock.monotonic())
        at, patience = 0, clock.monotonic() + self._plan.timeout
        while at < len(self._destinations):
            allowed = bucket.take(clock.monotonic(), len(self._destinations) - at)
            sent = self._burst(self._destinations[at : at + allowed], sequence, ready)
            at += sent
            if sent == allowed:
                patience = clock.monotonic() + self._plan.timeout
                await clock.sleep(0 if allowed else bucket.wait(len(self._destinations) - at))
            elif clock.monotonic() < patience:
                await clock.sleep(_RETRY)
            else:
                self._give_up(at)
                return

    def _burst(self, destinations: Sequence[Destination], sequence: int, ready: Sequence[Send]) -> int:
        """Send to these; give how many before the socket was full."""
        self._look_at_the_clock()
        waiting, real = self._ledger.round(sequence), self._stamps.real
        for number, (host, address, wire) in enumerate(destinations):
            stamp = real()
            try:
                ready[wire](address)
            except BlockingIOError:
                return number
            except OSError:
                self._again(destinations[number], sequence, ready[wire])
            else:
                waiting[host] = stamp
        return len(destinations)

    def _again(self, one: Destination, sequence: int, send: Send) -> None:
        """Send once more: the first error may have been the answer to an earlier request, to somebody else."""
        self._receive(self._wires[one.wire])
        stamp = self._stamps.real()
        try:
            send(one.address)
        except OSError as problem:
            short = isinstance(problem, BlockingIOError) or problem.errno in _SHORT
            self._ledger.refuse(one.host, Loss.NOT_SENT if short else Loss.UNSENDABLE)
        else:
            self._ledger.round(sequence)[one.host] = stamp

    def _give_up(self, at: int) -> None:
        for one in self._destinations[at:]:
            self._ledger.refuse(one.host, Loss.NOT_SENT)

    async def _settle(self) -> None:
        """Wait for the last replies; then take those that arrived in time and were not read yet."""
        self._sending = False
        self._take()
        waiters = [asyncio.ensure_future(self._quiet.wait()), asyncio.ensure_future(self._clock.sleep(self._plan.timeout))]
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
        self._take()

    def _take(self) -> None:
        self._look_at_the_clock()
        for wire in self._wires:
            self._receive(wire)
        if not self._sending and not self._ledger.waiting:
            self._quiet.set()

    def _receive(self, wire: Wire) -> None:
        wire.receive(self._ledger.answer, self._ledger.fail)

    def _look_at_the_clock(self) -> None:
        if self._guard.stepped():
            self._ledger.clock_was_set()
