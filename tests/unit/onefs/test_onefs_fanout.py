"""Who answered when a cluster asked every node."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mendwatch_onefs.drift import Drift
from mendwatch_onefs.fanout import Parts, parts_of


class Part(msgspec.Struct):
    lnn: Any = None
    error: Any = None
    errors: Any = None
    status: Any = None
    value: Any = None


def _sorted(parts: list[Part], errors: Any = None) -> tuple[Parts[Part], Drift]:  # noqa: ANN401 - JSON
    drift = Drift()
    return parts_of(parts, errors, "r", drift), drift


def test_every_node_that_answers_is_known_by_its_logical_number() -> None:
    parts, drift = _sorted([Part(1, value="a"), Part("2", value="b")])
    assert {lnn: part.value for lnn, part in parts.answered.items()} == {1: "a", 2: "b"}
    assert (parts.silent, parts.whole, drift.counts) == (frozenset(), True, {})


@pytest.mark.parametrize(
    "excuse",
    [
        Part(2, error="Node 2 could not be reached", status=503),
        Part(2, errors=[{"code": "AEC_SYSTEM_INTERNAL_ERROR"}]),
        Part(2, status=503),
    ],
)
def test_a_node_that_is_down_is_silent_in_whatever_way_a_release_says_it(excuse: Part) -> None:
    parts, drift = _sorted([Part(1), excuse])
    assert (set(parts.answered), parts.silent, parts.whole, drift.counts) == ({1}, {2}, False, {})


def test_a_node_that_is_named_among_the_errors_only_is_silent_too() -> None:
    parts, _ = _sorted([Part(1)], [{"code": "AEC_SYSTEM_INTERNAL_ERROR", "lnn": 3, "status": 503}])
    assert (set(parts.answered), parts.silent, parts.whole) == ({1}, {3}, False)


def test_a_part_whose_status_is_an_object_or_200_is_an_answer() -> None:
    parts, _ = _sorted([Part(1, status={"uptime": 5}), Part(2, status=200)])
    assert set(parts.answered) == {1, 2}


def test_two_answers_of_one_node_are_believed_neither() -> None:
    parts, drift = _sorted([Part(1), Part(2, value="a"), Part(2, value="b")])
    assert (set(parts.answered), parts.silent, parts.whole) == ({1}, frozenset(), False)
    assert drift.counts == {"r: lnn": 2}


@pytest.mark.parametrize("lnn", [None, 0, -1, "x", 1.5, True, 70_000, []])
def test_an_answer_without_a_logical_number_is_counted_and_skipped(lnn: object) -> None:
    parts, drift = _sorted([Part(1), Part(lnn)])
    assert (set(parts.answered), parts.whole, drift.counts) == ({1}, False, {"r: lnn": 1})


def test_no_node_at_all_is_not_all_nodes() -> None:
    assert not _sorted([])[0].whole
