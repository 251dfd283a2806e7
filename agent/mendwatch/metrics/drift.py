"""What collectors could not understand, counted by field: the names are foreign, so they are bounded and made printable here."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter

from mendwatch.metrics.text import clean

#: Fields of one target that are told apart; the others are counted together.
MOST_FIELDS = 100
OTHER = "other"


class DriftCounts:
    """Counts drift by target, collector and field."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            "mendwatch_decode_drift",
            "Things in answers that a collector did not understand and skipped, by the field's name.",
            ("target", "collector", "field"),
            registry=registry,
        )
        self._known: dict[str, set[tuple[str, str]]] = {}

    def add(self, target: str, collector: str, counts: Mapping[str, int]) -> tuple[str, ...]:
        """Count the drift of one reading; gives the fields that were not known to drift before."""
        known = self._known.setdefault(target, set())
        new = []
        for name, count in counts.items():
            field = clean(name)
            if (collector, field) not in known:
                full = len(known) >= MOST_FIELDS
                field = OTHER if full else field
                new += [field] if (collector, field) not in known else []
                known.add((collector, field))
            self._counter.labels(target, collector, field).inc(count)
        return tuple(new)
