"""Long work gives others their turn, and not merely a place behind its next slice."""

from __future__ import annotations

import asyncio
import socket

import pytest

from mendwatch.cli import loops
from mendwatch.clock import turn


async def _reader(seen: list[str], end: socket.socket) -> None:
    await asyncio.get_running_loop().sock_recv(end, 1)
    seen.append("reader")


async def _slices() -> list[str]:
    """Work in two slices, the first of which sees a byte arrive and an event come that two others wait for."""
    seen: list[str] = []
    near, far = socket.socketpair()
    near.settimeout(0)
    event = asyncio.Event()

    async def listener() -> None:
        await event.wait()
        seen.append("listener")

    with near, far:
        tasks = [asyncio.create_task(one) for one in (_reader(seen, near), listener())]
        await turn()
        asyncio.get_running_loop().call_later(0, event.set)
        far.send(b"x")
        seen.append("first slice")
        await turn()
        seen.append("second slice")
        await asyncio.gather(*tasks)
    return seen


@pytest.mark.parametrize("factory", [None, loops.factory()])
def test_whoever_waits_for_a_timer_or_a_socket_comes_before_the_next_slice(factory: object) -> None:
    with asyncio.Runner(loop_factory=factory) as runner:  # type: ignore[arg-type] # what makes a loop, or none
        seen = runner.run(_slices())

    assert seen[0] == "first slice"
    assert sorted(seen[1:3]) == ["listener", "reader"]
    assert seen[3] == "second slice"
