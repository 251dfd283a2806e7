"""Layouts and columns: the cheap way to give many samples."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from mendwatch.model.samples import Columns, Layout, Reading, Run, Sample

HEADS = (("a", ("1",)), ("a", ("2",)), ("b", ()))


def test_a_layout_knows_where_each_metric_stands() -> None:
    assert Layout(HEADS).runs == (Run("a", 0, 2), Run("b", 2, 3))


def test_metrics_that_have_the_same_series_are_laid_out_as_if_each_were_named() -> None:
    labels = [("1",), ("2",)]
    quick, slow = Layout.alike(["a", "b"], labels), Layout((metric, one) for metric in ("a", "b") for one in labels)
    assert (quick.metrics, quick.labels, quick.runs) == (slow.metrics, slow.labels, slow.runs)
    assert len(Layout.alike(["a"], [])) == len(Layout.alike([], labels)) == 0
    assert Layout.alike(["a"], []).runs == ()


def test_series_that_are_keys_are_laid_out_metric_by_metric() -> None:
    quick, slow = Layout.of({"a": {("1",): 0, ("2",): 0}, "none": {}, "b": {(): 0}}), Layout(HEADS)
    assert (quick.metrics, quick.labels, quick.runs) == (slow.metrics, slow.labels, slow.runs)
    assert len(Layout.of({})) == 0


@pytest.mark.parametrize(("metrics", "labels"), [(["a", "a"], [("1",)]), (["a"], [("1",), ("1",)])])
def test_a_metric_or_a_series_of_several_metrics_stands_once(metrics: list[str], labels: list[tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="stands twice"):
        Layout.alike(metrics, labels)


def test_a_layout_is_only_like_itself() -> None:
    assert Layout(HEADS) != Layout(HEADS)


@pytest.mark.parametrize("heads", [(*HEADS, ("b", ())), (*HEADS, ("a", ("3",)))])
def test_a_layout_refuses_a_series_that_stands_twice_or_apart(heads: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    with pytest.raises(ValueError, match=r"stands twice|not side by side"):
        Layout(heads)


def test_columns_refuse_another_number_of_values() -> None:
    with pytest.raises(ValueError, match="2 values for 3 series"):
        Columns(Layout(HEADS), [1.0, 2.0])


def test_a_value_that_is_absent_gives_no_sample() -> None:
    columns = Columns(Layout(HEADS), [1.0, math.nan, 3.0], [0.0, 0.0, 60.0], absent=1)

    assert list(columns.samples()) == [
        Sample("a", 1.0, ("1",), datetime(1970, 1, 1, tzinfo=UTC)),
        Sample("b", 3.0, (), datetime(1970, 1, 1, 0, 1, tzinfo=UTC)),
    ]


def test_a_reading_counts_and_gives_both_kinds() -> None:
    reading = Reading((Sample("c", 4.0),), columns=(Columns(Layout(HEADS), [1.0, math.nan, 3.0], absent=1),))

    assert reading.size == len(list(reading.each())) == 3
