"""The newest points of one series, for who begins to remember it: a window of a rule that was just loaded.

Many series of one metric are mostly asked for one after the other, and so their columns are found once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from mendwatch.history.memory import MemoryHistory
from mendwatch.history.tables import ABSENT, Labels, Table
from mendwatch.model.targets import Target


class Recollection:
    """Reads single series out of the history."""

    def __init__(self, history: MemoryHistory) -> None:
        self._history = history
        self._known: Sequence[int] | None = None  # the columns of the metric that was asked for last
        self._columns: dict[Labels, int] = {}

    def points(self, target: Target, metric: str, labels: Labels, since: datetime) -> Iterator[tuple[float, float]]:
        """Give what is held of a series since a moment, oldest first, as (epoch seconds, value)."""
        start = since.timestamp()
        for source in self._history.sources_of(target):
            for table in source.tables:
                column = self._column(table, metric, labels)
                if column is not None:
                    yield from _points(table, column, start)

    def _column(self, table: Table, metric: str, labels: Labels) -> int | None:
        columns = table.columns.get(metric)
        if columns is None:
            return None
        if columns is not self._known:
            self._known = columns
            self._columns = {table.labels[at]: at for at in columns}
        return self._columns.get(labels)


def _points(table: Table, column: int, start: float) -> Iterator[tuple[float, float]]:
    for row in table.rows:
        if row.at >= start and column < len(row.values) and row.values[column] != ABSENT:
            yield row.at, row.values[column]
