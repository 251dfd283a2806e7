"""A request as the handlers see it: a query that can be asked for typed values, a body, an account, a moment.

It must not know HTTP's library, so that a handler is a plain function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mendwatch_onefs_sim.answers import bad_request
from mendwatch_onefs_sim.sessions import ANY_NODE, Account

_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no"}
_MOST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Query:
    """The query arguments, each with all its values in order; `asked` is when, in elapsed seconds (tokens expire)."""

    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked: float = 0.0

    def text(self, name: str) -> str | None:
        """Give the first value of an argument, or None."""
        values = self.arguments.get(name)
        return values[0] if values else None

    def flag(self, name: str) -> bool | None:
        """Give a boolean in any of the spellings that clients use (the SDK writes True), or None.

        Raises:
            PapiError: the value is no boolean.
        """
        value = self.text(name)
        if value is None:
            return None
        if value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        raise bad_request(f"Value '{value}' of '{name}' is not a boolean", name)

    def number(self, name: str, *, least: int = 0) -> int | None:
        """Give a whole number, or None.

        Raises:
            PapiError: the value is no whole number or out of range.
        """
        value = self.text(name)
        if value is None:
            return None
        if not value.isdecimal() or not least <= int(value) <= _MOST:
            raise bad_request(f"Value '{value}' of '{name}' is not a whole number from {least} to {_MOST}", name)
        return int(value)

    def words(self, name: str) -> list[str]:
        """Give every word of an argument that may be repeated and may hold commas."""
        return [word for value in self.arguments.get(name, ()) for word in value.split(",") if word]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one resource. `version` is the number in the path, `parts` what its pattern matched.

    `lnn` is the logical number of the node that was asked.
    """

    method: str
    version: int
    resource: str
    parts: tuple[str, ...]
    query: Query
    body: object
    account: Account
    now: float
    lnn: int = ANY_NODE
