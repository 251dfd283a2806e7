"""A password in the configuration is in no message, however wrong the file is: what is told may end in a log or a ticket."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import BaseModel

from mendwatch.config import loading
from mendwatch.errors import ConfigurationError
from mendwatch.polling import options

SECRET = "Canary9secret"
STANZA = """\
targets:
- name: lab
  provider: onefs
  address: a
  credentials:
    read:
      username: u
      password: {}
"""
#: How a password may look that nobody put in quotes.
WRITTEN = {
    "an alias": f"*{SECRET}",
    "a tag": f"!{SECRET}",
    "a tag with a quote": f"!{SECRET}'s",
    "a tag of the standard": f"!!{SECRET} x",
    "a Python object": f"!!python/object:{SECRET} {{}}",
    "an open quote": f'"{SECRET}',
    "an unknown escape": f'"{SECRET}\\q"',
    "a mapping": f"{SECRET}: {SECRET}",
    "a list": f"[{SECRET}]",
    "an open brace": f"{{{SECRET}",
    "a reserved sign": f"@{SECRET}",
    "a block": f"|{SECRET}",
    "a word that should be a number": f"!!int {SECRET}",
    "a word that should be a moment": f"!!timestamp {SECRET}",
    "a key that cannot be one": f"{{[{SECRET}]: 1}}",
    "a control character": f"{SECRET}\x00",
    "a date that is none": "2024-13-45",
    "a number that is too long": "9" * 5000,
    "a number": "12345",
}


def told(problem: BaseException) -> str:
    """Give all that a traceback would show, with every cause."""
    return "".join(traceback.format_exception(problem))


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN.keys())
def test_a_password_that_is_no_text_is_refused_with_its_place_and_never_shown(tmp_path: Path, written: str) -> None:
    file = tmp_path / "mendwatch.yaml"
    file.write_text(STANZA.format(written), "utf-8")

    with pytest.raises(ConfigurationError) as caught:
        loading.load(file)

    assert str(file) in str(caught.value)
    assert caught.value.hint
    assert SECRET.lower() not in told(caught.value).lower()
    assert "12345" not in told(caught.value)


def test_a_word_of_yaml_itself_is_still_named(tmp_path: Path) -> None:
    file = tmp_path / "mendwatch.yaml"
    file.write_text("a: [1\n", "utf-8")

    with pytest.raises(ConfigurationError, match="but got '<stream end>'"):
        loading.load(file)


class Options(BaseModel):
    """A provider whose options hold a secret."""

    token: int = 0


def test_an_option_of_the_wrong_kind_is_named_and_its_value_is_not() -> None:
    with pytest.raises(ConfigurationError, match="token: expected a whole number") as caught:
        options.validated(Options, {"token": SECRET}, where="target lab")

    assert SECRET not in told(caught.value)
