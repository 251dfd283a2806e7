"""The health of a target as columns is what its samples would be, after whatever sequence of polls."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from mendwatch.metrics import health
from mendwatch.metrics.health import CollectorHealth
from mendwatch.metrics.wellbeing import Wellbeing

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLLS = st.builds(
    CollectorHealth,
    st.sampled_from(["drives", "events", "nodes", "quotas"]),
    success=st.booleans(),
    duration=st.floats(0, 100),
    last_success=st.none() | st.just(NOW),
    state=st.sampled_from(["ok", "failing", "denied", "unsupported", "over_budget", "surprising"]),
    series=st.none() | st.integers(0, 9),
    budget=st.none() | st.integers(0, 9),
)


@given(st.lists(st.tuples(POLLS, st.none() | st.booleans()), max_size=12))
def test_columns_after_any_polls_are_the_samples_of_the_last_poll_of_each_collector(
    polls: list[tuple[CollectorHealth, bool | None]],
) -> None:
    target, known = Wellbeing("ps"), dict[str, CollectorHealth]()
    for polled, up in polls:
        known[polled.name] = polled
        columns = target.columns(polled, up=up)

        given = {(one.metric, one.labels): one.value for one in columns.samples()}
        assert given == {(one.metric, one.labels): one.value for one in health.samples("ps", known.values(), up=up)}


def test_a_poll_that_ends_as_the_one_before_keeps_the_layout() -> None:
    target = Wellbeing("ps")
    first = target.columns(CollectorHealth("quotas", success=True, duration=1.0, last_success=NOW), up=True)
    second = target.columns(CollectorHealth("quotas", success=True, duration=2.0, last_success=NOW), up=True)

    assert second.layout is first.layout
    assert (1.0 in first.values, 2.0 in second.values) == (True, True)
