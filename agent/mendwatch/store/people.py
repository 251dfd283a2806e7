"""Who is who: when two names are one person's, and what each channel may decide. Pure; it knows no run's state.

A name that looks like another one must not be another one: names are folded (NFKC, case, spaces at the ends), and who decides needs
a name of ASCII signs after that, so that a Cyrillic a or a sign of no width makes nobody a second person.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from mendwatch.model.principals import Principal
from mendwatch.model.runs import Decision

_RISKS = ("low", "medium", "high")
#: The highest risk that may be approved by each channel; by one that is not here, none.
CEILINGS: Mapping[str, str] = {"cli": "high", "console": "high", "demo": "high", "gym": "high", "mcp": "medium"}


def folded(name: str) -> str:
    """Give the name so that Ann, ann and a full-width ann are one."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def bare(actor: str) -> str:
    """Give the folded name without its channel."""
    return folded(actor.partition(":")[2] or actor)


def plain(name: str) -> bool:
    """Whether a name cannot be mistaken for another one."""
    found = folded(name)
    return bool(found) and found.isascii() and found.isprintable()


def same_person(name: str, other: str) -> bool:
    """Whether two names, each with or without its channel (`cli:ann`), are one person's."""
    return not {bare(name), folded(name)}.isdisjoint({bare(other), folded(other)})


def speaking(principal: Principal) -> frozenset[str]:
    """Give whose voice a principal's word is: their own, and that of whoever they decide for."""
    return frozenset(folded(name) for name in (principal.human, principal.acting_for) if name)


def spoken(decisions: Iterable[Decision]) -> frozenset[str]:
    """Give whose voices some decisions were."""
    names = ((decision.person or bare(decision.actor), decision.acting_for) for decision in decisions)
    return frozenset(folded(name) for pair in names for name in pair if name)


def may_approve(via: str, risk: str) -> bool:
    """Whether a channel may approve so much; a risk that nobody knows is the highest."""
    ceiling = CEILINGS.get(via)
    wanted = _RISKS.index(risk) if risk in _RISKS else len(_RISKS) - 1
    return ceiling is not None and wanted <= _RISKS.index(ceiling)
