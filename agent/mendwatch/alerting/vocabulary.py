"""What an expression over one kind of record can name, and what the names are measured in. No values, no rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mendwatch.alerting.units import Unit

#: The present, in seconds since 1970.
NOW = "now"
#: What names of this project's own begin with; no expression can spell one.
HIDDEN = "__"

#: The macros that give a name to each item of a list.
MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`fields` are numbers, with their units (None: plain); `labels` are texts; `joins` are the fields of joined records."""

    fields: Mapping[str, Unit | None]
    labels: tuple[str, ...]
    joins: Mapping[str, Mapping[str, Unit | None]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every plain name."""
        return (*self.fields, *self.labels)

    @property
    def has_now(self) -> bool:
        """Whether `now` means the present, and not a field or a label of that name."""
        return NOW not in self.fields and NOW not in self.labels

    def words(self) -> Iterator[str]:
        """Give everything that can be written where a value belongs, for hints."""
        yield from self.names
        for alias, fields in self.joins.items():
            yield from (f"{alias}.{name}" for name in fields)
