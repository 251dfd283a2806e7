"""The points of one series are found again, whatever way they came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mendwatch.history.memory import MemoryHistory
from mendwatch.history.recalling import Recollection
from mendwatch.model.samples import Columns, Layout, MetricSpec, Sample
from mendwatch.model.targets import Target

START = datetime(2030, 1, 1, tzinfo=UTC)
LAB = Target("lab", "storage", "", {"site": "zurich"})


def _history() -> MemoryHistory:
    history = MemoryHistory()
    history.declare("cluster", [MetricSpec("used", "help", labels=("path",))])
    return history


def _points(history: MemoryHistory, path: str, target: Target = LAB, after: int = 0) -> list[tuple[float, float]]:
    since = START + timedelta(minutes=after)
    found = Recollection(history).points(target, "used", (path,), since)
    return [((time - START.timestamp()) / 60, value) for time, value in found]


def test_points_of_samples_and_of_columns_are_found_with_their_times() -> None:
    history, layout = _history(), Layout([("used", ("/a",)), ("used", ("/b",))])
    history.append(LAB, "cluster", [Sample("used", 5.0, ("/c",))], START, source="quotas")
    for minute in range(3):
        columns = Columns(layout, [float(minute), 7.0])
        history.append(LAB, "cluster", (), START + timedelta(minutes=minute), source="quotas", columns=(columns,))

    assert _points(history, "/a") == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert _points(history, "/a", after=1) == [(1, 1.0), (2, 2.0)]
    assert _points(history, "/c") == [(0, 5.0)]


def test_a_series_that_is_not_held_or_of_another_target_has_no_points() -> None:
    history = _history()
    history.append(LAB, "cluster", [Sample("used", 5.0, ("/a",))], START, source="quotas")

    assert _points(history, "/b") == []
    assert _points(history, "/a", Target("other", "storage", "")) == []
    assert _points(history, "/a", Target("lab", "storage", "", {"site": "basel"})) == []


def test_a_series_that_came_later_has_only_its_own_points() -> None:
    history = _history()
    history.append(LAB, "cluster", [Sample("used", 1.0, ("/a",))], START, source="quotas")
    both = [Sample("used", 2.0, ("/a",)), Sample("used", 3.0, ("/b",))]
    history.append(LAB, "cluster", both, START + timedelta(minutes=1), source="quotas")

    recollection = Recollection(history)
    assert [value for _, value in recollection.points(LAB, "used", ("/b",), START)] == [3.0]
    assert [value for _, value in recollection.points(LAB, "used", ("/a",), START)] == [1.0, 2.0]
