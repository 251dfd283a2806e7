"""The arguments of incidents, which people write as JSON: what each may be, and what it is where nobody gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mendwatch.errors import UserError

#: A number that is not bounded otherwise is no larger than this: some 30 years in seconds.
_MOST = 1e9

NUMBER, WHOLE, TEXT, FLAG, NODES = "number", "whole number", "text", "true or false", "list of nodes"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `usual` is its value where it is not given; None lets the incident choose. Numbers lie above `above`.

    `most` is the largest number, `among` are the only texts that it may be.
    """

    name: str
    kind: str
    usual: object
    words: str
    above: float = 0.0
    most: float = _MOST
    among: tuple[str, ...] = ()

    def read(self, value: object) -> object:
        """Give a value as the incident wants it.

        Raises:
            UserError: it cannot be used.
        """
        if value is None and self.usual is None:
            return None
        if self.kind == NUMBER and _is_number(value):
            return self._bounded(value)
        if self._fits(value):
            return value if self.kind != WHOLE else self._bounded(value)
        raise UserError(f"{value!r} cannot be {self.name!r}", hint=f"{self.name!r} is {self.described()}.")

    def described(self) -> str:
        """Tell what it is, in one line."""
        choice = f" ({', '.join(self.among)})" if self.among else ""
        usual = "" if self.usual is None else f" (default: {_shown(self.usual)})"
        return f"a {self.kind}{choice}: {self.words}{usual}"

    def as_json(self) -> dict[str, object]:
        """Give what the control API tells of it."""
        facts = {"name": self.name, "type": self.kind, "default": self.usual, "words": self.words}
        return {**facts, "among": list(self.among)} if self.among else facts

    def _fits(self, value: object) -> bool:
        if self.kind == TEXT:
            return isinstance(value, str) and bool(value) and (not self.among or value in self.among)
        if self.kind == FLAG:
            return isinstance(value, bool)
        if self.kind == NODES:
            return isinstance(value, list) and bool(value) and all(map(_is_whole, value))
        return self.kind == WHOLE and _is_whole(value)

    def _bounded(self, value: object) -> object:
        if isinstance(value, int | float) and self.above < value <= self.most:
            return value
        hint = f"It is above {self.above:g} and not above {self.most:g}."
        raise UserError(f"{value!r} is out of range for {self.name!r}", hint=hint)


class Given:
    """The arguments of one incident after they were checked, by name."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = dict(values)

    def number(self, name: str) -> float:
        """Give a number."""
        value = self.values[name]
        assert isinstance(value, int | float)  # noqa: S101 - checked when it was read
        return float(value)

    def whole(self, name: str) -> int:
        """Give a whole number."""
        return int(self.number(name))

    def text(self, name: str) -> str:
        """Give a text."""
        return str(self.values[name])

    def flag(self, name: str) -> bool:
        """Give a yes or no."""
        return bool(self.values[name])

    def nodes(self, name: str) -> list[int] | None:
        """Give a list of numbers of nodes, or None where it was left to the incident."""
        value = self.values[name]
        return [int(one) for one in value] if isinstance(value, list) else None


LASTS = Argument("lasts", NUMBER, None, "after how many seconds the incident ends by itself")


def read(arguments: Mapping[str, object], known: Sequence[Argument]) -> Given:
    """Check the arguments of an incident and add those that were not given.

    Raises:
        UserError: one is unknown or cannot be used.
    """
    names = [one.name for one in known]
    for name in arguments:
        if name not in names:
            raise UserError(f"there is no argument {name!r}", hint=f"There are: {', '.join(names)}.")
    return Given({one.name: one.read(arguments.get(one.name, one.usual)) for one in known})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
