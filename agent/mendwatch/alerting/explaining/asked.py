"""The matchers of a question: put to ten thousand subjects at once, so that the simple patterns must cost next to nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mendwatch.alerting import matchers
from mendwatch.alerting.matchers import Matcher

#: Different values that patterns which need the library are held against, in all: some 25 ms.
MOST_HARD = 2_000
#: No matcher refuses.
NOBODY = -1
_SPECIAL = frozenset("\\.+*?()[]{}^$")
#: Units of a pattern that needs the library, and of everything else.
_HARD, _EASY = 20, 1


def parsed(texts: Sequence[str]) -> list[Matcher]:
    """Read matchers; patterns of plain text, `.*` and `|` are asked without the library, with the same answers.

    Raises:
        ContentError: one is none, or its pattern is not RE2.
    """
    return sorted(map(_eased, map(matchers.parse, texts)), key=cost)


def cost(matcher: Matcher) -> int:
    """Give the units of work of one look."""
    return _HARD if matcher.operator in {"=~", "!~"} and plain(matcher.value) is None else _EASY


@dataclass(slots=True)
class Means:
    """Tells which labels all matchers accept. Each value is held against a hard pattern once, and only `left` of them at all."""

    matchers: Sequence[Matcher]
    left: int = MOST_HARD
    _known: dict[tuple[int, str], bool] = field(default_factory=dict)
    _hard: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        self._hard = tuple(cost(matcher) > _EASY for matcher in self.matchers)

    def refusing(self, labels: Mapping[str, str]) -> int | None:
        """Give the place of the first matcher that refuses, NOBODY where none does; None where too much was asked already."""
        for at, matcher in enumerate(self.matchers):
            value = labels.get(matcher.label, "")
            accepted = self._held(at, matcher, value) if self._hard[at] else matcher.test(value)
            if accepted is None:
                return None
            if not accepted:
                return at
        return NOBODY

    def _held(self, at: int, matcher: Matcher, value: str) -> bool | None:
        known = self._known.get((at, value))
        if known is None and self.left > 0:
            self.left -= 1
            known = self._known[at, value] = matcher.test(value)
        return known


def plain(pattern: str) -> Callable[[str], bool] | None:
    """Give the test for a simple pattern; None for one that is not."""
    choices = [choice.split(".*") for choice in pattern.split("|")]
    if any(_SPECIAL & set(part) for parts in choices for part in parts):
        return None
    return lambda text: any(_fits(text, parts) for parts in choices)


def _eased(matcher: Matcher) -> Matcher:
    test = plain(matcher.value) if matcher.operator in {"=~", "!~"} else None
    if test is None:
        return matcher
    return replace(matcher, test=test if matcher.operator == "=~" else lambda text: not test(text))


def _fits(text: str, parts: list[str]) -> bool:
    """Tell whether the parts stand in a text in their order, the first at its beginning and the last at its end."""
    first, *middle = parts
    if not middle:
        return text == first
    *middle, last = middle
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
