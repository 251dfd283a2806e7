"""Reads a growing file of JSON lines, each line once and only when it is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mendwatch.playbooks import records
from mendwatch.playbooks.interface import TaskEvent


class Tail:
    """Where the reading of one events.jsonl stands."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> Iterator[TaskEvent]:
        """Give the events that were added since; none while the file is not there."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return
        self._offset += len(whole[0]) + len(whole[1])
        for line in whole[0].splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a full disk tears lines; a run must not hang on one
                yield records.read_event(line)
