"""Which columns a selector names, found without making a label set of any series, and refused where they are too many.

Whoever may read may ask several times a second, and the agent answers in its one thread: what a query costs is counted
before it is paid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from mendwatch.errors import UserError
from mendwatch.history.selectors import NAME, Matcher, Selector
from mendwatch.history.sources import Source
from mendwatch.history.tables import Table

#: So many series one query may summarize, and so many label values it may look at to find them.
MAX_SERIES, MAX_LOOKS = 2_000, 200_000

_HINT = 'Name the metric, or add a label matcher such as {cluster="prod"}.'


class Part(NamedTuple):
    """The columns of one table that were selected, in order."""

    source: Source
    table: Table
    columns: Sequence[int]


class Picker:
    """Finds one selector's columns. `names` gives a metric's own label names. Use it once: it counts what it looked at."""

    def __init__(self, wanted: Selector, names: Callable[[str], Sequence[str]]) -> None:
        self._wanted = wanted
        self._names = names
        self._accepts = {label: _Memory([one for one in wanted.matchers if one.label == label]) for label in wanted.labels}
        self._looks = 0

    def parts(self, sources: Iterable[Source]) -> list[Part]:
        """Find the columns, newest tables first.

        Raises:
            UserError: they are too many, or too many had to be looked at.
        """
        every = (Part(source, table, self._columns(source, table)) for source in sources for table in reversed(source.tables))
        return [part for part in every if part.columns]

    def _columns(self, source: Source, table: Table) -> list[int]:
        wanted = self._wanted.metric
        found: list[int] = []
        for metric in table.columns if wanted is None else (wanted,):
            found += self._of_metric(source, table, metric)
            if len(found) > MAX_SERIES:
                raise too_many()
        return sorted(found)

    def _of_metric(self, source: Source, table: Table, metric: str) -> Sequence[int]:
        columns: Sequence[int] = table.columns.get(metric, ())
        names = self._names(metric)
        for label, accepts in self._accepts.items():
            if label in source.fixed or label not in names:
                value = metric if label == NAME else source.fixed.get(label, "")
                columns = columns if accepts[value] else ()
        for label, accepts in self._accepts.items():
            if columns and label not in source.fixed and label in names:
                at = names.index(label)
                self._look(len(columns))
                columns = [column for column in columns if accepts[table.labels[column][at]]]
        return columns

    def _look(self, count: int) -> None:
        self._looks += count
        if self._looks > MAX_LOOKS:
            raise UserError(f"more than {MAX_LOOKS} label values would have to be looked at", hint=_HINT)


def values(wanted: Selector, sources: Iterable[Source], names: Callable[[str], Sequence[str]]) -> dict[str, set[str]]:
    """Give the values that the selector's labels have on the newest series of its metric, or of all where it names none."""
    found: dict[str, set[str]] = {}
    labels = wanted.labels - {NAME}
    for source, metric, columns in _newest(wanted, sources):
        for label in labels:
            found.setdefault(label, set()).update(_values(source, names(metric), label, columns))
    return found


def _newest(wanted: Selector, sources: Iterable[Source]) -> Iterator[tuple[Source, str, Iterable[int]]]:
    """Give the columns of the newest poll of each source, by the metrics that are wanted."""
    for source in sources:
        for metric, columns in source.newest.columns.items():
            if wanted.metric in (None, metric):
                yield source, metric, columns


def _values(source: Source, names: Sequence[str], label: str, columns: Iterable[int]) -> set[str]:
    if label in source.fixed or label not in names:
        return {source.fixed.get(label, "")}
    at, labels = names.index(label), source.newest.labels
    return {labels[column][at] for column in columns}


class _Memory(dict[str, bool]):
    """Whether all matchers of one label accept a value, asked once for each value."""

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        super().__init__()
        self._matchers = matchers

    def __missing__(self, value: str) -> bool:
        found = self[value] = all(one.accepts(value) for one in self._matchers)
        return found


def too_many() -> UserError:
    """Say that more series were selected than one query may have."""
    return UserError(f"the selector names more than {MAX_SERIES} series", hint=_HINT)
