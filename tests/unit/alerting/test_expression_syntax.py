"""The reading of expressions: what is a unit and what an operator, and that nothing but a refusal ever comes of nonsense."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.alerting.conditions import ConditionError, Language
from mendwatch.alerting.rewriting import Edit, offset, place, rewritten
from mendwatch.alerting.syntax import parse
from mendwatch.alerting.tokens import Kind, Misread, tokens

LANGUAGE = Language(("usage", "limit"), ("path",), joins={"pool": {"used": None}})
WORDS = (
    *(
        "usage",
        "limit",
        "path",
        "pool",
        "used",
        "now",
        "rate",
        "count_where",
        "age",
        "x",
        "true",
        "in",
        "size",
        "matches",
        "exists",
    ),
    *("(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "+", "-", "*", "/", "%", "<", ">=", "==", "&&", "||", "!", "\n", "//"),
    *(
        "1",
        "2.5",
        "90%",
        "5GiB",
        "5m",
        "0x1F",
        "7u",
        "1e3",
        "'a'",
        '"b"',
        "r'\\'",
        "'''c'''",
        "'",
        "\\",
        "é",
        "_",
        "__d0",
        "pool.used",
    ),
)


def kinds(text: str) -> list[str]:
    return [f"{token.kind}:{token.text}" for token in tokens(text)[:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90%", ["number with a unit:90%"]),
        ("90 % 3", ["int:90", "operator:%", "int:3"]),
        ("90%3", ["int:90", "operator:%", "int:3"]),
        ("90%(3)", ["int:90", "operator:%", "operator:(", "int:3", "operator:)"]),
        ("90% - 5%", ["number with a unit:90%", "operator:-", "number with a unit:5%"]),
        ("90%&&x", ["number with a unit:90%", "operator:&&", "name:x"]),
        ("90% in [x]", ["number with a unit:90%", "name:in", "operator:[", "name:x", "operator:]"]),
        ("1h30m", ["number with a unit:1h30m"]),
        ("7u", ["int:7u"]),
        ("0xFFu", ["int:0xFFu"]),
        ("1e3", ["float:1e3"]),
        ("2EB", ["number with a unit:2EB"]),
        ("r'\\'", ["text:r'\\'"]),
        ("'\\''", ["text:'\\''"]),
        ('"""a"b"""', ['text:"""a"b"""']),
        ("'//'// '", ["text:'//'"]),
    ],
)
def test_words_are_told_apart(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(("text", "at"), [("'a", 0), ("x ~ y", 2), ("x == 'a\nb'", 5), ('"""a"', 0), ("x > #1", 4), ("é", 0)])
def test_what_is_no_word_is_refused_at_its_place(text: str, at: int) -> None:
    with pytest.raises(Misread) as problem:
        tokens(text)

    assert problem.value.at == at


@pytest.mark.parametrize(
    ("text", "at"), [("x >", 3), ("(x", 2), ("x y", 2), ("[1, 2", 5), ("f(x,, y)", 4), ("x ? y", 5), ("{1}", 2), ("a.1", 1)]
)
def test_what_is_no_expression_is_refused_at_its_place(text: str, at: int) -> None:
    with pytest.raises(Misread) as problem:
        parse(text)

    assert problem.value.at == at


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a + b * c", ["a", "b * c"]),
        ("a * b + c", ["a * b", "c"]),
        ("a - b - c", ["a - b", "c"]),
        ("(a + b) * c", ["(a + b)", "c"]),
    ],
)
def test_operators_bind_as_in_cel(text: str, parts: list[str]) -> None:
    assert [text[part.start : part.end] for part in parse(text).parts] == parts


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_nothing_but_a_refusal_comes_of_words_in_any_order(text: str) -> None:
    try:
        condition = LANGUAGE.condition(text)
    except ConditionError:
        return
    assert condition.holds(LANGUAGE.bind({"usage": 1.0}, {"path": "x"})) in {True, False, None}


@given(st.text(max_size=60))
def test_nothing_but_a_refusal_comes_of_any_text(text: str) -> None:
    with suppress(ConditionError):
        assert LANGUAGE.expression(text).text == text


@given(st.text(st.sampled_from("ab\n"), min_size=1, max_size=30), st.data())
def test_a_place_of_the_new_text_is_told_as_one_of_the_old(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6, unique=True)))
    edits = [Edit(start, end, data.draw(st.text("XY", max_size=4))) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    new = rewritten(text, edits)

    for at, character in enumerate(new.text):
        if character in "ab\n":
            assert text[new.origin(at)] == character
        else:
            assert any(edit.start == new.origin(at) for edit in edits)


@given(st.text(st.sampled_from("ab\n"), max_size=30), st.data())
def test_line_and_character_lead_back_to_the_offset(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))

    assert offset(text, *place(text, at)) == at


def test_a_token_knows_where_it_stands() -> None:
    text = "usage  > // a remark\n 5GiB"

    assert [(token.kind, text[token.start : token.end]) for token in tokens(text)] == [
        (Kind.NAME, "usage"),
        (Kind.OPERATOR, ">"),
        (Kind.UNIT, "5GiB"),
        (Kind.END, ""),
    ]
