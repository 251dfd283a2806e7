"""`mendwatch run` with a stop watch: python ticking.py CONFIG REPORT. What it runs is the command itself.

At SIGUSR1 a task of the same loop begins to wake every millisecond, and notes how long it was kept from that: by the clock, where
other programs of a shared machine count too, and in CPU time of the loop's own thread, where they do not. At SIGUSR2 it
ends and writes what it found to the file REPORT. Before the first signal it does nothing, and costs nothing. With the environment
variable WHERE set to milliseconds, it also notes what was done in steps longer than that.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any, TypeVar

from parts.sampling import Sampler

from mendwatch.cli import app, loops

T = TypeVar("T")
TICK = 0.001


class Ticker:
    """Notes every turn that it had to wait for, in seconds: by the clock and in CPU time."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._late: list[float] = []
        self._busy: list[float] = []
        self._sampler = Sampler(float(os.environ["WHERE"]) / 1e3) if os.environ.get("WHERE") else None

    def begin(self) -> None:
        """Begin anew."""
        self._late, self._busy = [], []
        self._task = asyncio.get_running_loop().create_task(self._tick())
        if self._sampler is not None:
            self._sampler.begin()

    def end(self, report: Path) -> None:
        """End, and write what was found."""
        if self._task is not None:
            self._task.cancel()
        steps = self._sampler.end() if self._sampler is not None else []
        partial = report.with_suffix(".partial")
        partial.write_text(json.dumps({"late": self._late, "busy": self._busy, "steps": steps}), "utf-8")
        partial.rename(report)

    async def _tick(self) -> None:
        while True:
            start, before = perf_counter(), thread_time()
            await asyncio.sleep(TICK)
            self._late.append(max(0.0, perf_counter() - start - TICK))
            self._busy.append(thread_time() - before)
            if self._sampler is not None:
                self._sampler.step(self._busy[-1])


def main(config: str, report: str) -> int:
    """Run the agent until it is told to stop."""
    plain = loops.run

    def watched(body: Coroutine[Any, Any, T]) -> T:
        async def both() -> T:
            ticker, loop = Ticker(), asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, ticker.begin)
            loop.add_signal_handler(signal.SIGUSR2, ticker.end, Path(report))
            return await body

        return plain(both())

    loops.run = watched  # type: ignore[assignment] # the one place where the command enters its loop
    return app.call(["run", "--config", config])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
