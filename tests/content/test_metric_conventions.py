"""The conventions that promtool does not check: units, clashes, help, and the page that documents every metric."""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from mendwatch.metrics import health
from mendwatch.metrics.declarations import declare
from mendwatch.model.samples import MetricKind, MetricSpec
from mendwatch.provider import Provider

ROOT = Path(__file__).resolve().parents[2]
#: What Prometheus adds to every scrape, and what a scrape configuration usually adds.
_SCRAPED = {"job", "instance", "le", "quantile", "__name__"}
_NO_BASE_UNIT = re.compile(
    r"(percent|permil|cents|_kb|_mb|_gb|_kib|_mib|_gib|kilobytes|megabytes|milliseconds|microseconds|minutes|hours|days|_ms|_us)(_|$)"
)


def _providers() -> list[Provider]:
    return [entry.load() for entry in entry_points(group="mendwatch.providers")]


def _declared() -> list[tuple[str, str, MetricSpec]]:
    return [
        (provider.name, collector.spec.name, spec)
        for provider in _providers()
        for collector in provider.collectors()
        for spec in collector.spec.metrics
    ]


def test_every_metric_is_declared_by_one_collector() -> None:
    counts = Counter(spec.name for _, _, spec in _declared())

    assert not [name for name, count in counts.items() if count > 1]


def test_every_collector_has_a_name_of_its_own() -> None:
    for provider in _providers():
        names = [collector.spec.name for collector in provider.collectors()]
        assert len(set(names)) == len(names)
        assert health.SOURCE not in names


def test_no_metric_is_in_percent_or_another_unit_that_is_no_base_unit() -> None:
    assert not [spec.name for _, _, spec in _declared() if _NO_BASE_UNIT.search(spec.name)]


def test_every_name_begins_with_its_provider_and_can_be_exposed() -> None:
    for provider in _providers():
        for collector in provider.collectors():
            for spec in collector.spec.metrics:
                assert spec.name.startswith(f"{provider.metric_prefix}_"), spec.name
                assert declare(spec, provider.target_label)


def test_no_label_clashes_with_what_a_scrape_adds() -> None:
    assert not [(spec.name, label) for _, _, spec in _declared() for label in spec.labels if label in _SCRAPED]


def test_suffixes_that_mean_something_to_prometheus_mean_it_here() -> None:
    wrong = [spec.name for _, _, spec in _declared() if re.search(r"_(count|sum|bucket|created)$", spec.name)]
    wrong += [spec.name for _, _, spec in _declared() if spec.name.endswith("_total") != (spec.kind is MetricKind.COUNTER)]

    assert not wrong


def test_a_unit_ends_the_name() -> None:
    wrong = [
        (spec.name, spec.unit)
        for _, _, spec in _declared()
        if spec.unit and not re.search(rf"_{spec.unit}(_per_second|_total|_ratio)?$", spec.name)
    ]

    assert not wrong


def test_every_help_is_a_sentence_that_names_its_source_once() -> None:
    wrong = [spec.name for _, _, spec in _declared() if not re.search(r"[.)]$", spec.help) or "  " in spec.help]

    assert not wrong


def test_every_field_of_a_schema_is_a_metric_of_its_collector() -> None:
    for provider in _providers():
        schemas = [(schema, collector.spec) for collector in provider.collectors() for schema in collector.spec.schemas]
        names = [schema.name for schema, _ in schemas]
        assert len(set(names)) == len(names), names
        for schema, spec in schemas:
            known = {metric.name: metric for metric in (*spec.metrics, *schema.event_metrics)}
            assert set(schema.fields.values()) <= set(known), schema.name
            for metric in schema.fields.values():
                assert set(known[metric].labels) == set(schema.labels), (schema.name, metric)


def test_the_page_of_metrics_is_what_the_collectors_declare() -> None:
    tool = _tool()

    assert tool.PAGE.read_text("utf-8") == tool.page(), "renew it: make golden"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("metrics_reference", ROOT / "tools" / "metrics_reference.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool
