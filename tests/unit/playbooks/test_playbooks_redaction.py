"""A secret is taken out of every text, however it is written."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mendwatch.playbooks.redaction import MASK, Redactor

SECRET = "pä ss/wo+rd%7\"'"


@pytest.mark.parametrize(
    "written",
    [SECRET, quote(SECRET, safe=""), quote(SECRET), quote_plus(SECRET), json.dumps(SECRET), repr(SECRET), SECRET.encode().hex()],
)
def test_a_secret_is_masked_in_every_spelling(written: str) -> None:
    redacted = Redactor([SECRET]).text(f"before {written} after")

    assert MASK in redacted
    assert redacted.startswith("before ")
    assert redacted.endswith(" after")
    assert SECRET not in redacted


@given(st.binary(max_size=7), st.text(min_size=8), st.binary(max_size=7))
def test_a_secret_inside_base64_is_masked_wherever_it_stands(before: bytes, secret: str, after: bytes) -> None:
    encoded = base64.b64encode(before + secret.encode("utf-8", "surrogatepass") + after).decode()

    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    assert MASK in Redactor([secret]).text(encoded)


def test_the_authorization_header_of_basic_login_is_masked() -> None:
    header = base64.b64encode(f"remediate:{SECRET}".encode()).decode()

    assert header not in Redactor([SECRET]).text(f"Authorization: Basic {header}")


def test_values_at_any_depth_and_keys_are_masked() -> None:
    redacted = Redactor([SECRET]).value({"a": [{"b": (SECRET, 1, None)}], SECRET: True})

    assert redacted == {"a": [{"b": [MASK, 1, None]}], MASK: True}


def test_only_names_that_say_so_are_no_secret() -> None:
    environment = {"X_URL": "https://one", "X_USERNAME": "somebody", "X_PIN": "123456", "X_CA_FILE": "/a/file"}

    redacted = Redactor.of_environment(environment).text("https://one somebody 123456 /a/file")

    assert redacted == f"https://one somebody {MASK} /a/file"


def test_a_secret_too_short_to_be_one_does_not_eat_ordinary_words() -> None:
    assert Redactor(["a"]).text("a banana") == "a banana"


def test_a_secret_that_holds_another_is_masked_whole() -> None:
    assert Redactor(["word", "pass-word-long"]).text("pass-word-long") == MASK
