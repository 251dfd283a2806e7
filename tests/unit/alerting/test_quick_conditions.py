"""Conditions as Python functions: the same answers as CEL's library, whatever is asked of whatever values."""

from __future__ import annotations

import math
from random import Random

import condition_worlds
import pytest

from mendwatch.alerting import quick
from mendwatch.alerting.conditions import Condition, Language

NUMBERS = {name: at for at, name in enumerate(condition_worlds.NUMBERS)}
TEXTS = {name: at for at, name in enumerate(condition_worlds.TEXTS)}
LANGUAGE = Language(NUMBERS, TEXTS)


def quickly(condition: Condition) -> quick.Ask | None:
    return quick.compiled(condition.tree, NUMBERS, TEXTS)


def answer(text: str, *numbers: float) -> bool | None:
    ask = quickly(LANGUAGE.condition(text))
    assert ask is not None
    return ask([*numbers, *[math.nan] * (len(NUMBERS) - len(numbers))], ["/ifs/a", None])


def held_together(seed: int, conditions: int, values: int) -> int:
    """Put random values to random conditions both ways; gives how many answers were compared."""
    random, compared = Random(seed), 0  # noqa: S311 - values of a test
    for _ in range(conditions):
        text = condition_worlds.condition(random)
        if len(text) > 2000:
            continue
        condition = LANGUAGE.condition(text)
        ask = quickly(condition)
        if ask is None:
            continue
        for _ in range(values):
            numbers, texts = condition_worlds.values(random), condition_worlds.texts(random)
            labels = {name: word for name, word in zip(TEXTS, texts, strict=True) if word is not None}
            expected = condition.holds(LANGUAGE.bind(dict(zip(NUMBERS, numbers, strict=True)), labels))
            assert ask(numbers, texts) is expected, (text, numbers, texts)
            compared += 1
    return compared


@pytest.mark.parametrize("seed", range(4))
def test_python_and_the_library_give_the_same_answers(seed: int) -> None:
    assert held_together(seed, conditions=150, values=12) > 1000


@pytest.mark.long
@pytest.mark.timeout(600)
def test_python_and_the_library_give_the_same_answers_a_hundred_thousand_times() -> None:
    assert sum(held_together(seed, conditions=1000, values=20) for seed in range(100, 110)) >= 100_000


@pytest.mark.parametrize("divisor", [0.0, -0.0, math.nan])
def test_a_division_by_zero_or_by_nothing_is_no_answer(divisor: float) -> None:
    assert answer("usage / limit > 0.9", 1.0, divisor) is None
    assert answer("usage / limit <= 0.9", 1.0, divisor) is None


def test_what_becomes_too_large_on_the_way_is_no_answer_although_it_ends_small() -> None:
    assert answer("1.0 / (usage * usage) < 0.5", 1e200) is None
    assert answer("usage * usage - usage * usage < 0.5", 1e200) is None


def test_no_answer_is_settled_by_the_other_side() -> None:
    assert answer("limit > 0.0 && usage / limit > 0.9", 1.0, 0.0) is False
    assert answer("usage / limit > 0.9 && limit > 0.0", 1.0, 0.0) is False
    assert answer("usage / limit > 0.9 || limit == 0.0", 1.0, 0.0) is True
    assert answer("limit == 0.0 || usage / limit > 0.9", 1.0, 0.0) is True
    assert answer("usage / limit > 0.9 || limit > 0.0", 1.0, 0.0) is None
    assert answer("!(usage / limit > 0.9)", 1.0, 0.0) is None


def test_a_text_that_is_missing_is_no_answer() -> None:
    assert answer("path == '/ifs/a'") is True
    assert answer("type == ''") is None
    assert answer("type in []") is None


@pytest.mark.parametrize(
    "text",
    [
        "[1.0].exists(x, x > usage)",
        "path.matches('a+')",
        "int(usage) > 3",
        "size(path) > 3",
        "usage < 1e999",
        "path in [type]",
        "path + type == 'a'",
        "has({'a': 1}.a)",
        "(usage > 1.0 ? path : type) == 'a'",
    ],
)
def test_what_is_not_simple_stays_with_the_library(text: str) -> None:
    assert quickly(LANGUAGE.condition(text)) is None


def test_a_name_without_a_place_stays_with_the_library() -> None:
    assert quick.compiled(LANGUAGE.condition("usage > 1.0").tree, {}, {}) is None


def test_no_text_of_a_condition_is_ever_run() -> None:
    hostile = """__import__('os').abort() # ' " \\ raise"""

    assert answer(f'path == r"""{hostile}"""') is False
    assert answer(f'path in [r"""{hostile}"""]') is False
