"""SIGTERM and SIGINT ask once for an orderly stop; the second one is the system's own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def setting(stop: asyncio.Event) -> Iterator[None]:
    """Set an event on the first signal, while the block runs."""
    loop = asyncio.get_running_loop()

    def ask(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    watched = (signal.SIGTERM, signal.SIGINT)
    for number in watched:
        loop.add_signal_handler(number, ask, number)
    try:
        yield
    finally:
        for number in watched:
            loop.remove_signal_handler(number)
