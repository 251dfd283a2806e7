"""What may stand on the page: every metric is declared before its first sample, once and in one way.

Faults are found here, at the start, where a person sees them; `families` meets only what passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mendwatch.errors import ConfigurationError
from mendwatch.metrics import formats, text
from mendwatch.metrics.formats import Format
from mendwatch.model.samples import MetricKind, MetricSpec
from mendwatch.model.targets import Target

#: The agent's own metrics begin with these; they come from `metrics.agent` alone.
RESERVED_PREFIXES = ("mendwatch_", "process_")


@dataclass(frozen=True, slots=True)
class Declaration:
    """A metric as it was declared, with the label that carries its target's id."""

    spec: MetricSpec
    target_label: str

    @property
    def header(self) -> bytes:
        """The family's two comment lines in text, without the last line's end."""
        return formats.header(self.spec, Format.TEXT)

    def head(self, target: Target) -> bytes:
        """Write what all lines of a target begin with: the line end of the line before, the name, and the shared labels."""
        shared = text.labels([(self.target_label, target.id), *sorted(target.labels.items())])
        return f"\n{self.spec.name}{{{shared}".encode()

    def clash(self, target: Target) -> str | None:
        """Say which of the operator's labels cannot stand on this metric, or None."""
        taken = {self.target_label, *self.spec.labels}
        for name in sorted(target.labels):
            if name in taken:
                return f"the label {name!r} of target {target.id!r} is also a label of {self.spec.name}"
            if not text.is_label_name(name):
                return f"{name!r} of target {target.id!r} is no label name"
        return None


def declare(spec: MetricSpec, target_label: str) -> Declaration:
    """Check a declaration by itself.

    Raises:
        ConfigurationError: a name, the help or the labels cannot stand on the page.
    """
    fault = _fault(spec, target_label)
    if fault:
        raise ConfigurationError(
            f"metric {spec.name!r} cannot be exposed: {fault}", hint="Correct the metric's declaration in its collector."
        )
    return Declaration(spec, target_label)


def check_target(target: Target, target_label: str, specs: Iterable[MetricSpec]) -> None:
    """Check the operator's labels of a target against all metrics that it will have.

    Raises:
        ConfigurationError: a label's name is not one, or is taken by a metric.
    """
    for spec in specs:
        clash = Declaration(spec, target_label).clash(target)
        if clash:
            raise ConfigurationError(clash, hint="Give that label another name under `labels:` of the target.")


def _fault(spec: MetricSpec, target_label: str) -> str | None:
    all_labels = (target_label, *spec.labels)
    bad = [name for name in all_labels if not text.is_label_name(name)]
    if not text.is_metric_name(spec.name):
        return "its name is no metric name"
    if spec.name.startswith(RESERVED_PREFIXES):
        return f"names that begin with {' or '.join(RESERVED_PREFIXES)} are the agent's own"
    if bad:
        return f"{bad[0]!r} is no label name"
    if len(set(all_labels)) < len(all_labels):
        return "one label is named twice (the target's label comes by itself)"
    if (spec.kind is MetricKind.COUNTER) != spec.name.endswith("_total"):
        return "counters, and only they, end in _total"
    return None if spec.help.strip() else "it has no help"
