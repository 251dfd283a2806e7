"""Samples and columns become records."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting.gathering import gathered
from mendwatch.alerting.panel import Panel
from mendwatch.alerting.records import Shape, labels, planned
from mendwatch.alerting.ruleset import RuleSet
from mendwatch.alerting.schemas import KnownSchema, of_providers
from mendwatch.alerting.slices import Slices, finished
from mendwatch.alerting.subjects import Entry, Form
from mendwatch.errors import ContentError
from mendwatch.model.alerts import Record
from mendwatch.model.samples import Columns, Layout, MetricSpec, Reading, RecordSchema, Sample
from mendwatch.model.targets import Target

TARGET = Target("lab", "storage", "", {"site": "zurich", "path": "of the operator", "cluster": "of the operator"})
USAGE, LIMIT = "storage_quota_usage_bytes", "storage_quota_hard_limit_bytes"


def grouped(known: KnownSchema, now: datetime, *samples: Sample) -> list[Record]:
    return recorded(known.schema, known.metrics, Reading(samples), now)


def recorded(schema: RecordSchema, metrics: Iterable[MetricSpec], reading: Reading, now: datetime) -> list[Record]:
    """Give every record of a reading, as the engine would if somebody asked."""
    shape, slices = Shape(schema, metrics), Slices()
    plan = finished(planned(shape, reading.columns, slices))
    places = {name: at for at, name in enumerate(shape.fields)}
    form = Form(schema.name, TARGET.id, shape.fields, places, list, Panel(RuleSet(), schema.name))
    found = []
    for subject, values, times in finished(gathered(shape, plan, reading, now, slices)):
        entry = Entry(form, labels(schema, TARGET, "cluster", subject), (), now)
        if values is not None:
            entry.take(values, times, now)
            found.append(entry.record())
    return found


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
    (record,) = recorded(
        schema, [MetricSpec("u", "", labels=("type", "path"))], Reading((Sample("u", 1.0, ("user", "/a")),)), start
    )

    assert (record.labels["path"], record.labels["type"]) == ("/a", "user")


QUOTA = RecordSchema("quota", ("path", "type"), {"usage": "u", "limit": "l", "ready": "r"})
QUOTA_METRICS = (
    MetricSpec("u", "", labels=("path", "type")),
    MetricSpec("l", "", labels=("type", "path")),
    MetricSpec("r", "", labels=("path", "type")),
    MetricSpec("other", "", labels=("disk",)),
)
#: (metric, subject, value, seconds after the poll)
_NUMBERS = st.dictionaries(
    st.tuples(st.sampled_from("ulr"), st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["directory", "user"])),
    st.tuples(st.sampled_from([0.0, 1.5, math.nan, math.inf]), st.sampled_from([-60.0, 0.0, 60.0])),
    max_size=18,
)


@given(_NUMBERS, st.integers(1, 3), st.sampled_from([list, partial(array, "d")]))
def test_columns_give_the_very_records_that_their_samples_would(
    numbers: dict[tuple[str, str, str], tuple[float, float]], parts: int, made: Callable[[list[float]], list[float]]
) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    heads = [(metric, (kind, path) if metric == "l" else (path, kind)) for metric, path, kind in sorted(numbers)]
    values = [numbers[head][0] for head in sorted(numbers)]
    times = [now.timestamp() + numbers[head][1] for head in sorted(numbers)]
    metrics = sorted({head[0] for head in heads})
    columns = []
    for part in range(parts):
        chosen = [at for at, head in enumerate(heads) if metrics.index(head[0]) % parts == part]
        noise = [("other", (str(part),))]
        layout = Layout([*noise, *(heads[at] for at in chosen)])
        columns.append(Columns(layout, made([7.0, *(values[at] for at in chosen)]), made([0.0, *(times[at] for at in chosen)])))
    singly = tuple(sample for one in columns for sample in one.samples())

    def by_subject(reading: Reading) -> list[Record]:
        return sorted(recorded(QUOTA, QUOTA_METRICS, reading, now), key=lambda record: sorted(record.labels.items()))

    expected = by_subject(Reading(singly))
    assert by_subject(Reading(columns=tuple(columns))) == expected
    assert by_subject(Reading(tuple(columns[0].samples()), columns=tuple(columns[1:]))) == expected


def test_columns_without_times_were_measured_when_they_were_read(start: datetime) -> None:
    layout = Layout([("u", ("/a", "user")), ("r", ("/a", "user"))])
    (record,) = recorded(QUOTA, QUOTA_METRICS, Reading(columns=(Columns(layout, [1.0, 2.0]),)), start)

    assert (record.time, record.polled_at, record.times) == (start, start, {})
    assert record.values == {"usage": 1.0, "ready": 2.0}


@pytest.mark.parametrize("time", [math.nan, -1e30])
def test_a_senseless_time_of_a_column_costs_no_record(start: datetime, time: float) -> None:
    layout = Layout([("u", ("/a", "user"))])
    (record,) = recorded(QUOTA, QUOTA_METRICS, Reading(columns=(Columns(layout, [1.0], [time]),)), start)

    assert record.time <= start


def test_a_plan_serves_as_long_as_the_layouts_are_the_same() -> None:
    shape, layout = Shape(QUOTA, QUOTA_METRICS), Layout([("u", ("/a", "user")), ("other", ("1",))])
    again = Layout([("u", ("/a", "user")), ("other", ("1",))])
    plan = finished(planned(shape, (Columns(layout, [1.0, 2.0]),), Slices()))

    assert plan.fits((Columns(layout, [3.0, 4.0]),))
    assert not plan.fits((Columns(again, [3.0, 4.0]),))
    assert not plan.fits(())


def test_planning_a_large_layout_pauses() -> None:
    layout = Layout((metric, (f"/{number}", "user")) for metric in "ur" for number in range(10_000))
    pauses = sum(1 for _ in planned(Shape(QUOTA, QUOTA_METRICS), (Columns(layout, [1.0] * 20_000),), Slices()))

    assert pauses >= 5


class _Provider:
    """As much of a provider as schemas are read from."""

    name = metric_prefix = "storage"
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
