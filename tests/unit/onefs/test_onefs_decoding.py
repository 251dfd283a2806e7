"""What counts as a number, a truth and a moment in an answer of OneFS, and what is unknown."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.errors import BadAnswer
from mendwatch_onefs.decoding import decode, flag, moment, number, quantity, text, whole

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


class Outline(msgspec.Struct):
    stats: list[str]


@pytest.mark.parametrize(
    ("raw", "value"), [(135, 135.0), (2.5, 2.5), ("171467464704", 171467464704.0), (" 1.5e3 ", 1500.0), (0, 0.0)]
)
def test_a_number_is_read_also_from_text(raw: object, value: float) -> None:
    assert number(raw) == value


@pytest.mark.parametrize(
    "raw",
    [None, True, False, "", "n/a", "nan", "inf", "-Infinity", "1_000", "0x10", "١٢", [], {}, [1], float("-inf"), 10**400],
    ids=lambda raw: repr(raw)[:20],
)
def test_what_is_no_finite_number_is_unknown_and_not_0(raw: object) -> None:
    assert number(raw) is None


def test_a_negative_quantity_is_unknown() -> None:
    assert quantity(-8192) is None
    assert number(-8192) == -8192


def test_a_fraction_is_no_whole_number() -> None:
    assert whole("3.5") is None
    assert whole("3") == 3


@pytest.mark.parametrize(
    ("raw", "value"), [(True, True), ("false", False), (1, True), ("0", False), (" TRUE ", True), (0.0, False)]
)
def test_a_truth_is_read_also_from_text_and_numbers(raw: object, value: object) -> None:
    assert flag(raw) is value


@pytest.mark.parametrize("raw", [None, 2, "yes please", "", [], {}, -1])
def test_what_is_no_truth_is_unknown(raw: object) -> None:
    assert flag(raw) is None


def test_text_of_structures_is_json_and_null_is_nothing() -> None:
    assert text({"a": [1, True, None]}) == '{"a": [1, true, null]}'
    assert text(6) == "6"
    assert text(None) is None


@pytest.mark.parametrize("raw", [None, 0, -5, 1e30, "soon", 1_700_000_000_000, True])
def test_an_absurd_time_is_the_time_of_the_poll(raw: object) -> None:
    assert moment(raw, NOW) is NOW


def test_an_epoch_time_is_utc() -> None:
    assert moment("1655808644", NOW) == datetime(2022, 6, 21, 10, 50, 44, tzinfo=UTC)


@given(JUNK)
def test_no_value_of_json_makes_the_readers_raise(raw: object) -> None:
    for read in (number, quantity, whole, flag, text):
        read(raw)
    found = number(raw)
    assert found is None or math.isfinite(found)
    assert moment(raw, NOW).tzinfo is UTC


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"<!DOCTYPE html><html></html>", "HTML page"),
        (b'{"stats": [', "cannot be understood"),
        (b'\x00\xff{"stats": [\xc3(', "cannot be understood"),
        (b'{"stats": ["\xff\xfe"]}', "cannot be understood"),
        (b'{"stats": "none"}', "cannot be understood"),
        (b"[" * 100_000, "cannot be understood"),
        (b'{"x":' * 100_000, "cannot be understood"),
        (b'{"total": 3}', "cannot be understood"),
    ],
)
def test_a_body_that_is_not_the_expected_json_is_a_bad_answer_with_a_hint(body: bytes, words: str) -> None:
    with pytest.raises(BadAnswer, match=words) as caught:
        decode(body, Outline, "GET /platform/1/x")
    assert "GET /platform/1/x" in str(caught.value)
    assert caught.value.hint


def test_half_a_surrogate_pair_costs_nothing_and_is_kept() -> None:
    body = b'{"stats": ["a", "/ifs/\\udc80", "\\ud83d\\ude00"]}'
    assert decode(body, Outline, "GET x").stats == ["a", "/ifs/\udc80", "\N{GRINNING FACE}"]
    assert decode(b'{"stats": ["/ifs/\xed\xb2\x80"]}', Outline, "GET x").stats == ["/ifs/\udc80"]


@pytest.mark.parametrize("key", [r"\udc80", r"stats\ud800"])
def test_half_a_surrogate_pair_in_an_unknown_key_is_ignored(key: str) -> None:
    body = f'{{"stats": ["a"], "{key}": 1, "more": {{"{key}": 2}}}}'.encode()
    assert decode(body, Outline, "GET x").stats == ["a"]


@pytest.mark.parametrize("body", [rb'{"stats": ["\udc80"]', rb'{"stats": "\udc80"}', rb'{"total": "\udc80"}', b'"\\udc80" ' * 9])
def test_half_a_surrogate_pair_excuses_no_other_fault(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="cannot be understood"):
        decode(body, Outline, "GET x")


def test_unknown_keys_are_ignored() -> None:
    assert decode(b'{"stats": ["a"], "new_in_9_99": {"x": 1}}', Outline, "GET x").stats == ["a"]
