"""The health series of one target as columns: after a poll, only the numbers of the collector that was polled are made anew.

A target has some 150 of them, and they are published after every poll of each of its collectors. Made one by one they cost more
than a small poll itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from mendwatch.metrics import health
from mendwatch.metrics.health import CollectorHealth
from mendwatch.model.samples import Columns, Layout, Sample

#: A series: its metric and its labels.
_Head = tuple[str, tuple[str, ...]]


class Wellbeing:
    """How one target stands, and its collectors that were polled at least once."""

    def __init__(self, prefix: str) -> None:
        """Take what the provider's metrics begin with."""
        self._prefix = prefix
        #: By the collector's name; what is about the target itself has none.
        self._heads: dict[str, tuple[_Head, ...]] = {}
        self._places: dict[str, Sequence[int]] = {}
        self._layout = Layout(())
        self._values: list[float] = []

    def columns(self, polled: CollectorHealth, *, up: bool | None) -> Columns:
        """Give all series after a poll of one collector. As long as no series comes or goes their layout is the same object."""
        self._take("", health.samples(self._prefix, (), up=up))
        self._take(polled.name, health.samples(self._prefix, (polled,), up=None))
        return Columns(self._layout, self._values.copy())

    def _take(self, owner: str, samples: Sequence[Sample]) -> None:
        heads = tuple([(sample.metric, sample.labels) for sample in samples])
        if heads != self._heads.get(owner, ()):
            self._arrange(owner, heads)
        for place, sample in zip(self._places.get(owner, ()), samples, strict=True):
            self._values[place] = sample.value

    def _arrange(self, owner: str, heads: tuple[_Head, ...]) -> None:
        """Give every series its place, as the ones of this owner have changed; the numbers of the others stay."""
        known = dict(zip(zip(self._layout.metrics, self._layout.labels, strict=True), self._values, strict=True))
        self._heads[owner] = heads
        ordered = sorted(head for some in self._heads.values() for head in some)
        self._layout = Layout(ordered)
        self._values = [known.get(head, 0.0) for head in ordered]
        places = {head: at for at, head in enumerate(ordered)}
        self._places = {name: [places[head] for head in some] for name, some in self._heads.items()}
