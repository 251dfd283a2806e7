"""What is visible is decided in one place, for people and for models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.model.text import count, escaped, replaced, visible

HIDDEN = ["\n", "\x1b", "\u202e", "\u200b", "\ue000", "\ud800", "\u2028", "\u3164", "\ufe0f", "\u115f", "\U000e0100", "\u2800"]
#: Every character there is, lone surrogates too.
anything = st.text(st.characters(codec=None), max_size=200)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_cannot_be_seen_is_not_visible_and_is_shown_as_such(hidden: str) -> None:
    assert not visible(hidden)
    assert replaced(f"a{hidden}b") == "a\ufffdb"
    assert escaped(f"a{hidden}b") == f"a{hidden.encode('unicode_escape').decode()}b"


@pytest.mark.parametrize("text", ["/ifs/data with spaces", "Müller/Ελλάδα", "データ", "{{ x }}", "~!`'"])
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert (replaced(text), escaped(text)) == (text, text)


@given(anything)
def test_nothing_hidden_gets_through(text: str) -> None:
    assert all(map(visible, replaced(text)))
    assert all(map(visible, escaped(text)))
    assert len(replaced(text)) == len(text)


def test_one_is_no_plural() -> None:
    assert (count(0, "rule"), count(1, "rule"), count(2, "rule")) == ("0 rules", "1 rule", "2 rules")
