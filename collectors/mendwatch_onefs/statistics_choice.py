"""Which keys are asked for: those of the chosen groups that this release has and that are not parked, with their units settled.

Pure functions. What is left out is told with the reason, so that it can be counted.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from mendwatch_onefs import statistic_others
from mendwatch_onefs.statistic_groups import ALL, KNOWN, chosen
from mendwatch_onefs.statistic_table import Statistic
from mendwatch_onefs.statistic_units import agreed
from mendwatch_onefs.statistics_catalogue import Catalogue, Facts

#: Keys that OneFS keeps for its own tests and as place holders.
_NOT_MEANT = ("test.", "invalid.")


@dataclass(frozen=True, slots=True)
class Term:
    """One metric that a key gives, and what its numbers are divided by."""

    statistic: Statistic
    divisor: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """One key to ask for, and all that it gives. `interval` is how often the cluster measures it, in seconds."""

    key: str
    terms: tuple[Term, ...]
    interval: float

    @property
    def weight(self) -> int:
        """How many numbers one value of it takes to decode, roughly."""
        return max(term.statistic.shape.weight for term in self.terms)


@dataclass(frozen=True, slots=True)
class Choice:
    """The keys to ask for, and those that are left out, each with the reason."""

    wanted: tuple[Wanted, ...]
    left: Mapping[str, str]


def choose(groups: tuple[str, ...], catalogue: Catalogue | None, parked: Container[str]) -> Choice:
    """Choose among the groups' keys; without a catalogue all of them are asked for."""
    wanted: list[Wanted] = []
    left: dict[str, str] = {}
    for key, statistics in _candidates(groups, catalogue):
        if key in parked:
            continue
        facts = Facts() if catalogue is None else catalogue.get(key)
        terms = () if facts is None else tuple(_terms(statistics, facts))
        if facts is None or not terms:
            left[key] = "not_in_catalogue" if facts is None else "unit"
        else:
            wanted.append(Wanted(key, terms, facts.interval))
    return Choice(tuple(wanted), left | (_unusable(catalogue) if ALL in groups else {}))


def _candidates(groups: tuple[str, ...], catalogue: Catalogue | None) -> Iterator[tuple[str, list[Statistic]]]:
    known: dict[str, list[Statistic]] = {}
    for statistic in chosen(groups):
        known.setdefault(statistic.key, []).append(statistic)
    yield from known.items()
    for key, found in _others(catalogue) if ALL in groups else ():
        if isinstance(found, Statistic):
            yield key, [found]


def _others(catalogue: Catalogue | None) -> Iterator[tuple[str, Statistic | str]]:
    named = {statistic.key for statistic in KNOWN}
    for key, facts in (catalogue or {}).items():
        if key not in named and not key.startswith(_NOT_MEANT):
            yield key, statistic_others.statistic_of(key, facts.unit, facts.kind)


def _unusable(catalogue: Catalogue | None) -> dict[str, str]:
    return {key: found for key, found in _others(catalogue) if isinstance(found, str)}


def _terms(statistics: Iterable[Statistic], facts: Facts) -> Iterator[Term]:
    for statistic in statistics:
        # Only a plain number has the unit that the catalogue tells; the fields of a structure have their own.
        unit = statistic.unit if statistic.field else agreed(statistic.unit, facts.unit)
        if unit is not None:
            yield Term(statistic, unit.divisor)
