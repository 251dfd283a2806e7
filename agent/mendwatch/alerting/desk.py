"""What a rule is held against while it is loaded, and how its faults are noted, each with its place.

Nothing here decides what is wrong: `checks` and its helpers do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from mendwatch.alerting.conditions import Language, Patterns
from mendwatch.alerting.schemas import KnownSchema, Schemas
from mendwatch.alerting.units import Unit
from mendwatch.config.documents import Document, Fault, Location, nearest
from mendwatch.errors import ContentError
from mendwatch.model.remediations import Remediation
from mendwatch.model.rules import Join
from mendwatch.render.renderer import Checker

T = TypeVar("T")


@dataclass(slots=True)
class Desk:
    """What a rule is held against, and the faults found so far."""

    schemas: Schemas
    remediations: Mapping[str, Remediation] | None
    faults: list[Fault] = field(default_factory=list)
    languages: dict[tuple[object, ...], Language] = field(default_factory=dict)
    texts: Checker = field(default_factory=Checker)
    patterns: Patterns = field(default_factory=Patterns)

    def language(self, known: KnownSchema, joins: tuple[Join, ...] = ()) -> Language:
        """Give the language of a schema and what is joined to it, made once."""
        return self._language((known.name, *joins), known, {join.name: self.schemas[join.on].units for join in joins})

    def foreign_language(self, known: KnownSchema) -> Language:
        """Give the language of an Alertmanager's alerts with these labels, made once."""
        return self._language(("", *known.labels), known, {})

    def _language(self, identity: tuple[object, ...], known: KnownSchema, joins: Mapping[str, Mapping[str, Unit]]) -> Language:
        if identity not in self.languages:
            self.languages[identity] = Language(known.schema.fields, known.labels, units=known.units, joins=joins)
        return self.languages[identity]


@dataclass(frozen=True, slots=True)
class Place:
    """One rule in its file."""

    document: Document
    base: Location
    desk: Desk

    def fault(self, location: Location, message: str, hint: str | None = "") -> None:
        """Note a fault."""
        where = self.document.where((*self.base, *location))
        self.desk.faults.append(Fault(where, f"{location[0]}: {message}" if location else message, hint or ""))

    def attempt(self, location: Location, make: Callable[[str], T], text: str) -> T | None:
        """Compile one text, or note why it cannot be."""
        try:
            return make(text)
        except ContentError as problem:
            self.fault(location, str(problem), problem.hint)
            return None

    def unknown(self, location: Location, kind: str, word: str, known: Iterable[str]) -> None:
        """Note a word that means nothing, with the nearest that does."""
        names = sorted(known)
        meant = nearest(word, names)
        hint = f"did you mean {meant!r}?" if meant else f"known: {', '.join(names)}" if names else "there are none"
        self.fault(location, f"unknown {kind} {word!r}", hint)
