"""The same value gives the same bytes, and what has no certain bytes is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from pathlib import PurePosixPath
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.errors import Refused
from mendwatch.store.canonical import canonical, digest, escaped, plain, withheld

ANY_TEXT = st.text(st.characters())  # lone surrogates too
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4), max_leaves=20
)


class Word(StrEnum):
    ONE = "one"


@given(VALUES)
def test_a_value_comes_back_from_its_bytes(value: object) -> None:
    assert json.loads(canonical(value)) == value


@given(st.dictionaries(ANY_TEXT, SCALARS, max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@given(ANY_TEXT, ANY_TEXT)
def test_escaped_texts_are_equal_only_if_the_texts_are(one: str, other: str) -> None:
    assert (escaped(one) == escaped(other)) is (one == other)
    assert escaped(one).isascii()
    assert "\x00" not in escaped(one)


def test_types_of_ours_become_plain_ones() -> None:
    at = datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    value = MappingProxyType({"w": Word.ONE, "t": (1, (2,)), "p": PurePosixPath("/ifs"), "at": at})

    assert plain(value) == {"w": "one", "t": [1, [2]], "p": "/ifs", "at": datetime(2026, 1, 1, tzinfo=UTC).isoformat()}


def test_a_plain_value_shares_nothing_with_what_it_was_made_from() -> None:
    inner: list[object] = [1]
    copy = plain({"a": inner})
    inner.append(2)

    assert copy == {"a": [1]}


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {"x": {1, 2}}, {1: 2}, {None: 1}, b"x", object(), 1j])
def test_what_has_no_certain_bytes_is_refused_with_a_hint(value: object) -> None:
    with pytest.raises(Refused, match="cannot be written down") as caught:
        canonical(value)
    assert caught.value.hint != Refused.default_hint


def test_a_digest_is_the_sha256_of_the_bytes() -> None:
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_withholding_leaves_what_is_no_secret() -> None:
    value = plain({"token": "k3f9x2m7", "plan_hash": "a" * 64, "note": "mw_ is how secrets begin", "passed": True})

    assert withheld(value) == value
