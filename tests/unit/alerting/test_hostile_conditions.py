"""No condition holds the agent for long, however it was written: neither when it is read nor when it is asked."""

from __future__ import annotations

import time

import pytest
from hostile_conditions import conditions

from mendwatch.alerting.conditions import ConditionError, Language, Patterns

#: CPU time of the thread, which a busy machine does not change; the best of three tells what it costs.
MOST = 0.010
LANGUAGE = Language(("usage", "limit"), ("path", "type"))
LONG_TEXT = "a" * 5_000 + "!"


def read(text: str) -> tuple[float, float]:
    """Give what it costs to read a condition, and to ask it."""
    began = time.thread_time()
    try:
        condition = LANGUAGE.condition(text)
    except ConditionError:
        return time.thread_time() - began, 0.0
    read = time.thread_time()
    bound = LANGUAGE.bind({"usage": 1.0, "limit": 2.0}, {"path": LONG_TEXT, "type": "x"})
    assert condition.holds(bound) in {True, False, None}
    return read - began, time.thread_time() - read


def test_there_are_a_hundred_of_them() -> None:
    assert len(set(conditions())) >= 100


@pytest.mark.parametrize("text", conditions(), ids=range(len(conditions())))
def test_a_hostile_condition_costs_little_to_read_and_to_ask(text: str) -> None:
    costs = [read(text) for _ in range(3)]

    assert min(cost for cost, _ in costs) < MOST
    assert min(cost for _, cost in costs) < MOST


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "(.*a){20}", "(a|a)*b", ".{300}", "|".join(f"cluster-{number}" for number in range(150)), "[^/]*" * 250]
)
def test_a_pattern_of_a_matcher_costs_little(pattern: str) -> None:
    patterns = Patterns()
    matches = patterns.compiled(pattern)
    began = time.thread_time()
    for _ in range(3):
        matches(LONG_TEXT)

    assert (time.thread_time() - began) / 3 < MOST


@pytest.mark.parametrize(
    "pattern", ["(a{100}){100}", r"\pL{100}", r"[\pL\pN]{100}", "(((a{9}){9}){9}){9}", "a" * 2_001, "a{999}" * 9]
)
def test_a_pattern_that_unfolds_to_too_much_is_refused_before_the_library_sees_it(pattern: str) -> None:
    began = time.thread_time()
    with pytest.raises(ConditionError):
        Patterns().compiled(pattern)

    assert time.thread_time() - began < MOST


@pytest.mark.parametrize(
    "literal", ["'(a{100}){100}'", r"r'(a{100}){100}'", r"'(a\x7b100}){100}'", r"'(a\173100}){100}'", r"'\u0028a{100}){100}'"]
)
def test_a_pattern_is_measured_however_its_text_is_spelled(literal: str) -> None:
    with pytest.raises(ConditionError, match="states"):
        LANGUAGE.condition(f"path.matches({literal})")


def test_a_common_pattern_is_allowed() -> None:
    condition = LANGUAGE.condition(r'path.matches("^/ifs/(home|data)/[^/]{1,64}/\\d{4}-\\d{2}$")')

    assert condition.holds(LANGUAGE.bind({}, {"path": "/ifs/home/ann/2026-11"})) is True
