"""Windows over time: each function says what its plain definition says, in bounded memory."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting.windows import MOST, Marks, Trail, way

Point = tuple[float, float]
FOREVER = math.inf


def value(
    function: str, points: Sequence[Point], seconds: float = 300.0, parameter: float = 0.0, now: float | None = None
) -> float:
    trail = Trail(seconds, way(function))
    for time, number in points:
        trail.add(time, number)
    return trail.value(function, parameter, points[-1][0] if now is None else now, FOREVER)


def _plain(function: str, points: Sequence[Point], parameter: float, now: float) -> float:
    """The definition, over the points of a window."""
    if not points or (len(points) < 2 and function in {"rate", "delta", "deriv", "predict_linear"}):
        return math.nan
    if function in {"deriv", "predict_linear"}:
        line = statistics.linear_regression([time - now for time, _ in points], [number for _, number in points])
        return line.slope if function == "deriv" else line.intercept + line.slope * parameter
    return PLAIN[function]([number for _, number in points], parameter, points[-1][0] - points[0][0])


def _quantile(values: list[float], share: float) -> float:
    place = share * (len(values) - 1)
    below, above = math.floor(place), math.ceil(place)
    return values[below] * (1 - (place - below)) + values[above] * (place - below)


PLAIN: dict[str, Callable[[list[float], float, float], float]] = {
    "avg_over": lambda values, *_: math.fsum(values) / len(values),
    "min_over": lambda values, *_: min(values),
    "max_over": lambda values, *_: max(values),
    "last": lambda values, *_: values[-1],
    "changes": lambda values, *_: float(sum(one != other for one, other in itertools.pairwise(values))),
    "quantile_over": lambda values, share, _: _quantile(sorted(values), share),
    "delta": lambda values, *_: values[-1] - values[0],
    "rate": lambda values, _, span: math.fsum(b - a if b >= a else b for a, b in itertools.pairwise(values)) / span,
}
FUNCTIONS = [
    ("rate", 0.0),
    ("delta", 0.0),
    ("deriv", 0.0),
    ("avg_over", 0.0),
    ("min_over", 0.0),
    ("max_over", 0.0),
    ("quantile_over", 0.95),
    ("quantile_over", 0.0),
    ("quantile_over", 1.0),
    ("changes", 0.0),
    ("last", 0.0),
    ("predict_linear", 3600.0),
]
_NUMBER = st.one_of(st.integers(0, 20).map(float), st.floats(-1e6, 1e6))
_STEPS = st.lists(st.tuples(st.floats(3.0, 90.0), _NUMBER), min_size=1, max_size=60)


def _points(steps: Sequence[tuple[float, float]], start: float = 1.9e9) -> list[Point]:
    times = itertools.accumulate((step for step, _ in steps), initial=start)
    return list(zip(times, (number for _, number in steps), strict=False))


@pytest.mark.parametrize(("function", "parameter"), FUNCTIONS)
@given(steps=_STEPS, later=st.floats(0.0, 60.0))
def test_a_function_says_what_its_definition_says(
    function: str, parameter: float, steps: list[tuple[float, float]], later: float
) -> None:
    points = _points(steps)
    now = points[-1][0] + later
    expected = _plain(function, [point for point in points if point[0] > now - 300.0], parameter, now)
    scale = max(abs(number) for _, number in points) * (parameter or 1.0)

    assert value(function, points, parameter=parameter, now=now) == pytest.approx(
        expected, rel=1e-6, abs=1e-9 * scale + 1e-9, nan_ok=True
    )


@pytest.mark.parametrize("function", ["rate", "avg_over", "min_over", "max_over", "changes", "last"])
@given(steps=st.lists(st.tuples(st.floats(0.01, 20.0), _NUMBER), min_size=1, max_size=400))
def test_numbers_measured_more_often_than_there_are_points_are_all_counted(function: str, steps: list[tuple[float, float]]) -> None:
    points, part = _points(steps), 1200.0 / MOST
    now = points[-1][0]
    parts = [list(same) for _, same in itertools.groupby(points, lambda point: point[0] // part)]
    kept = [one for one in parts if one[-1][0] > now - 1200.0]
    # What lies between two points counts to the later one, so it begins with the last number of the first part.
    counted = [kept[0][-1], *itertools.chain(*kept[1:])] if function in {"rate", "changes"} else list(itertools.chain(*kept))
    expected = _plain(function, counted, 0.0, now)

    assert value(function, points, 1200.0) == pytest.approx(expected, rel=1e-6, abs=1e-3, nan_ok=True)


@given(st.lists(st.floats(0.001, 1e5), min_size=1, max_size=1000))
def test_a_window_never_holds_more_than_so_many_points(steps: list[float]) -> None:
    trail = Trail(3600.0, "avg_over")
    for time, _ in _points([(step, 1.0) for step in steps]):
        trail.add(time, 1.0)

        assert 1 <= len(trail.times) == len(trail.values) == len(trail.counts) <= MOST + 1


def test_a_counter_that_began_anew_lost_nothing() -> None:
    assert value("rate", [(0.0, 100.0), (60.0, 160.0), (120.0, 20.0), (180.0, 80.0)]) == 140.0 / 180.0


@pytest.mark.parametrize("function", ["rate", "delta", "deriv", "predict_linear"])
def test_one_point_is_no_course(function: str) -> None:
    assert math.isnan(value(function, [(0.0, 1.0)]))


def test_what_is_older_than_the_window_does_not_count() -> None:
    points = [(0.0, 9.0), (300.0, 1.0)]

    assert value("max_over", points, 300.0) == 1.0
    assert value("max_over", points, 301.0) == 9.0
    assert math.isnan(value("max_over", points, 300.0, now=600.0))


def test_a_window_whose_newest_point_is_too_old_has_no_value() -> None:
    trail = Trail(300.0, way("last"))
    trail.add(0.0, 1.0)

    assert trail.value("last", 0.0, 179.9, 180.0) == 1.0
    assert math.isnan(trail.value("last", 0.0, 180.0, 180.0))


def test_the_same_measurement_read_twice_is_one_point() -> None:
    assert value("avg_over", [(0.0, 4.0), (0.0, 4.0), (60.0, 1.0)], now=60.0) == 2.5


def test_a_clock_that_is_set_back_begins_the_window_anew() -> None:
    trail = Trail(300.0, way("max_over"))
    for time, number in ((10_000.0, 9.0), (9_990.0, 7.0), (60.0, 1.0)):
        trail.add(time, number)

    assert trail.value("max_over", 0.0, 60.0, 180.0) == 1.0


def test_marks_tell_how_long_ago_a_number_was() -> None:
    marks = Marks(100.0)
    assert marks.value("absent_for", 130.0) == 30.0
    assert math.isnan(marks.value("age", 130.0))

    marks.read, marks.measured = 150.0, 140.0
    assert (marks.value("absent_for", 150.0), marks.value("age", 150.0)) == (0.0, 10.0)
