"""Which metrics there are and what they mean: what names a series' labels, and what a search finds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mendwatch.model.samples import MetricSpec

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A metric that a search found: its meaning, its labels (the target's first), and how many series are held now."""

    name: str
    kind: str
    unit: str
    help: str
    labels: tuple[str, ...]
    series: int


class Catalogue:
    """The declared metrics by name."""

    def __init__(self) -> None:
        self._specs: dict[str, tuple[str, MetricSpec]] = {}

    @property
    def names(self) -> Iterable[str]:
        """All declared names."""
        return self._specs.keys()

    def declare(self, target_label: str, specs: Iterable[MetricSpec]) -> None:
        """Take metrics in; the metrics page is where two declarations of one name are refused."""
        for spec in specs:
            self._specs[spec.name] = (target_label, spec)

    def own_labels(self, metric: str) -> tuple[str, ...]:
        """Give the names of a metric's own labels, without the target's; none where it was not declared."""
        declared = self._specs.get(metric)
        return declared[1].labels if declared else ()

    def fits(self, target_label: str, metric: str, labels: tuple[str, ...]) -> bool:
        """Tell whether a sample is as it was declared."""
        declared = self._specs.get(metric)
        return declared is not None and declared[0] == target_label and len(declared[1].labels) == len(labels)

    def search(self, words: str, held: Mapping[str, int], limit: int) -> tuple[Found, ...]:
        """Rank metrics by how many of the words they have; a word of the name counts most."""
        wanted = set(_WORD.findall(words.lower()))
        ranked = [(_score(spec, label, wanted), name) for name, (label, spec) in self._specs.items()]
        best = sorted((-score, name) for score, name in ranked if score > 0)
        return tuple(self._found(name, held) for _, name in best[: max(limit, 0)])

    def _found(self, name: str, held: Mapping[str, int]) -> Found:
        label, spec = self._specs[name]
        return Found(name, spec.kind.value, spec.unit, spec.help, (label, *spec.labels), held.get(name, 0))


def _score(spec: MetricSpec, target_label: str, wanted: set[str]) -> int:
    name = set(_WORD.findall(spec.name.lower().replace("_", " ")))
    rest = set(_WORD.findall(" ".join((spec.help, spec.unit, target_label, *spec.labels)).lower().replace("_", " ")))
    return sum(3 if _has(name, word) else 1 if _has(rest, word) else 0 for word in wanted)


def _has(words: set[str], wanted: str) -> bool:
    """Tell whether a word is there, or begins one: `quota` finds `quotas`, and the other way round."""
    return any(word == wanted or (len(wanted) > 2 and word.startswith(wanted)) or word + "s" == wanted for word in words)  # noqa: PLR2004 - two letters begin everything
