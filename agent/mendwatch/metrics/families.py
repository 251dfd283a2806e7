"""The store behind /metrics: the newest samples of every target, written as text when somebody asks.

Why it is our own: a scrape of a hundred thousand series may not stop the event loop, and prometheus-client's text costs
some fifty times more per series. It knows no provider, asks no time, and never makes up a value: series that are
not published again vanish after their lifetime; nothing turns to 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import structlog

from mendwatch.errors import ConfigurationError
from mendwatch.metrics import blocks, declarations
from mendwatch.metrics.blocks import Block, Labels, Refusal
from mendwatch.metrics.declarations import Declaration
from mendwatch.model.samples import Columns, MetricSpec, Sample
from mendwatch.model.targets import Target

_log = structlog.get_logger("mendwatch.metrics")

#: Who published: the target's id and the source's name, such as a collector's.
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Publication:
    """What one source of one target gave last, by metric, and when that ends."""

    expires: float
    blocks: Mapping[str, Block]
    refusals: tuple[Refusal, ...]


class Families:
    """All series of all targets. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._declared: dict[str, Declaration] = {}
        self._published: dict[_Key, _Publication] = {}
        self._refused: Counter[tuple[str, str]] = Counter()

    @property
    def refused(self) -> Mapping[tuple[str, str], int]:
        """How many samples were not taken since the start, by (metric, reason)."""
        return self._refused

    @property
    def declared(self) -> Mapping[str, Declaration]:
        """Every declared metric by its name."""
        return self._declared

    def declare(self, target_label: str, specs: Iterable[MetricSpec]) -> None:
        """Announce metrics whose targets are named by `target_label`; the same declaration may come again.

        Raises:
            ConfigurationError: a declaration cannot be exposed, or the name was declared in another way before.
        """
        for spec in specs:
            new = declarations.declare(spec, target_label)
            old = self._declared.setdefault(spec.name, new)
            if old != new:
                raise ConfigurationError(
                    f"metric {spec.name!r} is declared in two ways: {old} and {new}",
                    hint="Two providers use one name; rename the metric in one of them, or use only one of the two.",
                )

    def publish(
        self,
        target: Target,
        target_label: str,
        source: str,
        samples: Iterable[Sample],
        *,
        columns: Sequence[Columns] = (),
        now: float,
        lifetime: float,
    ) -> tuple[Refusal, ...]:
        """Replace all series of (target, source) by these; they vanish `lifetime` seconds after `now`.

        What cannot stand on the page is refused, counted, logged once, and returned; the rest is taken.
        """
        self._forget_expired(now)
        key = (target.id, source)
        before = self._published.get(key)
        made: dict[str, Block] = {}
        refusals: list[Refusal] = []
        for metric, (published, values) in _by_metric(chain(samples, *(one.samples() for one in columns))).items():
            block, refused = self._block(key, target, target_label, metric, (published, values))
            refusals += refused
            if block is not None:
                made[metric] = block
        self._published[key] = _Publication(now + lifetime, made, tuple(refusals))
        self._account(key, refusals, before.refusals if before else ())
        return tuple(refusals)

    def render(self, now: float) -> bytes:
        """Write the page of all living series, families by name, targets and labels in order."""
        return b"".join(self.chunks(now))

    def chunks(self, now: float) -> Iterator[bytes]:
        """Give the page family by family, for a server that lets others run in between."""
        self._forget_expired(now)
        by_metric: dict[str, list[Block]] = {}
        for key in sorted(self._published):
            for metric, block in self._published[key].blocks.items():
                by_metric.setdefault(metric, []).append(block)
        for metric in sorted(by_metric):
            yield b"".join([self._declared[metric].header, *(block.render() for block in by_metric[metric]), b"\n"])

    def series_count(self, now: float) -> int:
        """Count the living series."""
        self._forget_expired(now)
        return sum(len(block.prefixes) for one in self._published.values() for block in one.blocks.values())

    def _block(
        self, key: _Key, target: Target, target_label: str, metric: str, given: tuple[list[Labels], list[float]]
    ) -> tuple[Block | None, list[Refusal]]:
        published, values = given
        declaration = self._declared.get(metric)
        if declaration is None:
            return None, [Refusal(metric, "undeclared", len(values), f"{metric} was never declared")]
        if declaration.target_label != target_label:
            detail = f"{metric} was declared with the target label {declaration.target_label!r}, not {target_label!r}"
            return None, [Refusal(metric, "target_label", len(values), detail)]
        publication = self._published.get(key)
        before = publication.blocks.get(metric) if publication else None
        block, refusals = blocks.build(declaration, target, published, values, before)
        if block is None or (before is not None and block.prefixes is before.prefixes):
            return block, refusals
        rival = self._rival(key, metric, block)
        if rival:
            return None, [
                *refusals,
                Refusal(metric, "duplicate", len(block.values), f"{rival} of this target gives these series too"),
            ]
        return block, refusals

    def _rival(self, key: _Key, metric: str, block: Block) -> str | None:
        """Name another source of the same target that already gives one of these series."""
        mine = set(block.prefixes)
        for (target_id, source), publication in self._published.items():
            other = publication.blocks.get(metric) if target_id == key[0] and source != key[1] else None
            if other is not None and not mine.isdisjoint(other.prefixes):
                return source
        return None

    def _account(self, key: _Key, refusals: list[Refusal], before: tuple[Refusal, ...]) -> None:
        """Count every refusal; log each kind once when it begins and once when it ends."""
        known = {(old.metric, old.reason) for old in before}
        for refusal in refusals:
            self._refused[refusal.metric, refusal.reason] += refusal.count
            if (refusal.metric, refusal.reason) not in known:
                _log.error("samples refused", target=key[0], source=key[1], reason=refusal.reason, detail=refusal.detail)
        for metric, reason in sorted(known - {(new.metric, new.reason) for new in refusals}):
            _log.info("samples taken again", target=key[0], source=key[1], metric=metric, reason=reason)

    def _forget_expired(self, now: float) -> None:
        for key in [key for key, publication in self._published.items() if publication.expires <= now]:
            del self._published[key]


def _by_metric(samples: Iterable[Sample]) -> dict[str, tuple[list[Labels], list[float]]]:
    """Split samples into label values and numbers, metric by metric, in the order they came."""
    found: dict[str, tuple[list[Labels], list[float]]] = {}
    for sample in samples:
        lists = found.get(sample.metric)
        if lists is None:
            lists = found[sample.metric] = ([], [])
        lists[0].append(sample.labels)
        lists[1].append(sample.value)
    return found
