"""What the kinds of events are called: loaded from the cluster, because each release adds some and renames none it documents.

From event/eventgroup-definitions and event/categories. A release without them leaves every kind as the occurrence has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mendwatch.errors import Unsupported
from mendwatch_onefs.decoding import text
from mendwatch_onefs.session import OneFSSession


class Definition(msgspec.Struct):
    """One kind of event: a nine-digit number, a symbolic name and the number of its category."""

    id: Any = None
    name: Any = None
    category: Any = None


class DefinitionPage(msgspec.Struct, rename={"eventgroup_definitions": "eventgroup-definitions"}):
    """One page of the list."""

    eventgroup_definitions: list[Definition] = []
    resume: Any = None


class Category(msgspec.Struct):
    """One category: its number, and its name such as SYS_DISK_EVENTS."""

    id: Any = None
    id_name: Any = None


class CategoryPage(msgspec.Struct):
    """One page of the list."""

    categories: list[Category] = []
    resume: Any = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its number, its symbolic name and its category's name, empty where the cluster does not tell."""

    code: str
    name: str
    category: str


@dataclass(frozen=True, slots=True)
class Definitions:
    """All kinds that a release knows, found by name or by number."""

    by_word: Mapping[str, Kind] = field(default_factory=dict)

    def of(self, word: str) -> Kind | None:
        """Give the kind that has this name or this number."""
        return self.by_word.get(word)


def definitions_of(definitions: Iterable[Definition], categories: Iterable[Category]) -> Definitions:
    """Turn the two lists into one table; what has neither name nor number is left out."""
    names = {text(one.id): text(one.id_name) for one in categories}
    found: dict[str, Kind] = {}
    for one in definitions:
        code, name, category = text(one.id) or "", text(one.name) or "", text(one.category)
        kind = Kind(code, name, names.get(category) or category or "")
        found.update({word: kind for word in (code, name) if word})
    return Definitions(found)


async def load(session: OneFSSession) -> Definitions:
    """Read all definitions; none where this release has no such list.

    Raises:
        TargetError: the cluster cannot be asked.
    """
    try:
        pages = [page async for page in session.pages(12, "event/eventgroup-definitions", DefinitionPage, {})]
    except Unsupported:
        return Definitions()
    definitions = (one for page in pages for one in page.eventgroup_definitions)
    return definitions_of(definitions, await _categories(session))


async def _categories(session: OneFSSession) -> list[Category]:
    try:
        return [one async for page in session.pages(3, "event/categories", CategoryPage, {}) for one in page.categories]
    except Unsupported:
        return []
