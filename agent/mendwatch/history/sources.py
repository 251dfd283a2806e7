"""Who gave samples: the tables of one source of one target, oldest first, and what they cost in memory.

A new table begins where a poll's series are too different from those before. The figures here are what bench/history.py
measures, rounded up; they are what the history's bound is counted in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from mendwatch.history.tables import Labels, Published, Row, Table

#: Bytes of a row beside its numbers, of a number, and of a column with its labels.
ROW, NUMBER, COLUMN = 300, 8, 200


class SourceKey(NamedTuple):
    """The target's id, its label, the operator's labels, the source's name, and which of its parts: samples are 0."""

    target: str
    target_label: str
    labels: tuple[tuple[str, str], ...]
    source: str
    part: int = 0


class Source:
    """What one source gave; `fixed` are the labels that all its series have, `size` is in bytes."""

    __slots__ = ("_takes", "fixed", "key", "size", "tables")

    def __init__(self, key: SourceKey, takes: Callable[[str, Labels], bool]) -> None:
        self.key = key
        self.fixed: Mapping[str, str] = {**dict(key.labels), key.target_label: key.target}
        self.tables: deque[Table] = deque()
        self.size = 0
        self._takes = takes

    @property
    def newest(self) -> Table:
        """The table of the newest row."""
        return self.tables[-1]

    @property
    def since(self) -> float:
        """When the oldest poll was made that is held."""
        return self.tables[0].rows[0].at

    def append(self, poll: Published, at: float) -> tuple[Table, Row]:
        """Keep a poll; of one without a number nothing is kept."""
        table = self.tables[-1] if self.tables else Table(self._takes)
        before = len(table)
        if not table.arrange(poll):
            table, before = Table(self._takes), 0
            table.arrange(poll)
        row = table.append(poll.values, at)
        if row.taken and table not in self.tables:
            self.tables.append(table)
        if table in self.tables:
            self.size += (len(table) - before) * COLUMN + (_cost(row) if row.taken else 0)
        return table, row

    def forget(self) -> Row:
        """Drop the oldest row, and its table with the last one."""
        table = self.tables[0]
        row = table.rows.popleft()
        self.size -= _cost(row)
        if not table.rows:
            self.tables.popleft()
            self.size -= len(table) * COLUMN
        return row


def _cost(row: Row) -> int:
    return ROW + len(row.values) * NUMBER
