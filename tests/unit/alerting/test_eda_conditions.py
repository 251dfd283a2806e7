"""Conditions of rulebooks are read as they are meant, or refused with the place."""

from __future__ import annotations

import pytest

from mendwatch.alerting.eda.conditions import Comparison, Junction, Negation, Unreadable, parse


def test_and_binds_tighter_than_or() -> None:
    found = parse('event.a == 1 or event.b == 2 and event.c == "x"')

    assert isinstance(found, Junction)
    assert found.word == "or"
    assert isinstance(found.parts[1], Junction)
    assert found.parts[1].word == "and"


def test_brackets_and_not_are_kept() -> None:
    found = parse("not (event.a > 1 or event.b < 2)")

    assert isinstance(found, Negation)
    assert isinstance(found.part, Junction)


def test_an_attribute_is_read_in_all_its_spellings() -> None:
    found = parse("""event.alert["labels"]['cluster'].x[0] == 'a'""")

    assert isinstance(found, Comparison)
    assert found.left.parts == ("event", "alert", "labels", "cluster", "x", "0")


@pytest.mark.parametrize(
    ("text", "operator", "right", "negated"),
    [
        ("event.x == -1.5", "==", -1.5, False),
        ("event.x in [1, 2]", "in", (1.0, 2.0), False),
        ("event.x not in ['a']", "in", ("a",), True),
        ("event.x contains 'a'", "contains", "a", False),
        ("event.x is defined", "defined", None, False),
        ("event.x is not defined", "defined", None, True),
        ('event.x is match("a.*")', "match", "a.*", False),
        ('event.x is not search("b", ignorecase=true)', "search", "(?i)b", True),
        ("event.x", "==", True, False),
        (r'event.x == "a\"b"', "==", 'a"b', False),
    ],
)
def test_a_comparison_is_read(text: str, operator: str, right: object, negated: bool) -> None:  # noqa: FBT001 - a case
    found = parse(text)

    assert isinstance(found, Comparison)
    assert (found.operator, found.right, found.negated) == (operator, right, negated)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("event.a == ", 11),
        ("events.first << event.a == 1", 14),
        ("event.a is select('>', 1)", 12),
        ("event.a == 1 )", 14),
        ("event.a == 1 + 2", 14),
        ("(event.a == 1", 14),
        ("event.a ~ 1", 9),
        ("5 == event.a", 1),
    ],
)
def test_what_a_rule_cannot_say_is_refused_with_its_column(text: str, column: int) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(text)

    assert caught.value.column == column


def test_brackets_without_end_do_not_exhaust_the_stack() -> None:
    with pytest.raises(Unreadable, match="too deep"):
        parse("(" * 2000 + "event.a == 1")


def test_a_text_that_nobody_wrote_is_refused() -> None:
    with pytest.raises(Unreadable, match="longer than"):
        parse("event.a == 1 and " * 1000)
