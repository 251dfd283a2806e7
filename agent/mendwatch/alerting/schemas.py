"""What rules can be written against: the record schemas that collectors declare, each with its target's label and interval.

This module knows the provider contract and nothing of rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mendwatch.alerting import core_schemas, units
from mendwatch.alerting.units import Unit
from mendwatch.errors import ContentError
from mendwatch.model.samples import MetricSpec, RecordSchema
from mendwatch.provider import Provider


@dataclass(frozen=True, slots=True)
class KnownSchema:
    """One record type that `on:` can name.

    `target_label` is the label that carries the target's id, `interval` the collector's default in seconds, `metrics` the
    specs of the metrics that the fields come from.
    """

    schema: RecordSchema
    target_label: str
    interval: float
    metrics: tuple[MetricSpec, ...]

    @property
    def name(self) -> str:
        """The word that `on:` has."""
        return self.schema.name

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that every record of this type has: the target's own first."""
        return (self.target_label, *self.schema.labels)

    @property
    def units(self) -> dict[str, Unit]:
        """What each field is measured in, where its metric says so."""
        by_name = {metric.name: metric for metric in self.metrics}
        return {field: units.of_metric(by_name[name]) for field, name in self.schema.fields.items() if name in by_name}


#: From the name of a schema to what is known of it.
Schemas = Mapping[str, KnownSchema]


def of_providers(providers: Iterable[Provider]) -> dict[str, KnownSchema]:
    """Gather the schemas of every collector of the given providers, and those that the core gives of their targets.

    Raises:
        ContentError: two collectors declare one name differently, or a field's metric does not fit its record.
    """
    found: dict[str, KnownSchema] = {}
    for known in (known for provider in providers for known in _declared(provider)):
        if found.setdefault(known.name, known) != known:
            raise ContentError(f"two collectors declare the schema {known.name!r}", hint="Rename one of them.")
    return found


def _declared(provider: Provider) -> Iterator[KnownSchema]:
    for spec in (*(collector.spec for collector in provider.collectors()), core_schemas.spec(provider)):
        for schema in spec.schemas:
            yield _known(schema, provider.target_label, spec.interval, spec.metrics)


def _known(schema: RecordSchema, target_label: str, interval: float, metrics: Iterable[MetricSpec]) -> KnownSchema:
    by_name = {metric.name: metric for metric in (*metrics, *schema.event_metrics)}
    used = tuple(by_name[name] for name in dict.fromkeys(schema.fields.values()) if name in by_name)
    for name in schema.fields.values():
        if name not in by_name:
            raise ContentError(f"the schema {schema.name!r} names the metric {name}, which its collector does not declare")
    for metric in used:
        if set(metric.labels) != set(schema.labels):
            message = f"the schema {schema.name!r} has the labels {schema.labels}, its metric {metric.name} has {metric.labels}"
            raise ContentError(message, hint="The fields of one record share exactly its labels.")
    return KnownSchema(schema, target_label, interval, used)
