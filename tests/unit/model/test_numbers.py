"""Numbers side by side: the quick ways give what the slow ones do."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.model.numbers import packed, taken, unfinite

ANY = st.floats() | st.sampled_from([1e308, -1e308, math.inf, -math.inf, math.nan, -math.nan, 2.0**1008, -(2.0**1009), 5e-324])


def same(one: array[float], other: list[float]) -> bool:
    return list(map(repr, one)) == list(map(repr, other))


@given(st.lists(ANY), st.data())
def test_what_is_not_finite_is_found_wherever_it_stands_and_was_expected(values: list[float], data: st.DataObject) -> None:
    found = [at for at, value in enumerate(values) if not math.isfinite(value)]
    expected = data.draw(st.just(found) | st.lists(st.integers(0, len(values) + 2), unique=True).map(sorted))
    assert unfinite(array("d", values), expected) == found


@given(st.lists(st.floats(allow_nan=False) | st.none() | st.sampled_from([[], "1"])), st.data())
def test_what_is_no_float_becomes_nan_whatever_was_expected(values: list[object], data: st.DataObject) -> None:
    expected = data.draw(st.lists(st.integers(0, len(values) + 2), unique=True).map(sorted))
    found, blanks = packed(values.copy(), expected)
    assert list(blanks) == [at for at, value in enumerate(values) if type(value) is not float]
    assert same(found, [value if isinstance(value, float) else math.nan for value in values])


@given(st.lists(st.floats(allow_nan=False) | st.none()), st.lists(st.floats(allow_nan=False) | st.none()))
def test_the_gaps_of_the_last_time_change_nothing(before: list[float | None], now: list[float | None]) -> None:
    _, blanks = packed(before.copy())
    found, missing = packed(now.copy(), blanks)
    assert list(missing) == [at for at, value in enumerate(now) if value is None]
    assert same(found, [math.nan if value is None else value for value in now])


@pytest.mark.parametrize("runs", [(), ((0, 4),), ((2, 4), (0, 1)), ((1, 1), (3, 4), (3, 4))])
def test_runs_are_taken_one_after_the_other(runs: tuple[tuple[int, int], ...]) -> None:
    values = [0.0, 1.0, 2.0, 3.0]
    assert list(taken(array("d", values), runs)) == [values[at] for start, stop in runs for at in range(start, stop)]
