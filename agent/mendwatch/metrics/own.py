"""The page of a prometheus-client registry in pieces: the agent's own few hundred series, which may be some thousand.

prometheus-client writes them, so that whatever kind of metric is registered stands there as it should; this only keeps it
from writing all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from mendwatch.metrics.formats import Format

#: So many series are written at once; about five milliseconds.
SERIES = 500


class _One(Collector):
    """A registry of one family."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return [self._family]


def pieces(registry: CollectorRegistry, form: Format, size: int = SERIES) -> Iterator[bytes]:
    """Write each family, a large one cut; without what ends a page."""
    write = partial(generate_openmetrics, version="1.0.0") if form is Format.OPENMETRICS else generate_latest
    for family in registry.collect():
        for at, cut in enumerate(_cuts(family, size)):
            written = write(_One(cut)).removesuffix(form.end)
            yield written if at == 0 else _without_header(written)


def _cuts(family: Metric, size: int) -> Iterator[Metric]:
    """Cut a family into pieces, where its series need no neighbour: those of a histogram, and `_created` ones, do."""
    whole = family.type not in {"counter", "gauge"} or len({sample.name for sample in family.samples}) > 1
    if whole or len(family.samples) <= size:
        yield family
        return
    for start in range(0, len(family.samples), size):
        cut = Metric(family.name, family.documentation, family.type, family.unit)
        cut.samples = family.samples[start : start + size]
        yield cut


def _without_header(written: bytes) -> bytes:
    return b"\n".join(line for line in written.split(b"\n") if not line.startswith(b"#"))
