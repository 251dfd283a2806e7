"""Waiting for several sockets with one descriptor of the event loop.

An ICMP socket tells errors by a flag that some event loops take for the end of the socket. An epoll descriptor in between
is merely readable, on each of them.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from mendwatch_icmp.wire import Wire


@contextmanager
def readable(wires: Iterable[Wire], ready: Callable[[], None]) -> Iterator[None]:
    """Call `ready` from the event loop whenever one of the wires has something, as long as the context lasts."""
    loop = asyncio.get_running_loop()
    with select.epoll() as gathered:
        for wire in wires:
            gathered.register(wire.fileno(), select.EPOLLIN)
        loop.add_reader(gathered.fileno(), ready)
        try:
            yield
        finally:
            loop.remove_reader(gathered.fileno())
