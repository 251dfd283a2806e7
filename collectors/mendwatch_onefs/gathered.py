"""Findings of many things, taken part by part, as columns whose names are kept as long as the things stay the same.

What `series` does for a few hundred findings at once, this does for tens of thousands without holding the loop. It knows no
endpoint and no metric.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mendwatch.model.samples import Columns, Layout, RecordSchema
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.kept import Key
from mendwatch_onefs.series import Finding

Head = tuple[str, Key]
P = TypeVar("P")
#: Parts that are worked on before others have their turn: nodes with 36 drives and all their sensors take 2 ms.
AT_ONCE = 4


@dataclass(slots=True)
class KeptHeads:
    """The series that were given last, and their layout: the memory of one cluster between two polls."""

    heads: list[Head] = field(default_factory=list)
    layout: Layout = field(default_factory=lambda: Layout(()))


class Gathered:
    """The findings of one poll, by metric. Two values of one series contradict each other, so neither is given."""

    def __init__(self, resource: str, drift: Drift) -> None:
        self._drift = drift
        self._contradiction = f"{resource}: two values of one series"
        #: Values by labels by metric; None is a contradiction.
        self._known: dict[str, dict[Key, float | None]] = {}
        self._hidden: dict[str, set[Key]] = {}

    def add(self, findings: Iterable[Finding]) -> None:
        """Take the findings of one part."""
        known = self._known
        for spec, labels, value in findings:
            if value is None:
                self._hidden.setdefault(spec.name, set()).add(labels)
                continue
            told, values = float(value), known.setdefault(spec.name, {})
            if values.setdefault(labels, told) != told:
                values[labels] = None
                self._drift.odd(self._contradiction)

    def all_found(self, schemas: Iterable[RecordSchema]) -> frozenset[str]:
        """Name the schemas of which everything that was found has a number of its own; see `series.all_found`."""
        return frozenset(one.name for one in schemas if _subjects(one, self._hidden) <= _subjects(one, self._known))

    async def columns(self, kept: KeptHeads) -> tuple[Columns, ...]:
        """Give the numbers under the kept layout; none where nothing was found."""
        heads, values = list[Head](), list[float]()
        for metric, found in self._known.items():
            for labels, value in found.items():
                if value is not None:
                    heads.append((metric, labels))
                    values.append(value)
        if not heads:
            return ()
        await asyncio.sleep(0)
        if heads != kept.heads:
            kept.heads, kept.layout = heads, Layout(heads)
            await asyncio.sleep(0)
        return (Columns(kept.layout, values),)


def _subjects(schema: RecordSchema, series: dict[str, set[Key]] | dict[str, dict[Key, float | None]]) -> set[Key]:
    return set(_labels(schema, series))


def _labels(schema: RecordSchema, series: dict[str, set[Key]] | dict[str, dict[Key, float | None]]) -> Iterator[Key]:
    for metric in schema.fields.values():
        yield from series.get(metric, ())


def portions(parts: Sequence[P]) -> Iterator[Sequence[P]]:
    """Give the parts a few at a time; who works on them lets others have their turn in between."""
    for start in range(0, len(parts), AT_ONCE):
        yield parts[start : start + AT_ONCE]
