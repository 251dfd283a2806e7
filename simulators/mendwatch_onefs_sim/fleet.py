"""Many clusters in one process, each with a port, a state and accounts of its own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from mendwatch_onefs_sim.server import Simulator, SimulatorOptions


class Fleet:
    """Running clusters; use it with `async with`. `simulators` are in the order of their options."""

    def __init__(self, options: Sequence[SimulatorOptions]) -> None:
        self.simulators = tuple(Simulator(one) for one in options)
        self._stack = AsyncExitStack()

    def named(self, name: str) -> Simulator:
        """Give a cluster by its name.

        Raises:
            KeyError: there is none.
        """
        for simulator in self.simulators:
            if simulator.name == name:
                return simulator
        raise KeyError(name)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            for simulator in self.simulators:
                await stack.enter_async_context(simulator)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()
