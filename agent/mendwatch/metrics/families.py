"""The store behind /metrics: the newest samples of every target, written as text when somebody asks.

Why it is our own: a scrape of a hundred thousand series may not stop the event loop, and prometheus-client's text costs
some fifty times more per series. It knows no provider, asks no time, and never makes up a value: series that are
not published again vanish after their lifetime; nothing turns to 0.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import structlog

from mendwatch.errors import ConfigurationError
from mendwatch.metrics import declarations, formats, page, publications
from mendwatch.metrics.declarations import Declaration
from mendwatch.metrics.formats import Format
from mendwatch.metrics.forms import Refusal
from mendwatch.metrics.publications import Context, Publication
from mendwatch.model.samples import Columns, MetricSpec, Sample
from mendwatch.model.targets import Target

_log = structlog.get_logger("mendwatch.metrics")

#: Seconds after which what expired is let go even where nobody looks.
_SWEEP = 10.0


class Families:
    """All series of all targets. Times are seconds of one monotonic clock."""

    def __init__(self, instance_label_name: str | None = None) -> None:
        """Write the targets' own label under another name where one is given."""
        self._label = instance_label_name
        self._declared: dict[str, Declaration] = {}
        self._names: dict[str, str] = {}
        #: By the target's id and the source's name, such as a collector's.
        self._published: dict[str, dict[str, Publication]] = {}
        self._refused: Counter[tuple[str, str]] = Counter()
        self._swept = -math.inf

    @property
    def refused(self) -> Mapping[tuple[str, str], int]:
        """How many samples were not taken since the start, by (metric, reason); those of columns with their absent ones."""
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
            new = declarations.declare(spec, self.label_of(target_label))
            old = self._declared.get(spec.name, new)
            if old != new:
                raise ConfigurationError(
                    f"metric {spec.name!r} is declared in two ways: {old} and {new}",
                    hint="Two providers use one name; rename the metric in one of them, or use only one of the two.",
                )
            self._refuse_clash(spec)
            self._declared[spec.name] = new

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

        What cannot stand on the page is refused, counted, logged once, and returned; the rest is taken. Columns of a layout
        that came last time too cost next to nothing here, however many they are.
        """
        self._forget_some(now, target.id)
        mine = self._published.setdefault(target.id, {})
        before = mine.get(source)
        others = {name: one for name, one in mine.items() if name != source}
        context = Context(self._declared, target, self.label_of(target_label), others)
        new = mine[source] = publications.make(context, before, samples, columns, now + lifetime)
        self._account(target.id, source, new.refusals, before.refusals if before else ())
        return new.refusals

    def render(self, now: float, form: Format = Format.TEXT) -> bytes:
        """Write all living series at once, families by name, targets and labels in order; without what ends a page."""
        return b"".join(self.pieces(now, form))

    def label_of(self, target_label: str) -> str:
        """Give the name under which a provider's own label is written."""
        return self._label or target_label

    def pieces(
        self, now: float, form: Format = Format.TEXT, size: int = page.LINES, *, target: str | None = None
    ) -> Iterator[bytes]:
        """Give the same in pieces of about `size` lines, all of one moment, for a server that lets others run in between.

        Where a target is named, its series alone.
        """
        self._forget_expired(now)
        wanted = sorted(self._published) if target is None else [target] if target in self._published else []
        parts = [
            part
            for target_id in wanted
            for source in sorted(self._published[target_id])
            for part in self._published[target_id][source].parts
        ]
        return page.pieces(parts, self._declared, form, size)

    def series_count(self, now: float) -> int:
        """Count the living series."""
        self._forget_expired(now)
        return sum(part.count for mine in self._published.values() for one in mine.values() for part in one.parts)

    def _refuse_clash(self, spec: MetricSpec) -> None:
        """Refuse two metrics that are one family in OpenMetrics, such as the gauge `x` and the counter `x_total`."""
        name = formats.family_name(spec)
        other = self._names.setdefault(name, spec.name)
        if other != spec.name:
            raise ConfigurationError(
                f"the metrics {other!r} and {spec.name!r} are one family in OpenMetrics", hint="Give one of them another name."
            )

    def _account(self, target_id: str, source: str, refusals: Sequence[Refusal], before: Sequence[Refusal]) -> None:
        """Count every refusal; log each kind once when it begins and once when it ends."""
        known = {(old.metric, old.reason) for old in before}
        for refusal in refusals:
            self._refused[refusal.metric, refusal.reason] += refusal.count
            if (refusal.metric, refusal.reason) not in known:
                _log.error("samples refused", target=target_id, source=source, reason=refusal.reason, detail=refusal.detail)
        for metric, reason in sorted(known - {(new.metric, new.reason) for new in refusals}):
            _log.info("samples taken again", target=target_id, source=source, metric=metric, reason=reason)

    def _forget_some(self, now: float, target_id: str) -> None:
        """Let go of what expired of one target; of all only now and then, as thousands of sources publish each second."""
        if now - self._swept >= _SWEEP:
            self._forget_expired(now)
        self._forget_of(now, target_id)

    def _forget_expired(self, now: float) -> None:
        self._swept = now
        for target_id in list(self._published):
            self._forget_of(now, target_id)

    def _forget_of(self, now: float, target_id: str) -> None:
        mine = self._published.get(target_id, {})
        for source in [source for source, one in mine.items() if one.expires <= now]:
            del mine[source]
        if not mine:
            self._published.pop(target_id, None)
