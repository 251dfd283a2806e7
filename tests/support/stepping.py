"""Runs a coroutine that only lets others run in between, without an event loop, which would take longer than what is tested."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def stepped(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run it to its end and give what it returns."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            result: T = end.value
            return result
