"""How others learn that somebody has written: one promise for both kinds of database.

SQLite counts commits, which has to be looked at (`store.changes`); PostgreSQL says it (`store.notices`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

#: What is called when somebody else has written.
Heard = Callable[[], None]


class Signal(Protocol):
    """Tells of writes."""

    def version(self) -> int | None:
        """Give a number that is another one after every change that has an audit row; None where it cannot be told now."""
        ...

    def wrote(self) -> None:
        """Take note that this process has written."""
        ...

    def hear(self, heard: Heard) -> None:
        """Have something called as soon as another process has written, where the database says so by itself."""
        ...

    async def end(self) -> None:
        """Let go of what is held."""
        ...
