"""What a validation library says of a wrong value, in the words of this project; no value is ever quoted: it may be a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Messages by the library's type of error; `{...}` stands for what its context knows.
_WORDS: Mapping[str, str] = {
    "missing": "is missing",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "string_type": "expected text; put it in quotes",
    "path_type": "expected a path",
    "list_type": "expected a list",
    "dict_type": "expected a mapping",
    "model_type": "expected a mapping of settings",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "string_pattern_mismatch": "expected text of the form {pattern}",
    "greater_than_equal": "expected at least {ge}",
    "greater_than": "expected more than {gt}",
    "less_than_equal": "expected at most {le}",
    "less_than": "expected less than {lt}",
    "string_too_short": "expected at least {min_length} character(s)",
    "too_short": "expected at least {min_length} item(s)",
}


class HintedError(ValueError):
    """What a validator raises when it knows what to do about the value."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def message(item: Mapping[str, Any]) -> str:
    """Give one error of the library in our words."""
    words = _WORDS.get(item["type"])
    return words.format_map(item.get("ctx", {})) if words else str(item["msg"]).removeprefix("Value error, ")


def hint(item: Mapping[str, Any]) -> str:
    """Give what to do, where the validator knew it."""
    cause = item.get("ctx", {}).get("error")
    return cause.hint if isinstance(cause, HintedError) else ""


def path(location: tuple[str | int, ...]) -> str:
    """Write a place as people write it: `targets[0].address`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).removeprefix(".")
