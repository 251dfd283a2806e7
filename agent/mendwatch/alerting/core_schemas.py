"""The records that the core itself gives of every target, whatever its provider: whether it answers, and how its collectors fare.

Rules name them by the provider: `on: onefs_target`, `on: onefs_collector`. They are made after every poll, also after a failed one,
so that what cannot be read has a record too. This module knows the provider contract and nothing of rules.
"""

from __future__ import annotations

from mendwatch.model.samples import MetricSpec, RecordSchema
from mendwatch.provider import CollectorSpec, Provider

#: The name under which these records are judged; no collector may have it.
SOURCE = "health"
#: Seconds. The records are silent after three times as long: longer than a collector rests after it failed again and again.
INTERVAL = 2400.0
#: The states of a collector that are fields, 1 or 0 each.
STATES = ("failing", "denied", "unsupported", "over_budget")

_SECONDS = "last_success_age_seconds"
_TARGET = {
    "up": ("up", "Whether the target answers: 1 yes; 0 no, or a collector ran into its deadline and was not answered since."),
    _SECONDS: (_SECONDS, "Seconds since any collector of the target last succeeded."),
}
_COLLECTOR = {
    "success": ("collector_success", "Whether the last poll of this collector succeeded: 1 yes, 0 no."),
    **{state: (f"collector_{state}", f"Whether the collector is {state.replace('_', ' ')}: 1 yes, 0 no.") for state in STATES},
    _SECONDS: (f"collector_{_SECONDS}", "Seconds since this collector last succeeded."),
    "series": ("collector_series", "Series that its last successful poll gave."),
    "budget": ("collector_budget_series", "Series that one poll may give; a poll that gives more fails."),
}


def target_schema(provider: str) -> str:
    """Give the name of the records of a provider's targets."""
    return f"{provider}_target"


def collector_schema(provider: str) -> str:
    """Give the name of the records of its collectors."""
    return f"{provider}_collector"


def exported(schema: RecordSchema, field: str, selector: str) -> str | None:
    """Give the PromQL of a field that is published otherwise than it is judged; None for any other. `selector` stands in braces."""
    metric = schema.fields[field]
    if field in STATES and set(schema.fields) == set(_COLLECTOR):
        series, inner = metric.removesuffix(field) + "state", f"{selector}," if selector else ""
        return f'max without (state) ({series}{{{inner}state="{field}"}} or 0 * {series}{{{selector}}})'
    if field == _SECONDS and set(schema.fields) == set(_TARGET):
        series = metric.replace(_SECONDS, "collector_last_success_timestamp_seconds")
        return f"(time() - max without (collector) ({series}{{{selector}}}))"
    if field == _SECONDS and set(schema.fields) == set(_COLLECTOR):
        return f"(time() - {metric.replace(_SECONDS, 'last_success_timestamp_seconds')}{{{selector}}})"
    return None


def spec(provider: Provider) -> CollectorSpec:
    """Declare both records, as if a collector gave them."""
    prefix, metrics, schemas = provider.metric_prefix, [], []
    for name, labels, fields, told in (
        (target_schema(provider.name), (), _TARGET, "A target, as the agent finds it"),
        (collector_schema(provider.name), ("collector",), _COLLECTOR, "A collector of a target, after its last poll"),
    ):
        metrics += [_metric(f"{prefix}_{metric}", text, labels) for metric, text in fields.values()]
        schemas.append(RecordSchema(name, labels, {field: f"{prefix}_{metric}" for field, (metric, _) in fields.items()}, told))
    return CollectorSpec(SOURCE, INTERVAL, INTERVAL, tuple(metrics), tuple(schemas))


def _metric(name: str, text: str, labels: tuple[str, ...]) -> MetricSpec:
    return MetricSpec(name, text, unit="seconds" if name.endswith("_seconds") else "", labels=labels)
