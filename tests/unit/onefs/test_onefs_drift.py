"""What is not understood is counted, and never passes as a value."""

from __future__ import annotations

from datetime import UTC, datetime

from mendwatch_onefs.drift import Drift


def test_what_is_absent_is_no_drift() -> None:
    drift = Drift()

    assert (drift.number("n", None), drift.word("w", None, ()), drift.moment("t", None)) == (None, None, None)
    assert drift.counts == {}


def test_what_is_not_understood_is_counted_by_its_field() -> None:
    drift = Drift()

    assert [drift.number("n", value) for value in ("many", [], "12")] == [None, None, 12.0]
    assert drift.flag("f", "perhaps") is None
    assert drift.whole("w", -1) is None
    assert drift.counts == {"n": 2, "f": 1, "w": 1}


def test_a_word_that_nobody_knows_is_given_and_counted() -> None:
    drift = Drift()

    assert drift.word("state", "Resting", {"running"}) == "resting"
    assert drift.counts == {"state": 1}


def test_the_time_nought_is_never_and_an_absurd_one_is_drift() -> None:
    drift = Drift()

    assert drift.moment("t", 0) is None
    assert drift.moment("t", 1_700_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert drift.moment("t", 12) is None
    assert drift.counts == {"t": 1}
