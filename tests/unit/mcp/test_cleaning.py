"""What people and devices wrote, made fit to be read by a model."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.mcp_server.cleaning import BLOCK, LINE, clean, clean_block, exact
from mendwatch.model.text import visible

#: Every character there is, lone surrogates too.
anything = st.text(st.characters(codec=None), max_size=400)


@given(anything)
def test_a_clean_line_holds_no_invisible_character_and_is_short(text: str) -> None:
    line = clean(text)

    assert all(map(visible, line))
    assert len(line) <= LINE
    line.encode()


@given(anything)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(anything)
def test_an_exact_value_survives_and_hides_nothing(text: str) -> None:
    assert json.loads(exact(text)) == text
    assert all(map(visible, exact(text)))


@given(st.text(st.characters(codec=None), max_size=5000))
def test_a_block_is_bounded_and_visible(text: str) -> None:
    block = clean_block(text)

    assert len(block) <= BLOCK
    assert all(map(visible, block.replace("\n", "")))


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("/ifs/\u202egnp.exe", "/ifs/gnp.exe"),  # bidi override
        ("a\u200bb\u2060c\ufeff", "abc"),  # zero width
        ("hi\U000e0041\U000e0042", "hi"),  # tags: text that only a model sees
        ("x\ufe0f\U000e0100y", "xy"),  # variation selectors
        ("a\u3164b", "ab"),  # Hangul filler
        ("one\ntwo\u2028three", "one two three"),
        ("\x1b[31mred", "[31mred"),
        ("ﬁle\u00a0name", "file name"),  # NFKC
        ("Müller/Ελλάδα", "Müller/Ελλάδα"),
    ],
)
def test_what_is_invisible_goes_and_what_is_visible_stays(text: str, seen: str) -> None:
    assert clean(text) == seen


def test_no_character_of_a_forbidden_category_is_visible() -> None:
    forbidden = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}

    assert not [code for code in range(0x110000) if unicodedata.category(chr(code)) in forbidden and visible(chr(code))]


def test_a_template_stays_literal() -> None:
    path = "/ifs/{{ lookup('pipe','touch pwned') }}"

    assert clean(path) == path
    assert json.loads(exact(path)) == path
