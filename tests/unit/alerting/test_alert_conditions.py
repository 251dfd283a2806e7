"""CEL behind our one module: what holds, what does not, and what nobody knows."""

from __future__ import annotations

import math

import pytest

from mendwatch.alerting.conditions import ConditionError, Language, Patterns
from mendwatch.alerting.tokens import LONGEST

QUOTA = Language(("usage", "limit"), ("path", "type"))
LABELS = {"path": "/ifs/data", "type": "directory"}


def answer(text: str, labels: dict[str, str] | None = None, **values: float) -> bool | None:
    return QUOTA.condition(text).holds(QUOTA.bind(values, LABELS if labels is None else labels))


def refusal(text: str) -> ConditionError:
    with pytest.raises(ConditionError) as problem:
        QUOTA.condition(text)
    return problem.value


@pytest.mark.parametrize(("usage", "expected"), [(91.0, True), (89.0, False)])
def test_a_condition_answers_yes_or_no(usage: float, *, expected: bool) -> None:
    assert answer("usage / limit > 0.9", usage=usage, limit=100.0) is expected


def test_a_missing_field_is_no_answer_although_the_librarys_error_value_is_true() -> None:
    assert answer("usage / limit > 0.9", usage=91.0) is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_no_value(value: float) -> None:
    assert answer("usage > 0.9", usage=value) is None


def test_a_division_by_zero_is_no_answer_and_never_infinitely_true() -> None:
    assert answer("usage / limit > 0.9", usage=1.0, limit=0.0) is None
    assert answer("usage / limit < 0.9", usage=1.0, limit=0.0) is None
    assert answer("usage / (limit - limit) > 0.9", usage=1.0, limit=7.0) is None


def test_a_guarded_division_by_zero_is_a_plain_no() -> None:
    assert answer("limit > 0.0 && usage / limit > 0.9", usage=1.0, limit=0.0) is False
    assert answer("usage / limit > 0.9 && limit > 0.0", usage=1.0, limit=0.0) is False


def test_arithmetic_beyond_the_largest_double_is_no_answer() -> None:
    assert answer("usage * 1e308 * 1e308 > 1.0", usage=2.0) is None
    assert answer("usage + 1.7e308 > 1.0", usage=1.7e308) is None
    assert answer("-1.7e308 - usage < 1.0", usage=1.7e308) is None


def test_division_inside_a_macro_is_guarded_too() -> None:
    assert answer("[1.0, 0.0].exists(x, usage / x > 3.0)", usage=1.0) is None
    assert answer("[1.0, 0.0].exists(x, usage / x > 0.5)", usage=1.0) is True


def test_division_of_whole_numbers_still_works() -> None:
    assert answer("int(usage) / 3 == 3", usage=10.0) is True
    assert answer("int(usage) / 0 == 3", usage=10.0) is None


def test_a_text_that_looks_like_the_division_operator_stays_itself() -> None:
    assert answer("path == '_/_' && usage / limit > 0.5", {"path": "_/_"}, usage=1.0, limit=1.0) is True


def test_a_label_may_be_called_type_although_that_is_a_word_of_the_language() -> None:
    assert answer("type == 'directory'") is True


def test_a_whole_number_is_refused_where_it_cannot_be_meant_as_a_double() -> None:
    problem = refusal("usage > int('90')")

    assert "(double, int)" in str(problem)
    assert "line 1, character 7" in str(problem)
    assert "write 90.0 instead of 90" in problem.hint


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    problem = refusal("usage > 1.0 &&\n limt > 1.0")

    assert "'limt'" in str(problem)
    assert "line 2, character 2" in str(problem)
    assert "'limit'" in problem.hint


def test_a_condition_that_gives_a_number_is_refused() -> None:
    assert "gives DOUBLE" in str(refusal("usage / limit"))


@pytest.mark.parametrize(
    "text", ["", "usage >", "usage > and", "path > 1.0", "usage.x > 1.0", "dyn(usage)", "usage > 1.0 ? true : 'x'"]
)
def test_what_makes_no_sense_is_refused_at_load(text: str) -> None:
    refusal(text)


def test_the_names_that_have_no_value_can_be_told() -> None:
    condition = QUOTA.condition("usage / limit > 0.9 && path != ''")

    assert condition.names == {"usage", "limit", "path"}
    assert condition.missing(QUOTA.bind({"usage": 1.0}, LABELS)) == ("limit",)


@pytest.mark.parametrize("path", ["a\0b", "half a pair \ud800"])
def test_a_label_that_the_library_would_cut_or_choke_on_has_no_value(path: str) -> None:
    bound = QUOTA.bind({}, {"path": path})

    assert QUOTA.expression("path").value(bound) is None
    assert QUOTA.condition("path == 'a'").holds(bound) is None


@pytest.mark.parametrize("path", ["{{ 7*7 }}", "é \u202e \n ' \" \\", "", "\U0010ffff"])
def test_a_variable_is_the_label_letter_by_letter(path: str) -> None:
    assert QUOTA.expression("path").value(QUOTA.bind({}, {"path": path})) == path


def test_variables_are_plain_values_of_their_types() -> None:
    bound = QUOTA.bind({"usage": 10.0, "limit": 10737418240.0}, LABELS)

    assert QUOTA.expression("int(limit * 1.1)").value(bound) == 11811160064
    assert QUOTA.expression("usage * 0.5").value(bound) == 5.0
    assert QUOTA.expression("usage > 1.0").value(bound) is True


@pytest.mark.parametrize("text", ["usage / 0.0", "int(usage * 1e300)", "soft", "duration('5m')", "[usage]", "null"])
def test_a_variable_without_a_plain_finite_value_is_refused_or_none(text: str) -> None:
    try:
        expression = QUOTA.expression(text)
    except ConditionError:
        return
    assert expression.value(QUOTA.bind({"usage": 1.0}, {})) is None


@pytest.mark.parametrize("text", ["1e999", "double('inf')", "double('nan')"])
def test_a_variable_that_is_not_finite_is_none(text: str) -> None:
    assert QUOTA.expression(text).value(QUOTA.bind({}, {})) is None


def test_a_condition_longer_than_a_person_writes_is_refused() -> None:
    assert str(LONGEST) in refusal("true" + " || true" * LONGEST).hint


def test_patterns_are_anchored_at_both_ends() -> None:
    matches = Patterns().compiled("prod-.*|lab")

    assert [matches(text) for text in ("prod-1", "lab", "xlab", "labx", "a prod-1", "prod-1\nx")] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("text", ["a)|(b", "(?=x)", r"(a)\1", "[", "a\0", "a**"])
def test_what_is_no_linear_pattern_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        Patterns().compiled(text)


@pytest.mark.timeout(5)
def test_a_pattern_that_ruins_a_backtracking_engine_costs_nothing() -> None:
    assert Patterns().compiled("(a+)+")("a" * 50_000 + "!") is False
