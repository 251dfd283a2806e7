"""Lines from standard input without holding the loop or the end of the process."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Self


class Keyboard:
    """Reads lines in a daemon thread: a thread that waits for a key must never keep the process alive."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()

    def __enter__(self) -> Self:
        """Begin to listen."""
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), daemon=True, name="keyboard").start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop caring; the thread ends with its next line or with the process."""

    async def line(self) -> str:
        """Wait for a line; for ever where standard input has ended."""
        return await self._lines.get()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        for text in sys.stdin:
            try:
                loop.call_soon_threadsafe(self._lines.put_nowait, text)
            except RuntimeError:  # the loop is closed: the demo is over
                return
