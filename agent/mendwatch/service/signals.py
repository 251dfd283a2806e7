"""SIGTERM and SIGINT ask once for an orderly stop; the second one is the system's own. SIGHUP has rules loaded anew."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
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


@contextmanager
def hanging_up(reload: Callable[[], None]) -> Iterator[None]:
    """Call a function that returns at once on every SIGHUP, while the block runs."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
