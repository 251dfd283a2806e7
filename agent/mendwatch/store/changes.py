"""Whether anybody has written to a SQLite file since somebody asked last, for a few microseconds instead of a query.

SQLite counts what other connections commit, in whatever process they are (PRAGMA data_version). So this has a connection of its
own on which nothing else is ever done: every commit is another connection's. It knows no table.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mendwatch.store.signals import Heard

#: Above what SQLite counts to.
_MOST = 2**32


class Changes:
    """Watches one file from one thread. The file is opened at the first question."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._opened = 0

    def version(self) -> int | None:
        """Give a number that is another one after every commit; None where it cannot be told now, so that everybody looks.

        It never waits: who holds the file for itself is not waited for.
        """
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=0)
                self._opened += 1
            ((version,),) = self._connection.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error:
            self.close()
            return None
        return self._opened * _MOST + int(version)  # two connections count the same commits from different beginnings

    def wrote(self) -> None:
        """A write of our own is another connection's, and counted with all others."""

    def hear(self, heard: Heard) -> None:
        """SQLite calls nobody: look at `version` now and then."""

    async def end(self) -> None:
        """Let go of the file."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
