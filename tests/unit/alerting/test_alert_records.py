"""Samples become records."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from mendwatch.alerting.records import records
from mendwatch.alerting.schemas import KnownSchema, of_providers
from mendwatch.errors import ContentError
from mendwatch.model.alerts import Record
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target

TARGET = Target("lab", "storage", "", {"site": "zurich", "path": "of the operator", "cluster": "of the operator"})
USAGE, LIMIT = "storage_quota_usage_bytes", "storage_quota_hard_limit_bytes"


def grouped(known: KnownSchema, now: datetime, *samples: Sample) -> list[Record]:
    return records(known.schema, known.metrics, TARGET, "cluster", Reading(samples), now)


def test_samples_that_share_their_labels_make_one_record(known: dict[str, KnownSchema], start: datetime) -> None:
    found = grouped(
        known["quota"],
        start,
        Sample(USAGE, 9.0, ("/a", "directory")),
        Sample(LIMIT, 10.0, ("/a", "directory")),
        Sample(USAGE, 5.0, ("/a", "user")),
        Sample("storage_node_up", 1.0, ("1",)),
    )

    assert [(record.labels["type"], dict(record.values)) for record in found] == [
        ("directory", {"usage_bytes": 9.0, "hard_limit_bytes": 10.0}),
        ("user", {"usage_bytes": 5.0}),
    ]


def test_the_targets_own_label_and_the_schemas_are_never_overridden_by_the_operator(
    known: dict[str, KnownSchema], start: datetime
) -> None:
    (record,) = grouped(known["quota"], start, Sample(USAGE, 9.0, ("/a", "directory")))

    assert record.labels == {"site": "zurich", "path": "/a", "type": "directory", "cluster": "lab"}


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_finite_has_no_value(known: dict[str, KnownSchema], start: datetime, value: float) -> None:
    assert grouped(known["quota"], start, Sample(USAGE, value, ("/a", "directory"))) == []


def test_a_record_is_as_old_as_its_oldest_sample_and_never_younger_than_its_poll(
    known: dict[str, KnownSchema], start: datetime
) -> None:
    old, young = start - timedelta(seconds=9), start + timedelta(seconds=9)
    first, second = grouped(
        known["quota"],
        start,
        Sample(USAGE, 9.0, ("/a", "directory"), old),
        Sample(LIMIT, 9.0, ("/a", "directory")),
        Sample(USAGE, 9.0, ("/b", "directory"), young),
    )

    assert (first.time, second.time) == (old, start)


def test_labels_are_placed_by_name_where_a_metric_orders_them_differently(start: datetime) -> None:
    schema = RecordSchema("quota", ("path", "type"), {"usage": "u"})
    (record,) = records(
        schema,
        [MetricSpec("u", "", labels=("type", "path"))],
        TARGET,
        "cluster",
        Reading((Sample("u", 1.0, ("user", "/a")),)),
        start,
    )

    assert (record.labels["path"], record.labels["type"]) == ("/a", "user")


class _Provider:
    """As much of a provider as schemas are read from."""

    target_label = "cluster"

    def __init__(self, schema: RecordSchema, *metrics: MetricSpec) -> None:
        spec = type("Spec", (), {"schemas": (schema,), "metrics": metrics, "interval": 30.0})
        self._collector = type("Collector", (), {"spec": spec})

    def collectors(self) -> list[object]:
        return [self._collector]


def test_a_providers_schema_brings_its_target_label_and_interval() -> None:
    schema = RecordSchema("node", ("node",), {"up": "u"})
    found = of_providers([_Provider(schema, MetricSpec("u", "", labels=("node",)))])  # type: ignore[list-item]

    assert (found["node"].labels, found["node"].interval) == (("cluster", "node"), 30.0)


@pytest.mark.parametrize("metrics", [(), (MetricSpec("u", "", labels=("node", "disk")),)])
def test_a_schema_whose_metrics_do_not_fit_is_refused(metrics: tuple[MetricSpec, ...]) -> None:
    with pytest.raises(ContentError):
        of_providers([_Provider(RecordSchema("node", ("node",), {"up": "u"}), *metrics)])  # type: ignore[list-item]


def test_two_collectors_cannot_declare_one_schema_differently() -> None:
    one = _Provider(RecordSchema("node", ("node",), {"up": "u"}), MetricSpec("u", "", labels=("node",)))
    other = _Provider(RecordSchema("node", ("name",), {"up": "u"}), MetricSpec("u", "", labels=("name",)))

    with pytest.raises(ContentError, match="two collectors"):
        of_providers([one, other])  # type: ignore[list-item]
