"""TCP connections to many ports, a bounded number at a time: how long each took, or why it failed.

It must not know what is done over a connection. A failure is a finding here, never an exception.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from mendwatch.clock import Clock
from mendwatch_icmp.addresses import Endpoint
from mendwatch_icmp.asking import family_of
from mendwatch_icmp.wire import Address

_T = TypeVar("_T")


class Failure(StrEnum):
    """Why a port cannot be used; the values are those of the label `reason`."""

    REFUSED = "refused"  # somebody is there and nobody listens
    TIMEOUT = "timeout"  # nobody says anything
    UNREACHABLE = "unreachable"  # no way there
    UNRESOLVED = "unresolved"  # the name has no address
    HANDSHAKE = "handshake"  # what answers does not speak TLS with us
    OTHER = "other"


#: Our own shortage of descriptors, ports or memory: it says nothing about the other side.
_SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
_NO_WAY = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPERM})


@dataclass(frozen=True, slots=True)
class Door:
    """One port of an endpoint, and the IP address that the endpoint has now (None: its name has none)."""

    endpoint: Endpoint
    port: int
    address: Address | None

    @property
    def labels(self) -> tuple[str, str, str]:
        """The values of the labels `address`, `name` and `port`."""
        return (*self.endpoint.labels, str(self.port))


@dataclass(frozen=True, slots=True)
class Connection:
    """How a connection ended: its seconds, or why there is none. Neither means that it could not be tried."""

    seconds: float | None = None
    failure: Failure | None = None


async def bounded(work: Callable[[Door], Awaitable[_T]], doors: Iterable[Door], most: int) -> Sequence[_T]:
    """Do the work for every door, so many at a time; results in their order."""
    turns = asyncio.Semaphore(most)

    async def one(door: Door) -> _T:
        async with turns:
            return await work(door)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(door)) for door in doors]
    return [task.result() for task in tasks]


async def connect(door: Door, patience: float, clock: Clock) -> Connection:
    """Connect and hang up."""
    sock, found = await opened(door, patience, clock)
    if sock is not None:
        sock.close()
    return found


async def opened(door: Door, patience: float, clock: Clock) -> tuple[socket.socket | None, Connection]:
    """Connect; the socket is the caller's to close."""
    if door.address is None:
        return None, Connection(failure=Failure.UNRESOLVED)
    try:
        sock = socket.socket(family_of(door.address), socket.SOCK_STREAM)
    except OSError as problem:
        return None, Connection(failure=_failure(problem))
    started = clock.monotonic()
    try:
        await _reach(sock, door, patience)
    except OSError as problem:  # TimeoutError is one of them
        sock.close()
        return None, Connection(failure=_failure(problem))
    except BaseException:
        sock.close()
        raise
    return sock, Connection(seconds=clock.monotonic() - started)


async def _reach(sock: socket.socket, door: Door, patience: float) -> None:
    sock.settimeout(0)
    host, _, *more = door.address or ("", 0)
    async with asyncio.timeout(patience):
        await asyncio.get_running_loop().sock_connect(sock, (host, door.port, *more))


def _failure(problem: OSError) -> Failure | None:
    if isinstance(problem, ConnectionRefusedError):
        return Failure.REFUSED
    if isinstance(problem, TimeoutError):
        return Failure.TIMEOUT
    if problem.errno in _NO_WAY:
        return Failure.UNREACHABLE
    return None if problem.errno in _SHORT else Failure.OTHER
