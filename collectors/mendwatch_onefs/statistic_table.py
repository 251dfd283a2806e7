"""One line of the table of statistics: which key becomes which metric."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mendwatch.model.samples import MetricKind, MetricSpec
from mendwatch_onefs.statistic_shapes import SCALAR, Shape
from mendwatch_onefs.statistic_units import Unit


@dataclass(frozen=True, slots=True)
class Statistic:
    """One key, or one field of a structured key, and the metric that it becomes.

    `labels` are pairs that the key itself stands for. The labels of a metric are `node` for a key of a node, then these, then those
    that the shape tells its rows apart by.
    """

    key: str
    metric: str
    help: str
    unit: Unit = Unit.NONE
    labels: tuple[tuple[str, str], ...] = ()
    field: str = ""
    shape: Shape = SCALAR

    @property
    def per_node(self) -> bool:
        """Whether each node has a value of its own."""
        return self.key.startswith("node.")

    @property
    def label_values(self) -> tuple[str, ...]:
        """The values of the key's own labels."""
        return tuple(value for _, value in self.labels)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of all labels, in order."""
        return (*(("node",) if self.per_node else ()), *(name for name, _ in self.labels), *self.shape.labels)


def specs_of(statistics: Iterable[Statistic]) -> tuple[MetricSpec, ...]:
    """Declare each metric once; its help names every key that it comes from."""
    families: dict[str, list[Statistic]] = {}
    for statistic in statistics:
        families.setdefault(statistic.metric, []).append(statistic)
    return tuple(_spec(name, members) for name, members in families.items())


def _spec(name: str, members: Sequence[Statistic]) -> MetricSpec:
    first = members[0]
    keys = ", ".join(dict.fromkeys(member.key for member in members))
    field = f" field {first.field}" if first.field else ""
    kind = MetricKind.COUNTER if name.endswith("_total") else MetricKind.GAUGE
    return MetricSpec(name, f"{first.help} OneFS: {keys}{field}.", kind, first.unit.base, first.label_names)
