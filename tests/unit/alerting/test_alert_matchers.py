"""Alertmanager's matchers, and the index over them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting.matchers import Index, parse
from mendwatch.errors import ContentError


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ('cluster="prod"', "prod", True),
        ('cluster="prod"', "prod-1", False),
        ("cluster=prod", "prod", True),
        ('cluster!="prod"', "lab", True),
        ('cluster=~"prod-.*"', "prod-1", True),
        ('cluster=~"prod"', "prod-1", False),
        ('cluster!~"prod-.*"', "prod-1", False),
        (' cluster =~ "a|b" ', "b", True),
        (r'cluster="a\"b\\c\nd"', 'a"b\\c\nd', True),
        (r'cluster=~"a\\.b"', "axb", False),
        ('cluster="{{ 7*7 }}"', "{{ 7*7 }}", True),
    ],
)
def test_a_matcher_means_what_alertmanager_means(text: str, value: str, *, expected: bool) -> None:
    assert parse(text).matches({"cluster": value}) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [('x=""', True), ('x!=""', False), ('x!="a"', True), ('x=~".*"', True), ('x=~".+"', False)]
)
def test_a_label_that_is_not_there_counts_as_empty(text: str, *, expected: bool) -> None:
    assert parse(text).matches({}) is expected


@pytest.mark.parametrize(
    "text", ["", "cluster", 'cluster=="x"', 'cluster="x', '1a="x"', 'a="x",b="y"', '{a="x"}', 'a=~"["', 'a=~"(?=x)"', "a=x y"]
)
def test_what_is_no_matcher_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ContentError) as problem:
        parse(text)

    assert problem.value.hint


def test_equality_rules_are_looked_up_and_not_tried_one_by_one() -> None:
    tried = []

    class Counting(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            tried.append(other)
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    index = Index(([parse(f'cluster="c{number}"'), parse('type="directory"')], number) for number in range(1000))
    found = index.find({"cluster": "c77", "type": Counting("directory")})

    assert found == [77]
    assert len(tried) <= 1


_LABELS = st.dictionaries(st.sampled_from(["cluster", "path", "type"]), st.sampled_from(["a", "b", ""]))
_MATCHERS = st.lists(
    st.builds(
        lambda label, operator, value: f'{label}{operator}"{value}"',
        st.sampled_from(["cluster", "path", "type"]),
        st.sampled_from(["=", "!=", "=~", "!~"]),
        st.sampled_from(["a", "b", ""]),
    ),
    max_size=3,
)


@given(rules=st.lists(_MATCHERS, max_size=8), labels=_LABELS)
def test_the_index_finds_what_trying_every_rule_finds(rules: list[list[str]], labels: dict[str, str]) -> None:
    entries = [([parse(text) for text in texts], number) for number, texts in enumerate(rules)]
    expected = [number for matchers, number in entries if all(matcher.matches(labels) for matcher in matchers)]

    assert Index(entries).find(labels) == expected
